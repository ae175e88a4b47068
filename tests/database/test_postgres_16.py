"""Hosted is Postgres 17, between the two that we can run: what works on 16 and on 18 alike works there."""

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra.local import migrate, postgres
from tests.support.database import Database

ROOT = Path(__file__).parents[2]

# What only 18 has, although 16 might accept the name of a function until it is called.
ONLY_18 = {
    "uuidv7() or uuidv4()": r"\buuidv[47]\s*\(",
    "without overlaps or period": r"\bwithout\s+overlaps\b|,\s*period\s+\w+",
    "not enforced": r"\bnot\s+enforced\b",
    "returning old or new": r"\breturning\b[^;]*?(\b(old|new)\s*\.|\bwith\s*\(\s*(old|new)\s+as\b)",
    "a virtual generated column": r"\bgenerated\s+always\s+as\s*\((?:[^()]|\([^()]*\))*\)(?!\s*stored\b)",
    "a function of 18": r"\b(casefold|array_sort|array_reverse|crc32c?|gamma|lgamma)\s*\(",
}

OURS = "('public', 'private')"
SHAPES = {
    "functions": f"""
        select n.nspname, p.proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.prosrc
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname in {OURS}""",
    "columns": f"""
        select table_schema, table_name, column_name, data_type, is_nullable, column_default
        from information_schema.columns where table_schema in {OURS}""",
    "indexes": f"select schemaname, tablename, indexdef from pg_indexes where schemaname in {OURS}",
    "policies": f"""
        select schemaname, tablename, policyname, permissive, roles::text, cmd, qual, with_check
        from pg_policies where schemaname in {OURS} or schemaname = 'realtime'""",
    "grants": f"""
        select table_schema, table_name, grantee, privilege_type
        from information_schema.role_table_grants where table_schema in {OURS}""",
}


@pytest.fixture(scope="module")
def database_16(run_folder: Path) -> Iterator[Database]:
    server = postgres.start(run_folder / "postgres16", version=16, durable=False)
    postgres.create(server, "coincide")
    postgres.bootstrap(server, "coincide")
    yield Database(server, "coincide")
    postgres.stop(server)


def shape(database: Database) -> dict[str, list[str]]:
    with psycopg.connect(database.url) as connection:
        return {
            name: sorted(repr(row) for row in connection.execute(query).fetchall()) for name, query in SHAPES.items()
        }


def test_the_migrations_build_the_same_on_16_as_on_18(database: Database, database_16: Database) -> None:
    assert migrate.apply(database_16.url)
    on_16, on_18 = shape(database_16), shape(database)
    assert on_16["functions"]
    for what in SHAPES:
        assert on_16[what] == on_18[what], what


def only_18(text: str) -> list[str]:
    code = re.sub(r"--[^\n]*|/\*.*?\*/|'[^']*'", " ", text, flags=re.DOTALL)
    return [name for name, pattern in ONLY_18.items() if re.search(pattern, code, re.IGNORECASE)]


@pytest.mark.parametrize(
    "path",
    [*ROOT.glob("supabase/**/*.sql"), *ROOT.glob("functions/*/queries.sql")],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_no_sql_uses_what_only_18_has(path: Path) -> None:
    assert only_18(path.read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        "select uuidv7()",
        "create table t (r int4range, primary key (r without overlaps))",
        "alter table t add constraint c check (a > 0) not enforced",
        "update t set a = 1 returning old.a, new.a",
        "update t set a = 1 returning with (old as o) o.a",
        "create table t (a int, b int generated always as (a * (a + 1)))",
        "create table t (a int, b int generated always as (a * 2) virtual)",
        "select casefold('a')",
    ],
)
def test_what_only_18_has_is_seen(text: str) -> None:
    assert only_18(text)


@pytest.mark.parametrize(
    "text",
    [
        "-- not uuidv7()",
        "select 'uuidv7()'",
        "create table t (id bigint generated always as identity, b int generated always as (a * (a + 1)) stored)",
        "insert into t values (1) returning id into v_id; v_sum := new.a;",
    ],
)
def test_what_17_has_is_not_refused(text: str) -> None:
    assert only_18(text) == []
