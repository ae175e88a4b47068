"""A post arriving: understood, written and counted in one round trip, answered with its verdict.

Nothing is half-written: the database does all of it or nothing. The same Idempotency-Key with the same body gets the
first answer again.
"""

from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.models.errors import IdempotencyConflict, Permanent, PostDeleted, Throttled
from shared.models.person import Person
from shared.models.post import NewPost, Post
from shared.models.verdict import Count, Verdict
from shared.platform import queries
from shared.platform.crypto import pseudonym
from shared.platform.identifiers import new_id
from shared.platform.settings import Settings
from shared.platform.visit import Visit
from shared.rules import idempotency, throttle, verdict
from shared.rules.extract import extract
from shared.rules.fingerprint import fingerprint, similarity_key

_sql = queries.load(__package__)


class Links(BaseModel):
    """Where to go from a post."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    self: str = Field(examples=["https://api.example.com/v1/posts/0198f1c2-…"])
    same: str | None = Field(
        description="Public posts with the same key; null where there is no key.",
        examples=["https://api.example.com/v1/feed?key=music:taylorswift:lover"],
    )


class Accepted(BaseModel):
    """The answer to a new post."""

    model_config = ConfigDict(frozen=True)

    post: Post
    verdict: Verdict
    links: Links


class _Outcome(NamedTuple):
    """One row of accept_post_v1."""

    outcome: str
    post_id: UUID | None
    others: int | None
    exact: bool | None
    retry_after: float | None

    @property
    def counted(self) -> Count | None:
        return None if self.others is None else Count(others=self.others, exact=bool(self.exact))


class Acceptance(NamedTuple):
    """An answer, and whether it is the first one again."""

    answer: Accepted
    replayed: bool


async def accept_post(visit: Visit[Person], new: NewPost, *, idempotency_key: str | None) -> Acceptance:
    """Accept `new`, or answer an earlier request again. Throttled, IdempotencyConflict or PostDeleted if refused."""
    post = _understand(visit, new)
    item = _item(visit, new, post=post, idempotency_key=idempotency_key)
    row = await visit.database.fetch_for(
        item, _Outcome, statement=_sql.accept_posts, parameters=_policy(visit.settings)
    )
    match row.outcome:
        case "accepted":
            return Acceptance(_answer(visit.settings, post, count=row.counted), replayed=False)
        case "replayed":
            return Acceptance(
                _answer(visit.settings, await _earlier(visit, row.post_id), count=row.counted), replayed=True
            )
        case "throttled":
            raise Throttled(retry_after=row.retry_after)
        case "conflict":
            raise IdempotencyConflict
        case "deleted":
            raise PostDeleted
        case _:
            raise Permanent


def _understand(visit: Visit[Person], new: NewPost) -> Post:
    entities = extract(new.content)
    return Post(
        **dict(entities),
        id=new_id(visit.now),
        content=new.content,
        visibility=new.visibility,
        language=new.language,
        created_at=visit.now,
        key=similarity_key(entities),
    )


def _item(visit: Visit[Person], new: NewPost, *, post: Post, idempotency_key: str | None) -> dict[str, str | None]:
    """The arguments of accept_post_v1 that belong to this post."""
    return {
        "id": str(post.id),
        "person_id": visit.person.id,
        "content": post.content,
        "language": post.language,
        "visibility": post.visibility.value,
        "activity": post.activity,
        "category": post.category,
        "subject": post.subject,
        "item": post.item,
        "key": post.key,
        "fingerprint": _bytea(fingerprint(post.key)) if post.key else None,
        "now": visit.now.isoformat(),
        "person_bucket": f"post:person:{visit.person.id}",
        "address_bucket": _address_bucket(visit.settings, visit.address),
        "idempotency_key": idempotency_key,
        "body_hash": _bytea(sha256(new.model_dump_json().encode()).digest()) if idempotency_key else None,
    }


@lru_cache(maxsize=4096)
def _address_bucket(settings: Settings, address: str) -> str:
    """The bucket of whoever shares this address, named so that the address cannot be read from it."""
    secret = settings.signing_secret.get_secret_value()
    return f"post:address:{pseudonym(secret, throttle.network_of(address))}"


def _bytea(data: bytes) -> str:
    return f"\\x{data.hex()}"


def _policy(settings: Settings) -> dict[str, object]:
    """The arguments of accept_post_v1 that are the same for every post."""
    per_person = settings.posts_per_person or throttle.POSTS_PER_PERSON
    per_address = settings.posts_per_address or throttle.POSTS_PER_ADDRESS
    return {
        "window": verdict.WINDOW,
        "exact_up_to": verdict.EXACT_UP_TO,
        "person_interval": per_person.interval,
        "person_fill": per_person.fill,
        "address_interval": per_address.interval,
        "address_fill": per_address.fill,
        "idempotency_ttl": idempotency.KEPT,
    }


async def _earlier(visit: Visit[Person], post_id: UUID | None) -> Post:
    post = await visit.database.fetch_one(Post, _sql.get_post, parameters={"id": post_id, "person_id": visit.person.id})
    if post is None:  # deleted between the two statements
        raise PostDeleted
    return post


def _answer(settings: Settings, post: Post, *, count: Count | None) -> Accepted:
    base = f"{settings.public_url}/v1"
    same = f"{base}/feed?key={quote(post.key, safe=':')}" if post.key else None
    return Accepted(post=post, verdict=verdict.decide(count), links=Links(self=f"{base}/posts/{post.id}", same=same))
