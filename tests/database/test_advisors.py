"""Supabase's own advisors on the migrated database: what their dashboard would warn of, we learn here."""

import json

import psycopg
import pytest

from tests.support.database import Database
from tests.support.supabase_cli import supabase

Finding = dict[str, str]


def findings(database: Database) -> list[Finding]:
    """What the advisors say at level warn and above; at info they name every index that a new database never used."""
    # Without `sslmode` the CLI insists on TLS, which the embedded server does not speak.
    run = supabase("db", "advisors", "--level", "warn", "--db-url", f"{database.url}?sslmode=disable")
    assert run.returncode == 0, run.stderr
    found: list[Finding] = json.loads(run.stdout) if run.stdout.strip().startswith("[") else []
    assert found or "No issues found" in run.stdout + run.stderr, run.stdout + run.stderr
    return found


def test_the_advisors_find_nothing_to_warn_of(database: Database) -> None:
    if found := findings(database):
        pytest.fail("\n".join(f"{each['level']} {each['name']}: {each['detail']}" for each in found), pytrace=False)


def test_the_advisors_see_what_is_wrong(fresh_database: Database) -> None:
    with psycopg.connect(fresh_database.url) as connection:
        connection.execute(
            """
            create table public.open_to_all (id integer primary key);
            grant select on public.open_to_all to anon;
            create function public.anywhere() returns integer language sql as 'select 1';
            create table public.slow (id text primary key);
            alter table public.slow enable row level security;
            create policy slow on public.slow for select to authenticated using ((auth.jwt() ->> 'sub') = id);
            """
        )
    assert {each["name"] for each in findings(fresh_database)} == {
        "rls_disabled_in_public",
        "function_search_path_mutable",
        "auth_rls_initplan",
    }


# The CLI lacks two lints of the platform, anon_security_definer_function_executable (0028) and
# authenticated_security_definer_function_executable (0029); its function_search_path_mutable (0011) skips some schemas.
DEFINER_IN_REACH = """
    select p.oid::regprocedure::text
    from pg_proc p
      join pg_namespace n on n.oid = p.pronamespace
    where p.prosecdef
      and n.nspname = 'public'
      and (
        has_function_privilege('anon', p.oid, 'execute') or has_function_privilege('authenticated', p.oid, 'execute')
      )
"""
NO_FIXED_SEARCH_PATH = """
    select p.oid::regprocedure::text
    from pg_proc p
      join pg_namespace n on n.oid = p.pronamespace
    where n.nspname not in ('pg_catalog', 'information_schema', 'extensions', 'auth', 'realtime', 'storage')
      and not exists (select from unnest(p.proconfig) setting where setting = 'search_path=""')
"""


def test_nobody_can_call_a_function_that_runs_with_more_rights_than_theirs(connection: psycopg.Connection) -> None:
    assert connection.execute(DEFINER_IN_REACH).fetchall() == []


def test_every_function_of_ours_fixes_its_search_path(connection: psycopg.Connection) -> None:
    assert connection.execute(NO_FIXED_SEARCH_PATH).fetchall() == []


def test_both_queries_see_what_is_wrong(connection: psycopg.Connection) -> None:
    connection.execute("create function public.anywhere() returns integer language sql security definer as 'select 1'")
    connection.execute("grant execute on function public.anywhere() to authenticated")
    assert connection.execute(DEFINER_IN_REACH).fetchall() == [("anywhere()",)]
    assert connection.execute(NO_FIXED_SEARCH_PATH).fetchall() == [("anywhere()",)]
