"""What functions say to the database: it understands every statement, and writes the events that others wait for."""

import json
import re
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row
from pydantic import BaseModel

from shared.models.event import PostAccepted, PostDeleted
from shared.platform import queries
from shared.platform.identifiers import first_id, new_id
from shared.rules import idempotency, throttle, verdict
from shared.rules.extract import extract
from shared.rules.fingerprint import fingerprint, similarity_key
from tests.support.database import Database
from tests.support.sources import FUNCTIONS, ROOT

NOW = datetime(2031, 5, 17, 12, tzinfo=UTC)
WRITTEN = "Listening to Lover by Taylor Swift, says alice"


def statements() -> dict[str, str]:
    texts = {name: (ROOT / "functions" / name / "queries.sql").read_text() for name in FUNCTIONS}
    return {f"{name}.{query}": sql for name, text in texts.items() for query, sql in queries.parse(text).items()}


def numbered(statement: str) -> tuple[str, int]:
    """The statement with $1, $2, … for its named places, and how many there are."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
    text = re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", statement)
    return text.replace("%%", "%"), len(names)


def prepare(connection: psycopg.Connection, text: str) -> str:
    """What Postgres says against the statement; it is kept as `statement`."""
    return connection.pgconn.prepare(b"statement", text.encode()).error_message.decode()


@pytest.mark.parametrize("name", statements())
def test_every_statement_prepares_and_may_be_run_by_the_role_of_the_functions(name: str, database: Database) -> None:
    text, places = numbered(statements()[name])
    with psycopg.connect(database.backend_url) as connection:
        assert prepare(connection, text) == ""
        # Preparing asks for no permission; planning does.
        nothing = f"({', '.join(['null'] * places)})" if places else ""
        assert connection.execute(f"explain execute statement{nothing}".encode()).fetchall()
        connection.rollback()


@pytest.mark.parametrize(
    "statement", ["select 1 from public.nothing", "select 1; select 2", "select $1::nothing", "selec"]
)
def test_a_statement_that_does_not_fit_is_seen(statement: str, database: Database) -> None:
    with psycopg.connect(database.backend_url) as connection:
        assert "ERROR" in prepare(connection, statement)


def test_a_table_that_the_role_may_not_reach_is_seen(database: Database) -> None:
    with psycopg.connect(database.backend_url) as connection:
        assert prepare(connection, "select * from private.outbox") == ""
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("explain execute statement")


def accept(connection: psycopg.Connection, content: str, visibility: str) -> tuple[UUID, str | None]:
    """Accept a post of alice as the function does; its id and key."""
    post_id, key = new_id(NOW), similarity_key(extract(content))
    item = {
        "id": str(post_id),
        "person_id": "alice",
        "content": content,
        "language": None,
        "visibility": visibility,
        **extract(content).model_dump(),
        "key": key,
        "fingerprint": f"\\x{fingerprint(key).hex()}" if key else None,
        "now": NOW.isoformat(),
        "person_bucket": "post:person:alice",
        "address_bucket": "post:address:x",
        "idempotency_key": None,
        "body_hash": None,
    }
    row = connection.execute(
        queries.load("functions.posting").accept_posts.encode(),
        {
            "items": json.dumps([item]),
            "window": verdict.WINDOW,
            "exact_up_to": verdict.EXACT_UP_TO,
            "person_interval": throttle.POSTS_PER_PERSON.interval,
            "person_fill": throttle.POSTS_PER_PERSON.fill,
            "address_interval": throttle.POSTS_PER_ADDRESS.interval,
            "address_fill": throttle.POSTS_PER_ADDRESS.fill,
            "idempotency_ttl": idempotency.KEPT,
        },
    ).fetchone()
    assert row is not None
    assert row[0] == "accepted"
    return post_id, key


def latest_event(connection: psycopg.Connection) -> tuple[str, dict[str, object]]:
    cursor = connection.cursor(row_factory=dict_row)
    row = cursor.execute("select event, payload from private.outbox order by id desc limit 1").fetchone()
    assert row is not None
    return row["event"], row["payload"]


def assert_shape(connection: psycopg.Connection, expected: BaseModel) -> None:
    """The event in the outbox has the fields of the model, no others, and these values."""
    event, payload = latest_event(connection)
    assert event == payload["event"]
    assert payload == expected.model_dump(mode="json")


@pytest.mark.parametrize("visibility", ["public", "private"])
@pytest.mark.parametrize("content", [WRITTEN, "🔥"], ids=["with a key", "without a key"])
def test_an_accepted_post_leaves_the_event_that_others_expect(
    content: str, visibility: str, connection: psycopg.Connection
) -> None:
    post_id, key = accept(connection, content, visibility)
    expected = PostAccepted.model_validate(
        {"post_id": post_id, "person_id": "alice", "visibility": visibility, "key": key}
    )
    assert_shape(connection, expected)
    assert content not in json.dumps(latest_event(connection)[1], ensure_ascii=False)


@pytest.mark.parametrize("content", [WRITTEN, "🔥"], ids=["with a key", "without a key"])
def test_a_deleted_post_leaves_the_event_that_others_expect(content: str, connection: psycopg.Connection) -> None:
    post_id, key = accept(connection, content, "public")
    parameters = {"id": post_id, "person_id": "alice", "now": NOW, "since": first_id(NOW - verdict.WINDOW)}
    row = connection.execute(queries.load("functions.posting").delete_post.encode(), parameters).fetchone()
    assert row == (True,)
    assert_shape(connection, PostDeleted(post_id=post_id, person_id="alice", key=key))
