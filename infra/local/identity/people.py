"""The people who signed up, in one SQLite file: they survive a restart, and two processes may open it.

Every call opens its own connection; a write holds the database's one write lock from its first read on, so nothing
is decided on a row that changes meanwhile.
"""

import secrets
import sqlite3
import string
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path

from infra.local.identity.keys import alone_in

BUSY_SECONDS = 20.0
ALPHABET = string.ascii_letters + string.digits

SCHEMA = """
create table if not exists people (
  uid text primary key,
  email text unique,
  email_verified integer not null,
  display_name text,
  photo_url text,
  password_hash text,
  password_at integer,             -- milliseconds, as the other three
  disabled integer not null,
  custom_claims text not null,     -- a JSON object
  valid_since integer not null,    -- seconds: ID tokens issued earlier are revoked
  created_at integer not null,
  signed_in_at integer,
  refreshed_at integer
);
create table if not exists refresh_tokens (
  digest blob primary key,         -- SHA-256; the token itself is never kept
  uid text not null,
  provider text not null,
  auth_time integer not null,
  session_claims text not null,
  revoked integer not null
);
create index if not exists refresh_tokens_uid on refresh_tokens (uid);
create table if not exists settings (name text primary key, value integer not null);
"""


@dataclass(frozen=True)
class Person:
    """One row of `people`; the fields are its columns, in order."""

    uid: str
    email: str | None = None
    email_verified: bool = False
    display_name: str | None = None
    photo_url: str | None = None
    password_hash: str | None = None
    password_at: int | None = None
    disabled: bool = False
    custom_claims: str = "{}"
    valid_since: int = 0
    created_at: int = 0
    signed_in_at: int | None = None
    refreshed_at: int | None = None


COLUMNS = ", ".join(column.name for column in fields(Person))
SLOTS = ", ".join("?" for _ in fields(Person))
UPDATES = ", ".join(f"{column.name} = excluded.{column.name}" for column in fields(Person))


@dataclass(frozen=True)
class People:
    """Where the people are kept; holds no connection."""

    path: Path
    # SQLite's waiters poll and may starve; within this process they queue instead.
    turn: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connect()) as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: kept when the block ends, undone when it raises."""
        with self.turn, closing(self._connect()) as db:
            db.execute("begin immediate")
            yield db
            db.execute("commit")

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        db.execute("pragma synchronous = normal")
        return db


def open_people(folder: Path) -> People:
    """The store in the folder, made on first use."""
    people = People(folder / "people.sqlite")
    # Switching to WAL does not wait for a lock, so two processes must not do it at once.
    with alone_in(folder), people.reading() as db:
        people.path.chmod(0o600)
        db.execute("pragma journal_mode = wal")
        db.executescript(SCHEMA)
    return people


def new_uid() -> str:
    """28 characters, as Firebase's."""
    return "".join(secrets.choice(ALPHABET) for _ in range(28))


def find(db: sqlite3.Connection, uid: str) -> Person | None:
    return _one(db.execute(f"select {COLUMNS} from people where uid = ?", (uid,)))  # noqa: S608


def find_by_email(db: sqlite3.Connection, email: str) -> Person | None:
    return _one(db.execute(f"select {COLUMNS} from people where email = ?", (email,)))  # noqa: S608


def save(db: sqlite3.Connection, person: Person) -> Person:
    """Insert or replace the whole row; call it inside `writing` with a row read there."""
    statement = f"insert into people ({COLUMNS}) values ({SLOTS}) on conflict (uid) do update set {UPDATES}"  # noqa: S608
    db.execute(statement, astuple(person))
    return person


def remove(db: sqlite3.Connection, uid: str) -> None:
    db.execute("delete from people where uid = ?", (uid,))
    # Kept as revoked: a later person with the same id must not inherit a session.
    db.execute("update refresh_tokens set revoked = 1 where uid = ?", (uid,))


def remove_everyone(db: sqlite3.Connection) -> None:
    db.execute("delete from people")
    db.execute("update refresh_tokens set revoked = 1")


def page(db: sqlite3.Connection, *, after: str, limit: int) -> list[Person]:
    """The next people by id; an empty `after` starts at the first."""
    select = f"select {COLUMNS} from people where uid > ? order by uid limit ?"  # noqa: S608
    return [_person(row) for row in db.execute(select, (after, limit))]


def count(db: sqlite3.Connection) -> int:
    return int(db.execute("select count(*) from people").fetchone()[0])


def _one(rows: sqlite3.Cursor) -> Person | None:
    row = rows.fetchone()
    return _person(row) if row else None


def _person(row: tuple[object, ...]) -> Person:
    values = dict(zip((column.name for column in fields(Person)), row, strict=True))
    return Person(**values | {name: bool(values[name]) for name in ("email_verified", "disabled")})  # type: ignore[arg-type]
