"""The embedded database refuses and allows what hosted Supabase does, so that what passes here passes there."""

from collections.abc import Iterator
from datetime import date

import psycopg
import pytest

from infra.local import postgres
from tests.support.database import PLATFORM, Database, as_owner, as_person, as_service, copied


@pytest.fixture(scope="module")
def platform(server: postgres.Server) -> Iterator[Database]:
    """Before any migration of ours."""
    with copied(server, PLATFORM) as database:
        yield database


@pytest.fixture
def migrator(platform: Database) -> Iterator[psycopg.Connection]:
    """The role that runs migrations, in a transaction that is rolled back."""
    with psycopg.connect(platform.url) as connection:
        yield connection
        connection.rollback()


ROLES = {
    # role: superuser, inherits, creates roles, creates databases, logs in, bypasses policies
    "anon": (False, True, False, False, False, False),
    "authenticated": (False, True, False, False, False, False),
    "service_role": (False, True, False, False, False, True),
    "authenticator": (False, False, False, False, True, False),
    "postgres": (False, True, True, True, True, True),
}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_it_may_on_hosted(role: str, migrator: psycopg.Connection) -> None:
    query = """
        select rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolbypassrls
        from pg_roles where rolname = %s"""
    assert migrator.execute(query, [role]).fetchone() == ROLES[role]


@pytest.mark.parametrize(
    "statement",
    [
        "create table realtime.mine (id integer)",
        "create function auth.mine() returns integer language sql as 'select 1'",
        "create index on storage.objects (owner_id)",
        "alter table realtime.messages disable row level security",
        "alter table storage.objects add column mine integer",
        "create or replace function realtime.topic() returns text language sql as 'select null::text'",
        "drop function realtime.send(jsonb, text, text, boolean)",
        "drop table storage.objects",
        "drop event trigger guard_platform_change",
        "set role supabase_realtime_admin",
        "set role supabase_admin",
        "alter role postgres superuser",
        "create extension plpgsql_check",
        "copy public.t to program 'cat'",
    ],
)
def test_a_migration_cannot(statement: str, migrator: psycopg.Connection) -> None:
    migrator.execute("create table public.t (id integer)")
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)):
        migrator.execute(statement.encode())


@pytest.mark.parametrize(
    "statement",
    [
        "create policy p on realtime.messages for select to authenticated using (true)",
        "create policy p on storage.objects for insert to authenticated with check (owner_id = 'a')",
        "insert into storage.buckets (id, name) values ('cards', 'cards')",
        "create schema private",
        "create role backend_of_a_test nologin",
        "create extension if not exists vector with schema extensions",
        "create table public.t (v extensions.vector(3))",
        "alter default privileges revoke execute on functions from public",
        "set local role service_role",
    ],
)
def test_a_migration_can(statement: str, migrator: psycopg.Connection) -> None:
    migrator.execute(statement.encode())


def test_a_policy_on_a_table_of_the_platform_can_be_dropped_again(migrator: psycopg.Connection) -> None:
    migrator.execute("create policy p on realtime.messages for select to anon using (true)")
    migrator.execute("drop policy p on realtime.messages")


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_a_new_table_or_function_is_out_of_reach_until_it_is_granted(role: str, migrator: psycopg.Connection) -> None:
    migrator.execute("create table public.t (id integer generated always as identity)")
    query = "select has_table_privilege(%(role)s, 'public.t', privilege) from unnest(%(all)s::text[]) privilege"
    found = migrator.execute(query, {"role": role, "all": ["select", "insert", "update", "delete"]}).fetchall()
    assert found == [(False,)] * 4


def test_who_asks_is_read_from_the_claims(migrator: psycopg.Connection) -> None:
    query = "select auth.jwt() ->> 'sub', auth.role(), current_user::text"
    as_person(migrator, "Firebase-uid-1", email="a@example.com")
    assert migrator.execute(query).fetchone() == ("Firebase-uid-1", "authenticated", "authenticated")
    assert migrator.execute("select auth.email()").fetchone() == ("a@example.com",)
    as_person(migrator, None)
    assert migrator.execute(query).fetchone() == (None, "anon", "anon")
    as_service(migrator)
    assert migrator.execute(query).fetchone() == (None, "service_role", "service_role")
    as_owner(migrator)
    assert migrator.execute(query).fetchone() == (None, None, "postgres")


