"""Migrations are applied once, in order, whole or not at all, and recorded as the Supabase CLI records them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from infra.local import migrate, postgres
from infra.local.migrate import MigrationError
from tests.support.database import PLATFORM, Database, copied
from tests.support.supabase_cli import supabase

Write = Callable[[str, str], None]

ROUGH = """-- A file as people write them; with a ; in a comment.
create table public.a (id integer, note text default 'it''s; "fine"'); /* and; here */
create function public.f() returns text language plpgsql as $body$
begin
  return $$;$$ || E'\\';' || ';';
end;
$body$;

insert into public.a values (1, 'é; -- no comment');;
create view public."odd;name" as select 1 as one
"""


@pytest.fixture
def database(server: postgres.Server) -> Iterator[Database]:
    with copied(server, PLATFORM) as database:
        yield database


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "supabase" / "migrations"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def write(folder: Path) -> Write:
    def write(name: str, text: str) -> None:
        (folder / name).write_text(text)

    return write


def ask(database: Database, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database.url) as connection:
        return connection.execute(query.encode()).fetchall()


def history(database: Database) -> list[tuple[object, ...]]:
    return ask(database, "select version, name, statements from supabase_migrations.schema_migrations order by version")


def test_files_are_applied_once_in_the_order_of_their_versions(database: Database, folder: Path, write: Write) -> None:
    write("20260102000000_post_second.sql", "alter table public.a add column b integer;")
    write("20260101000000_pre_first.sql", "create table public.a (id integer);")
    assert migrate.apply(database.url, folder) == ["20260101000000_pre_first.sql", "20260102000000_post_second.sql"]
    assert migrate.apply(database.url, folder) == []
    assert history(database) == [
        ("20260101000000", "pre_first", ["create table public.a (id integer)"]),
        ("20260102000000", "post_second", ["alter table public.a add column b integer"]),
    ]


def test_a_file_that_fails_leaves_nothing_and_says_where(database: Database, folder: Path, write: Write) -> None:
    write("1_good.sql", "create table public.good (id integer);")
    write("2_bad.sql", "create table public.bad (id integer);\n\nselect nothing from nowhere;\n")
    with pytest.raises(MigrationError, match=r'2_bad\.sql, line 3: relation "nowhere" does not exist'):
        migrate.apply(database.url, folder)
    assert [version for version, *_ in history(database)] == ["1"]
    assert ask(database, "select to_regclass('public.good') is null, to_regclass('public.bad') is null") == [
        (False, True)
    ]
    write("2_bad.sql", "create table public.bad (id integer);")
    assert migrate.apply(database.url, folder) == ["2_bad.sql"]


def test_a_file_changed_after_it_was_applied_is_refused(database: Database, folder: Path, write: Write) -> None:
    write("1_a.sql", "create table public.a (id integer);")
    migrate.apply(database.url, folder)
    write("1_a.sql", "create table public.a (id bigint);")
    with pytest.raises(MigrationError, match=r"1_a.sql was changed after it was applied"):
        migrate.apply(database.url, folder)


def test_a_file_that_comes_too_late_is_refused(database: Database, folder: Path, write: Write) -> None:
    write("2_b.sql", "select 1;")
    migrate.apply(database.url, folder)
    write("1_a.sql", "create table public.a (id integer);")
    with pytest.raises(MigrationError, match=r"1_a.sql comes before 2"):
        migrate.apply(database.url, folder)
    assert ask(database, "select to_regclass('public.a')") == [(None,)]


def test_a_database_that_is_ahead_of_the_files_is_refused(database: Database, folder: Path, write: Write) -> None:
    write("1_a.sql", "select 1;")
    migrate.apply(database.url, folder)
    (folder / "1_a.sql").unlink()
    with pytest.raises(MigrationError, match="no file here: 1"):
        migrate.apply(database.url, folder)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("no_version.sql", "select 1;", "is not named"),
        ("1_a.sql", "create table public.a (id integer); -- then\n COMMIT; select 1;", "already is one transaction"),
        ("1_a.sql", "begin; select 1; commit;", "already is one transaction"),
    ],
)
def test_a_file_that_is_no_migration_is_refused(
    name: str, text: str, message: str, database: Database, folder: Path, write: Write
) -> None:
    write(name, text)
    with pytest.raises(MigrationError, match=message):
        migrate.apply(database.url, folder)


def test_two_files_of_one_version_are_refused(folder: Path, write: Write) -> None:
    write("1_a.sql", "select 1;")
    write("1_b.sql", "select 1;")
    with pytest.raises(MigrationError, match="same version"):
        migrate.read(folder)


def test_what_one_file_sets_does_not_reach_the_next(database: Database, folder: Path, write: Write) -> None:
    write("1_a.sql", "set search_path = ''; set role anon;reset role;")
    write("2_b.sql", "create table in_public (id integer);")
    migrate.apply(database.url, folder)
    assert ask(database, "select 'public.in_public'::regclass::text") == [("in_public",)]


def test_migrators_at_once_take_turns(database: Database, folder: Path, write: Write) -> None:
    for number in range(8):
        write(f"{number}_table.sql", f"create table public.table_{number} (id integer);")
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(lambda _: migrate.apply(database.url, folder), range(4)))
    assert sorted(name for names in applied for name in names) == [f"{number}_table.sql" for number in range(8)]


def test_statements_are_split_as_people_mean_them() -> None:
    first, second, third, fourth = migrate.split(ROUGH)
    assert first.startswith("-- A file")
    assert first.endswith("""'it''s; "fine"')""")
    assert second.startswith("/* and; here */\ncreate function")
    assert second.endswith("$body$")
    assert third == "insert into public.a values (1, 'é; -- no comment')"
    assert fourth.startswith('create view public."odd;name"')


def test_the_supabase_cli_records_the_same_and_goes_on_where_we_stopped(
    server: postgres.Server, database: Database, folder: Path, write: Write
) -> None:
    write("20260101000000_rough.sql", ROUGH)
    migrate.apply(database.url, folder)
    write("20260102000000_more.sql", "create table public.more (id integer);")

    def up(target: Database) -> None:
        workdir = str(folder.parents[1])
        run = supabase("migration", "up", "--yes", "--workdir", workdir, "--db-url", f"{target.url}?sslmode=disable")
        assert run.returncode == 0, run.stdout + run.stderr

    with copied(server, PLATFORM) as other:
        up(database)
        up(other)
        assert history(database) == history(other)
        assert migrate.apply(other.url, folder) == []
