"""Databases with many posts in them, made in seconds by set-based SQL, in the state that accepting them would leave."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg

from infra.bench import traffic
from infra.bench.ground import Ground, make_database
from infra.bench.measure import CORES, Effort
from infra.local import postgres

SQL = Path(__file__).with_name("fill.sql")
POSTS_OF_A_PERSON = 5


@dataclass(frozen=True)
class Filling:
    """`one_key`: everybody says the same, each person once."""

    name: str
    database: str
    posts: int
    one_key: bool = False

    @property
    def people(self) -> int:
        return self.posts if self.one_key else self.posts // POSTS_OF_A_PERSON


FEW = Filling("10 thousand", "posts_10k", 10_000)
MANY = Filling("1 million", "posts_1m", 1_000_000)
FEW_OF_ONE_KEY = Filling("10 thousand of one key", "one_key_10k", 10_000, one_key=True)
MANY_OF_ONE_KEY = Filling("1 million of one key", "one_key_1m", 1_000_000, one_key=True)


def provide(ground: Ground, effort: Effort, *, fillings: Sequence[Filling]) -> None:
    """Make those that are not there yet, each on a core of its own, and write all of it to disk."""
    with psycopg.connect(ground.server.url("postgres", postgres.ADMIN)) as connection:
        present = {name for (name,) in connection.execute("select datname from pg_database").fetchall()}
    missing = [filling for filling in fillings if filling.database not in present]
    if not missing:
        return
    effort.say(f"filling with {', '.join(filling.name for filling in missing)}")
    threads = ThreadPoolExecutor(CORES)
    try:
        # The largest first, so that no core waits for the other at the end.
        for done in [threads.submit(_fill, ground, filling) for filling in sorted(missing, key=_size, reverse=True)]:
            done.result()
    finally:
        # Interrupted, it does not wait for them: they end with the server.
        threads.shutdown(wait=False, cancel_futures=True)
    ground.execute("postgres", "checkpoint")


def _size(filling: Filling) -> int:
    return filling.posts


def _fill(ground: Ground, filling: Filling) -> None:
    """Make the database, ready to be measured: analyzed, vacuumed, nothing left to write."""
    make_database(ground.server, filling.database)
    with psycopg.connect(ground.server.url(filling.database, postgres.ADMIN)) as connection:
        # What is written is consistent by itself: foreign keys need no look.
        connection.execute("set session_replication_role = replica; set synchronous_commit = off")
        _copy_sayings(connection, 1 if filling.one_key else traffic.SAYINGS)
        numbers = {"posts": filling.posts, "people": filling.people}
        for statement in SQL.read_text().split(";\n\n"):
            connection.execute(statement.encode(), numbers)
    ground.execute(filling.database, "vacuum analyze")


def _copy_sayings(connection: psycopg.Connection, most_popular: int) -> None:
    connection.execute(
        "create temporary table sayings (rank integer primary key, content text, activity text, category text,"
        " subject text, item text, key text, fingerprint bytea)"
    )
    with connection.cursor().copy("copy sayings from stdin") as copy:
        for rank, said in enumerate(traffic.sayings()[:most_popular], start=1):
            copy.write_row(
                (rank, said.content, said.activity, said.category, said.subject, said.item, said.key, said.fingerprint)
            )
    connection.execute("analyze sayings")
