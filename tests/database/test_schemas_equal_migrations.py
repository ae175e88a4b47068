"""The schema files say what the database is, the migrations how it came about: both must build the same database."""

import difflib
import subprocess
from pathlib import Path

import psycopg
import pytest

from infra.local import migrate, postgres
from tests.support.database import PLATFORM, Database, copied


def dump(database: Database) -> list[str]:
    """Everything in the database but rows; without a fixed key each dump carries another random one."""
    argv = [str(postgres.binary("pg_dump")), "--schema-only", "--restrict-key=fixed", database.url]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()


def difference(left: Database, right: Database) -> str:
    return "\n".join(difflib.unified_diff(dump(left), dump(right), "migrations", "schemas", lineterm="", n=8))


def test_the_schema_files_and_the_migrations_build_the_same_database(server: postgres.Server, tmp_path: Path) -> None:
    with copied(server, PLATFORM) as past, copied(server, PLATFORM) as present:
        migrate.apply(past.url)
        migrate.apply(present.url, tmp_path)  # no migrations: makes the history table, which the other has too
        migrate.apply_schemas(present.url)
        if found := difference(past, present):
            pytest.fail(f"- migrations, + schemas\n{found}", pytrace=False)


@pytest.mark.parametrize(
    "change",
    [
        "create table public.extra (id integer primary key)",
        "grant truncate on public.posts to anon",
        "alter table public.posts alter column content drop not null",
        "create policy extra on public.posts for select to anon using (false)",
        "alter default privileges in schema public grant select on tables to anon",
    ],
)
def test_a_difference_is_seen(change: str, database: Database, fresh_database: Database) -> None:
    with psycopg.connect(fresh_database.url) as connection:
        connection.execute(change)
    assert difference(database, fresh_database)
