"""Postgres up, the database there, every migration applied, the functions' role able to log in."""

import psycopg

from infra.local import migrate, postgres
from infra.local.postgres import Server
from infra.local.stack import CHECKOUT, Stack

DATABASE = "coincide"
FUNCTION_ROLE = "backend"
MIGRATIONS = CHECKOUT / "supabase" / "migrations"


def start_database(stack: Stack) -> Server:
    """The stack's server, with a database that is up to date. About 0.7 s the first time, 0.2 s later."""
    server = postgres.start(stack.postgres)
    with psycopg.connect(server.url("postgres", postgres.ADMIN)) as connection:
        found = connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone()
    if not found:
        postgres.create(server, DATABASE)
    bring_up_to_date(server)
    return server


def bring_up_to_date(server: Server) -> list[str]:
    """Apply what is new in supabase/migrations; answers the names of the files applied."""
    postgres.bootstrap(server, DATABASE)
    applied = migrate.apply(server.url(DATABASE), MIGRATIONS)
    postgres.allow_login(server, FUNCTION_ROLE)
    return applied


def empty_database(server: Server) -> None:
    """The database anew: everything in it is gone, every migration is applied."""
    postgres.drop(server, DATABASE)
    postgres.create(server, DATABASE)
    bring_up_to_date(server)


def function_url(server: Server) -> str:
    """What a deployed function gets as DATABASE_URL."""
    return server.url(DATABASE, FUNCTION_ROLE)


def owner_url(server: Server) -> str:
    """The role that runs migrations; for people and tools, never for functions."""
    return server.url(DATABASE)


def admin_url(server: Server) -> str:
    """The superuser, for what the platform itself does."""
    return server.url(DATABASE, postgres.ADMIN)
