"""Databases for tests: one Postgres server per run, one template built by the migrations, copies of it in 30 ms.

The server is started by the first worker that asks and is ended by the process that began the run. A run that was
killed before it could do so is cleaned up by the next one.
"""

import fcntl
import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql

from infra.local import migrate, postgres

RUNS = Path(__file__).parents[2] / ".coincide" / "test"

# What hosted Supabase provides, before our migrations; and after them.
PLATFORM = "platform"
TEMPLATE = "template"


@dataclass(frozen=True)
class Run:
    folder: Path
    lock: IO[str]


@dataclass(frozen=True)
class Database:
    server: postgres.Server
    name: str

    @property
    def url(self) -> str:
        """As `postgres`, who runs the migrations: owns our tables, bypasses policies, is no superuser."""
        return self.server.url(self.name)

    @property
    def backend_url(self) -> str:
        """As the role of the cloud functions."""
        return self.server.url(self.name, "backend")

    @property
    def admin_url(self) -> str:
        return self.server.url(self.name, postgres.ADMIN)


def begin_run() -> Run:
    """Make the folder that the processes of a test run share; they hold no lock, the one that calls this does."""
    RUNS.mkdir(parents=True, exist_ok=True)
    with _locked(RUNS / "mutex"):
        for left in RUNS.glob("*.lock"):
            _sweep(left)
        folder = RUNS / secrets.token_hex(4)
        folder.mkdir()
        lock = folder.with_suffix(".lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        return Run(folder, lock)


def end_run(run: Run) -> None:
    _remove(run.folder)
    run.lock.close()


def shared_server(folder: Path) -> postgres.Server:
    """The server of the run, with both templates."""
    server = postgres.start(folder / "postgres", durable=False)
    with _locked(folder / "template.mutex"), psycopg.connect(server.url("postgres", postgres.ADMIN)) as connection:
        present = {name for (name,) in connection.execute("select datname from pg_database").fetchall()}
        if PLATFORM not in present:
            with _under_construction(server, PLATFORM, "template1") as building:
                postgres.bootstrap(server, building)
        if TEMPLATE not in present:
            with _under_construction(server, TEMPLATE, PLATFORM) as building:
                migrate.apply(server.url(building))
                postgres.allow_login(server, "backend")
    return server


@contextmanager
def copied(server: postgres.Server, template: str = TEMPLATE) -> Iterator[Database]:
    """A database of one's own, dropped at the end."""
    database = Database(server, f"copy_{secrets.token_hex(4)}")
    postgres.create(server, database.name, template=template)
    try:
        yield database
    finally:
        postgres.drop(server, database.name)


def as_person(connection: psycopg.Connection, uid: str | None, **claims: object) -> None:
    """Go on, until the transaction ends, as the Data API would for this person; None is nobody signed in."""
    _become(connection, "anon" if uid is None else "authenticated", {} if uid is None else {"sub": uid, **claims})


def as_service(connection: psycopg.Connection) -> None:
    """Go on as the Data API would for the secret key, which bypasses policies but not grants."""
    _become(connection, "service_role", {})


def as_owner(connection: psycopg.Connection) -> None:
    """Go on as the role that logged in."""
    connection.execute("reset role")
    connection.execute("select set_config('request.jwt.claims', '', true)")


def _become(connection: psycopg.Connection, role: str, claims: dict[str, object]) -> None:
    connection.execute(
        "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)",
        [role, json.dumps({**claims, "role": role})],
    )


@contextmanager
def _under_construction(server: postgres.Server, name: str, template: str) -> Iterator[str]:
    # Under its name only when it is complete: whoever comes after a failure builds it again.
    building = f"{name}_building"
    postgres.drop(server, building)
    postgres.create(server, building, template=template)
    yield building
    with psycopg.connect(server.url("postgres", postgres.ADMIN), autocommit=True) as connection:
        rename = sql.SQL("alter database {} rename to {}")
        connection.execute(rename.format(sql.Identifier(building), sql.Identifier(name)))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sweep(lock: Path) -> None:
    """Clean up after a run whose process is gone: nobody holds its lock."""
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        _remove(lock.with_suffix(""))


def _remove(folder: Path) -> None:
    for lifeline in folder.glob("*/lifeline"):
        postgres.stop_folder(lifeline.parent)
    shutil.rmtree(folder, ignore_errors=True)
    folder.with_suffix(".lock").unlink(missing_ok=True)
