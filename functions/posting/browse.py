"""Posts as people read them: one, the feed, one's own diary. Newest first, paged by id."""

from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.models.errors import NotFound
from shared.models.page import Page
from shared.models.person import Person
from shared.models.post import Post
from shared.models.reaction import ReactionCounts
from shared.platform import queries
from shared.platform.crypto import open_cursor, seal_cursor
from shared.platform.visit import Visit

_sql = queries.load(__package__)
_NEWEST = UUID(int=(1 << 128) - 1)


class ShownPost(Post):
    """A post with the reactions on it."""

    reactions: ReactionCounts


class FeedQuery(BaseModel):
    """Which part of the feed."""

    model_config = ConfigDict(frozen=True)

    category: str | None = None
    key: str | None = None


class _List(NamedTuple):
    """A list that can be paged: `name` binds its cursors to it."""

    name: str
    statement: str
    parameters: dict[str, object]


async def get_post(visit: Visit[Person | None], post_id: UUID) -> ShownPost:
    """A post that is public or the visitor's own; NotFound otherwise."""
    person_id = visit.person.id if visit.person else None
    row = await visit.database.fetch_one(ShownPost, _sql.get_post, parameters={"id": post_id, "person_id": person_id})
    if row is None:
        raise NotFound
    return row


async def read_feed(
    visit: Visit[Person | None], wanted: FeedQuery, *, limit: int, cursor: str | None
) -> Page[ShownPost]:
    """A page of public posts."""
    return await _read_page(visit, _feed(wanted), limit=limit, cursor=cursor)


async def read_diary(visit: Visit[Person], *, limit: int, cursor: str | None) -> Page[ShownPost]:
    """A page of the visitor's own posts, private ones included."""
    diary = _List(f"diary:{visit.person.id}", _sql.diary, {"person_id": visit.person.id})
    return await _read_page(visit, diary, limit=limit, cursor=cursor)


def _feed(wanted: FeedQuery) -> _List:
    name = f"feed:{wanted.category or ''}:{wanted.key or ''}"
    if wanted.key is not None:
        return _List(name, _sql.feed_of_key, {"key": wanted.key, "category": wanted.category})
    if wanted.category is not None:
        return _List(name, _sql.feed_of_category, {"category": wanted.category})
    return _List(name, _sql.feed, {})


async def _read_page(visit: Visit[Person | None], wanted: _List, *, limit: int, cursor: str | None) -> Page[ShownPost]:
    """`limit` posts after `cursor`; one more is read to know whether there is a next page."""
    secret = visit.settings.signing_secret.get_secret_value()
    before = open_cursor(secret, cursor, list_name=wanted.name) if cursor is not None else _NEWEST
    parameters = {**wanted.parameters, "before": before, "limit": limit + 1}
    rows = await visit.database.fetch_all(ShownPost, wanted.statement, parameters=parameters)
    items = rows[:limit]
    next_cursor = seal_cursor(secret, items[-1].id, list_name=wanted.name) if len(rows) > limit else None
    return Page(items=items, next_cursor=next_cursor)
