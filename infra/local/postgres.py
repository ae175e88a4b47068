"""Postgres on this machine as hosted Supabase would give it to us: servers, databases, and what the platform provides.

Nothing to install and no Docker; see postmaster.py for the process.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from infra.local import postmaster
from infra.local.postmaster import ADMIN, PostgresError, Server, binary

__all__ = [
    "ADMIN",
    "PostgresError",
    "Server",
    "allow_login",
    "binary",
    "bootstrap",
    "create",
    "drop",
    "ensure_partitions",
    "start",
    "stop",
    "stop_folder",
]

BOOTSTRAP = Path(__file__).parent / "bootstrap"


def start(
    folder: Path, *, version: int = 18, durable: bool = True, settings: Mapping[str, str] | None = None
) -> Server:
    """Start the server of the folder, or adopt the one that runs; callers that race get the same server.

    `durable=False` is for tests: faster, and a crash of the machine may lose the data. `settings` are laid over ours.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    with postmaster.mutex(folder):
        server = postmaster.adopt(folder)
        if server is None:
            postmaster.initialise(folder, version, durable=durable)
            server = postmaster.launch(folder, version, durable=durable, settings=settings or {})
        if server.version != version:
            raise PostgresError(f"Postgres {server.version} runs in {folder}, and {version} was asked for.")
        _provide_roles(server)
        return server


def stop(server: Server) -> None:
    """End the server: its sessions are closed, its data is kept, no process remains."""
    stop_folder(server.folder)


def stop_folder(folder: Path) -> None:
    """End the server of the folder, if one runs."""
    if not folder.exists():
        return
    with postmaster.mutex(folder):
        postmaster.end(folder)


def create(server: Server, database: str, *, template: str = "template1") -> None:
    """Create a database owned by `postgres`, as hosted: a copy of `template`, to which nobody may be connected."""
    command = sql.SQL("create database {} owner postgres template {}")
    _administer(server, command.format(sql.Identifier(database), sql.Identifier(template)))


def drop(server: Server, database: str) -> None:
    """Drop the database, if it is there, and end the sessions in it."""
    _administer(server, sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))


def allow_login(server: Server, role: str) -> None:
    """Let a role log in with the password of the folder."""
    command = sql.SQL("alter role {} login password {}")
    _administer(server, command.format(sql.Identifier(role), sql.Literal(server.password)))


def bootstrap(server: Server, database: str) -> None:
    """Give the database what hosted Supabase provides outside of our migrations; doing it again does no harm."""
    url = server.url(database, ADMIN)
    with postmaster.mutex(server.folder), psycopg.connect(url) as connection:
        for file in sorted(BOOTSTRAP.glob("*.sql")):
            connection.execute(file.read_bytes())
    ensure_partitions(url, datetime.now(UTC).date())


def ensure_partitions(url: str, today: date) -> None:
    """Keep the daily partitions of realtime.messages as hosted does: yesterday to three days on, older ones dropped.

    Without the partition of the day `realtime.send` only warns and nothing is broadcast. `url` is the administrator's.
    """
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select relname from pg_class join pg_inherits on oid = inhrelid"
            " where inhparent = 'realtime.messages'::regclass"
        ).fetchall()
        present = {name for (name,) in rows}
        wanted = {f"messages_{day:%Y_%m_%d}": day for day in (today + timedelta(days=n) for n in range(-1, 4))}
        oldest_kept = f"messages_{today - timedelta(days=3):%Y_%m_%d}"
        for name in present:
            if name < oldest_kept:
                connection.execute(sql.SQL("drop table realtime.{}").format(sql.Identifier(name)))
        for name in wanted.keys() - present:
            begin, end = wanted[name], wanted[name] + timedelta(days=1)
            connection.execute(
                sql.SQL(
                    "create table realtime.{0} partition of realtime.messages for values from ({1}) to ({2});"
                    " alter table realtime.{0} owner to supabase_realtime_admin"
                ).format(sql.Identifier(name), sql.Literal(begin), sql.Literal(end))
            )


def _administer(server: Server, command: sql.Composed) -> None:
    with psycopg.connect(server.url("postgres", ADMIN), autocommit=True) as connection:
        connection.execute(command)


def _provide_roles(server: Server) -> None:
    """The roles of the cluster; a bootstrap refreshes them."""
    with psycopg.connect(server.url("postgres", ADMIN)) as connection:
        if connection.execute("select 1 from pg_roles where rolname = 'postgres'").fetchone():
            return
        connection.execute((BOOTSTRAP / "00_roles.sql").read_bytes())
        for role in ("postgres", "authenticator"):
            connection.execute(
                sql.SQL("alter role {} login password {}").format(sql.Identifier(role), sql.Literal(server.password))
            )