def test_a_firebase_id_is_no_uuid(migrator: psycopg.Connection) -> None:
    as_person(migrator, "Firebase-uid-1")
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        migrator.execute("select auth.uid()")


def test_a_broadcast_is_a_row_that_carries_an_id(migrator: psycopg.Connection) -> None:
    migrator.execute("""select realtime.send('{"a": 1}', 'said', 'feed:all')""")
    rows = migrator.execute("select topic, event, private, payload - 'id', payload ? 'id' from realtime.messages")
    assert rows.fetchall() == [("feed:all", "said", True, {"a": 1}, True)]


def test_a_change_is_broadcast_with_the_row_before_and_after(migrator: psycopg.Connection) -> None:
    migrator.execute(
        """
        create table public.t (id integer);
        create function public.tell() returns trigger language plpgsql as $$
        begin
          perform realtime.broadcast_changes('t', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
          return null;
        end $$;
        create trigger tell after insert or update on public.t for each row execute function public.tell();
        insert into public.t values (1);
        update public.t set id = 2;
        """
    )
    rows = migrator.execute("select payload - 'id' from realtime.messages order by event").fetchall()
    told = {"schema": "public", "table": "t"}
    assert [payload for (payload,) in rows] == [
        {**told, "operation": "INSERT", "record": {"id": 1}, "old_record": None},
        {**told, "operation": "UPDATE", "record": {"id": 2}, "old_record": {"id": 1}},
    ]


def test_a_client_cannot_broadcast_without_a_policy_and_its_transaction_goes_on(migrator: psycopg.Connection) -> None:
    warnings: list[str | None] = []
    migrator.add_notice_handler(lambda notice: warnings.append(notice.message_primary))
    as_person(migrator, "alice")
    migrator.execute("select realtime.send('{}', 'said', 'feed:all')")
    as_owner(migrator)
    assert migrator.execute("select count(*) from realtime.messages").fetchone() == (0,)
    assert "row-level security" in str(warnings)


def test_files_are_not_deleted_by_sql(migrator: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="Use the Storage API"):
        migrator.execute("delete from storage.objects")


def test_the_parts_of_a_file_name(migrator: psycopg.Connection) -> None:
    query = "select storage.foldername(n), storage.filename(n), storage.extension(n) from (values ('a/b/c.png')) v (n)"
    assert migrator.execute(query).fetchone() == (["a", "b"], "c.png", "png")


def partitions(database: Database) -> list[str]:
    query = (
        "select inhrelid::regclass::text from pg_inherits where inhparent = 'realtime.messages'::regclass order by 1"
    )
    with psycopg.connect(database.url) as connection:
        return [name for (name,) in connection.execute(query).fetchall()]


def test_partitions_follow_the_day(server: postgres.Server) -> None:
    with copied(server, PLATFORM) as database:
        postgres.ensure_partitions(database.admin_url, date(2031, 12, 30))
        first = ["2031_12_29", "2031_12_30", "2031_12_31", "2032_01_01", "2032_01_02"]
        assert partitions(database) == [f"realtime.messages_{day}" for day in first]
        postgres.ensure_partitions(database.admin_url, date(2032, 1, 2))
        later = [*first[1:], "2032_01_03", "2032_01_04", "2032_01_05"]
        assert partitions(database) == [f"realtime.messages_{day}" for day in later]
        postgres.ensure_partitions(database.admin_url, date(2032, 1, 2))
        assert partitions(database) == [f"realtime.messages_{day}" for day in later]


def test_a_bootstrap_can_be_repeated_on_a_database_in_use(server: postgres.Server, fresh_database: Database) -> None:
    with psycopg.connect(fresh_database.url) as connection:
        connection.execute("select realtime.send('{}', 'said', 'feed:all')")
    postgres.bootstrap(server, fresh_database.name)
    with psycopg.connect(fresh_database.url) as connection:
        assert connection.execute("select count(*) from realtime.messages").fetchone() == (1,)
