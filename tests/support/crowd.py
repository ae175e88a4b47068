"""Many people who say the same, written by the SQL function that the function itself calls, but in one go."""

import json
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

import psycopg

from shared.platform.identifiers import new_id
from shared.rules.fingerprint import fingerprint
from tests.support.database import Database

DAY = timedelta(hours=24)
POLICY = {
    "window": DAY,
    "exact_up_to": 100,
    "person_interval": timedelta(seconds=6),
    "person_fill": timedelta(minutes=2),
    "address_interval": timedelta(seconds=0.1),
    "address_fill": timedelta(minutes=2),
    "idempotency_ttl": DAY,
}
ACCEPT = """
    select outcome, post_id, others, exact, retry_after from private.accept_posts_v1(
      %(items)s, %(window)s, %(exact_up_to)s, %(person_interval)s, %(person_fill)s,
      %(address_interval)s, %(address_fill)s, %(idempotency_ttl)s
    )"""

Item = dict[str, object]
Row = tuple[str, object, int | None, bool | None, float | None]


def item(key: str | None, at: datetime, person: str | None = None, **rest: object) -> Item:
    """One element of what accept_posts_v1 takes: somebody new says `key` in public, unless told otherwise."""
    person = person or f"crowd-{secrets.token_hex(8)}"
    post: Item = {
        "id": str(new_id(at)),
        "person_id": person,
        "content": f"something about {key}",
        "visibility": "public",
        "category": "activity",
        "key": key,
        "fingerprint": None if key is None else f"\\x{fingerprint(key).hex()}",
        "now": at.isoformat(),
        "person_bucket": f"post:person:{person}",
        "address_bucket": f"post:address:{person}",
    }
    return {**post, **rest}


def accept(connection: psycopg.Connection, items: Iterable[Item], **policy: object) -> list[Row]:
    """What the database answers to these posts, in their order."""
    parameters = {**POLICY, **policy, "items": json.dumps(list(items))}
    return connection.execute(ACCEPT, parameters).fetchall()


def crowd(store: Database, key: str, people: int, at: datetime) -> None:
    """That many new people say `key` at that moment."""
    with psycopg.connect(store.url) as connection:
        rows = accept(connection, [item(key, at) for _ in range(people)])
        assert {outcome for outcome, *_ in rows} <= {"accepted"}
