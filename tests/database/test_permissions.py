"""Who may do what with every table and view: a matrix, and sweeps that fail when something new is not in it.

alice has a public and a private post, bob too, carol only looks; each of the two has reacted to the other.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from infra.local.postgres import Server
from tests.support.crowd import accept, item
from tests.support.database import Database, as_owner, as_person, as_service, copied

NOW = datetime(2031, 5, 17, 12, 0, tzinfo=UTC)
WHO = ("alice", "bob", "carol", "anonymous", "service", "backend")
WRITES = {
    "insert": "insert into {relation} default values",
    "update": "update {relation} set {column} = {column}",
    "delete": "delete from {relation}",
}
DENIED = None

# How many rows each of WHO reads; DENIED where they may not ask. Nobody writes to any of these but through functions.
READS: dict[str, tuple[int | None, ...]] = {
    "public.people": (1, 1, 0, DENIED, 2, DENIED),
    "public.posts": (2, 2, 0, DENIED, 4, 4),
    "public.reactions": (1, 1, 0, DENIED, 2, DENIED),
    "public.feed": (2, 2, 2, 2, 2, DENIED),
    "private.public_posts": (2, 2, 2, 2, 2, DENIED),
    "private.shown_posts": (DENIED, DENIED, DENIED, DENIED, DENIED, 4),
    "private.reaction_counts": (DENIED, DENIED, DENIED, DENIED, DENIED, 2),
    "private.token_buckets": (DENIED,) * 6,
    "private.idempotency_keys": (DENIED,) * 6,
    "private.key_people": (DENIED,) * 6,
    "private.key_counters": (DENIED,) * 6,
    "private.outbox": (DENIED,) * 6,
}
CALLS = {
    "private.accept_post_v1",
    "private.accept_posts_v1",
    "private.add_reaction_v1",
    "private.delete_post_v1",
    "private.remove_reaction_v1",
}
"""The functions that the role of the cloud functions may execute. Nobody else may execute any."""

OURS = "n.nspname in ('public', 'private')"


@pytest.fixture(scope="module")
def posts() -> dict[str, UUID]:
    """Who said what, by id; filled by `peopled`."""
    return {}


@pytest.fixture(scope="module")
def peopled(server: Server, posts: dict[str, UUID]) -> Iterator[Database]:
    with copied(server) as database:
        with psycopg.connect(database.url) as connection:
            for person in ("alice", "bob"):
                for visibility in ("public", "private"):
                    said = {"visibility": visibility, "content": f"{visibility} words of {person}"}
                    once = {"idempotency_key": visibility, "body_hash": "\\x" + "00" * 32}
                    one = item("activity::run", NOW, person, address_bucket="school", **said, **once)
                    [(_, post_id, *_)] = accept(connection, [one])
                    posts[f"{person} {visibility}"] = UUID(str(post_id))
            for person, post in (("alice", "bob public"), ("bob", "alice public")):
                react = "select private.add_reaction_v1(%s, %s, '🔥', %s, 50, 10, 'react', '1s', '60s')"
                connection.execute(react, [posts[post], person, NOW])
        yield database


@pytest.fixture(scope="module")
def sessions(peopled: Database) -> Iterator[dict[str, psycopg.Connection]]:
    """A connection for each login: people come through the Data API, the functions as themselves."""
    with psycopg.connect(peopled.url) as api, psycopg.connect(peopled.backend_url) as backend:
        yield {**dict.fromkeys(WHO, api), "backend": backend}


@pytest.fixture
def who(request: pytest.FixtureRequest, sessions: dict[str, psycopg.Connection]) -> Iterator[psycopg.Connection]:
    """A transaction of the person or role that the test is parametrized with; rolled back."""
    name = request.param
    with sessions[name].transaction(force_rollback=True):
        if name == "service":
            as_service(sessions[name])
        elif name != "backend":
            as_person(sessions[name], None if name == "anonymous" else name)
        yield sessions[name]


everybody = pytest.mark.parametrize("who", WHO, indirect=True, ids=WHO)


@pytest.mark.parametrize("relation", READS)
@pytest.mark.parametrize(("who", "position"), list(zip(WHO, range(6), strict=True)), indirect=["who"], ids=WHO)
def test_everyone_reads_what_the_matrix_says(relation: str, position: int, who: psycopg.Connection) -> None:
    count = f"select count(*) from {relation}".encode()
    wanted = READS[relation][position]
    if wanted is DENIED:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            who.execute(count)
    else:
        assert who.execute(count).fetchone() == (wanted,)


@pytest.mark.parametrize("relation", READS)
@everybody
def test_nobody_writes_except_through_functions(relation: str, who: psycopg.Connection) -> None:
    for write in WRITES.values():
        [column] = who.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 1 limit 1", [relation]
        ).fetchone() or [""]
        statement = sql.SQL(write).format(relation=sql.SQL(relation), column=sql.Identifier(column))
        with pytest.raises(psycopg.errors.InsufficientPrivilege), who.transaction():
            who.execute(statement)


def test_the_matrix_knows_every_table_and_view(peopled: Database) -> None:
    assert names(
        peopled, f"pg_class c join pg_namespace n on n.oid = c.relnamespace where {OURS} and relkind in {KINDS}"
    ) == set(READS)


KINDS = "('r', 'p', 'v', 'm', 'f')"


def names(database: Database, source: str, name: str = "n.nspname || '.' || c.relname") -> set[str]:
    with psycopg.connect(database.url) as connection:
        return {found for (found,) in connection.execute(f"select {name} from {source}".encode()).fetchall()}


def test_every_table_has_row_level_security(peopled: Database) -> None:
    tables = f"pg_class c join pg_namespace n on n.oid = c.relnamespace where {OURS} and relkind in ('r', 'p')"
    assert names(peopled, tables) == names(peopled, f"{tables} and c.relrowsecurity")


def test_no_right_is_granted_that_the_matrix_does_not_name(peopled: Database) -> None:
    """Privileges of all kinds on all relations, sequences included: of people and roles, reading only."""
    granted = f"""pg_class c join pg_namespace n on n.oid = c.relnamespace,
        lateral aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a left join pg_roles r on r.oid = a.grantee
        where {OURS} and a.grantee <> c.relowner"""
    found = names(
        peopled,
        granted,
        "n.nspname || '.' || c.relname || ' ' || coalesce(r.rolname, 'public') || ' ' || privilege_type",
    )
    roles = {"alice": "authenticated", "anonymous": "anon", "service": "service_role", "backend": "backend"}
    assert found == {
        f"{relation} {role} SELECT"
        for relation, reads in READS.items()
        for who, role in roles.items()
        if reads[WHO.index(who)] is not DENIED
    }


def test_no_client_may_execute_a_function_and_the_functions_only_those_named(peopled: Database) -> None:
    granted = f"""pg_proc c join pg_namespace n on n.oid = c.pronamespace,
        lateral aclexplode(coalesce(c.proacl, acldefault('f', c.proowner))) a left join pg_roles r on r.oid = a.grantee
        where {OURS} and a.grantee <> c.proowner"""
    found = names(peopled, granted, "n.nspname || '.' || c.proname || ' ' || coalesce(r.rolname, 'public')")
    assert found == {f"{name} backend" for name in CALLS}


def test_every_function_names_its_search_path_and_only_private_ones_act_for_their_owner(peopled: Database) -> None:
    ours = f"pg_proc c join pg_namespace n on n.oid = c.pronamespace where {OURS}"
    name = "n.nspname || '.' || c.proname"
    every = names(peopled, ours, name)
    assert every > CALLS
    assert names(peopled, f"{ours} and 'search_path=\"\"' = any (c.proconfig)", name) == every
    for_owner = names(peopled, f"{ours} and c.prosecdef", name)
    assert all(function.startswith("private.") for function in for_owner)


def test_nobody_but_the_owner_may_create_anything(peopled: Database) -> None:
    roles = "pg_roles r, pg_namespace n where r.rolname in ('anon', 'authenticated', 'service_role', 'backend')"
    assert names(peopled, f"{roles} and {OURS} and has_schema_privilege(r.oid, n.oid, 'create')", "r.rolname") == set()


def test_the_role_of_the_functions_is_nothing_special(peopled: Database) -> None:
    with psycopg.connect(peopled.backend_url) as backend:
        special = "rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication"
        query = f"select {special} from pg_roles where rolname = user".encode()
        assert backend.execute(query).fetchone() == (False,) * 5
        member = "select rolname from pg_roles where rolname <> user and pg_has_role(user, oid, 'member')"
        assert backend.execute(member).fetchall() == []


@pytest.mark.parametrize(("who", "person"), [("alice", "alice"), ("bob", "bob")], indirect=["who"])
def test_people_read_their_own_rows_and_no_others(who: psycopg.Connection, person: str) -> None:
    assert who.execute("select distinct person_id from public.posts").fetchall() == [(person,)]
    assert who.execute("select distinct person_id from public.reactions").fetchall() == [(person,)]
    assert who.execute("select id from public.people").fetchall() == [(person,)]


@pytest.mark.parametrize("who", ["alice", "bob", "carol", "anonymous"], indirect=True)
def test_the_feed_is_the_same_for_all_and_names_nobody(who: psycopg.Connection, posts: dict[str, UUID]) -> None:
    cursor = who.execute("select * from public.feed order by content")
    rows = cursor.fetchall()
    assert [row[0] for row in rows] == [posts["alice public"], posts["bob public"]]
    columns = [column.name for column in cursor.description or []]
    assert columns == ["id", "content", "language", "activity", "category", "subject", "item", "key", "created_at"]
    assert not {"alice", "bob"} & {str(value) for row in rows for value in row}


@pytest.mark.parametrize(
    ("wanted", "index"),
    [("true", "posts_feed"), ("category = 'music'", "posts_feed_of_category"), ("key = 'a::b'", "posts_feed_of_key")],
)
def test_clients_read_the_feed_by_its_index_and_never_sort_it(wanted: str, index: str, peopled: Database) -> None:
    with psycopg.connect(peopled.url) as connection, connection.transaction(force_rollback=True):
        connection.execute("set local enable_seqscan = off")
        connection.execute("set local enable_bitmapscan = off")
        if wanted != "true":
            connection.execute("drop index public.posts_feed")
        as_person(connection, None)
        plan = "\n".join(
            line
            for (line,) in connection.execute(
                f"explain select * from public.feed where {wanted} order by id desc limit 20".encode()
            )
        )
    assert f"Index Scan Backward using {index} " in plan
    assert "Sort" not in plan


@pytest.mark.parametrize(
    "condition",
    ["content::int = 1", "content::json is not null", "has_table_privilege(content, 'select')",
     "content::regclass is null", "has_type_privilege(content, 'usage')",
     "starts_with(content, 'p') and has_table_privilege(content, 'select')"],
)  # fmt: skip
def test_no_condition_that_fails_quotes_a_private_post(condition: str, peopled: Database) -> None:
    """An error names the text that it stumbled over: a condition that ran before the view's own would show it."""
    with psycopg.connect(peopled.url) as connection, connection.transaction(force_rollback=True):
        connection.execute("delete from public.posts where visibility = 'public'")
        for person in (None, "carol"):
            as_person(connection, person)
            for relation in ("public.feed", "private.public_posts"):
                assert connection.execute(f"select id from {relation} where {condition}".encode()).fetchall() == []
            as_owner(connection)


@pytest.mark.parametrize(
    "claims", [{}, {"sub": None}, {"sub": ""}, {"sub": ["alice"]}, {"sub": {"x": "alice"}}, {"user_id": "alice"}]
)
def test_a_token_that_names_nobody_reads_nothing_of_anybody(claims: dict[str, object], peopled: Database) -> None:
    with psycopg.connect(peopled.url) as connection, connection.transaction(force_rollback=True):
        as_person(connection, "", **claims)
        for relation in ("public.people", "public.posts", "public.reactions"):
            assert connection.execute(f"select count(*) from {relation}".encode()).fetchone() == (0,)


@pytest.mark.parametrize("who", ["alice", "anonymous"], indirect=True)
def test_everybody_listens_to_the_feed_and_to_nothing_else(who: psycopg.Connection) -> None:
    def heard(topic: str) -> int:
        who.execute("select set_config('realtime.topic', %s, true)", [topic])
        return len(who.execute("select 1 from realtime.messages where topic = %s", [topic]).fetchall())

    assert heard("feed:all") == 2
    for topic in ("feed:", "feed:all2", "person:bob", ""):
        assert heard(topic) == 0


@pytest.mark.parametrize("who", ["alice", "anonymous", "service"], indirect=True)
def test_no_client_broadcasts_to_the_feed(who: psycopg.Connection) -> None:
    name = who.execute("select current_user::text").fetchone()
    who.execute("select set_config('realtime.topic', 'feed:all', true)")
    if name != ("service_role",):  # who bypasses policies: the secret key of an administrator
        with pytest.raises(psycopg.errors.InsufficientPrivilege), who.transaction():
            who.execute(
                "insert into realtime.messages (topic, extension, payload) values ('feed:all', 'broadcast', '{}')"
            )
        assert who.execute("update realtime.messages set payload = '{}' returning 1").fetchall() == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege), who.transaction():
        who.execute("delete from realtime.messages")
