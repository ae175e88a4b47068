"""Transactions that want the same rows wait for each other in one direction only, so that none is ever sacrificed."""

import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from tests.support.crowd import Item, accept, item
from tests.support.database import Database

NOW = datetime(2031, 5, 17, 12, 0, tzinfo=UTC)
PATIENCE_S = 20


def by(person: str, address: str) -> Item:
    return item(
        "activity::run", NOW, person, person_bucket=f"post:person:{person}", address_bucket=f"post:address:{address}"
    )


class Transaction(threading.Thread):
    """Accepts these posts on a connection of its own; `outcome` is what came of it."""

    def __init__(self, database: Database, items: Iterable[Item]) -> None:
        super().__init__(daemon=True)
        self.connection = psycopg.connect(database.url)
        self.items = list(items)
        self.outcome: set[str] | Exception | None = None

    def run(self) -> None:
        try:
            with self.connection:
                self.outcome = {row[0] for row in accept(self.connection, self.items)}
        except psycopg.Error as error:
            self.outcome = error

    def start_and_wait_for_a_lock(self, watcher: psycopg.Connection) -> None:
        self.start()
        waiting = "select 1 from pg_stat_activity where pid = %s and wait_event_type = 'Lock'"
        while self.is_alive() and not watcher.execute(waiting, [self.connection.info.backend_pid]).fetchone():
            pass


@pytest.mark.parametrize("first", ["one post", "several posts"])
def test_one_post_and_several_with_the_same_person_and_address_do_not_deadlock(
    first: str, fresh_database: Database
) -> None:
    """As from two instances, at an address that is busy: everybody waits for it, then all go on."""
    with (
        psycopg.connect(fresh_database.url) as busy,
        psycopg.connect(fresh_database.url, autocommit=True) as watcher,
    ):
        with psycopg.connect(fresh_database.url) as earlier:
            accept(earlier, [by("alice", "school"), by("bob", "school")])
        busy.execute("select from private.token_buckets where name = 'post:address:school' for update")
        one = Transaction(fresh_database, [by("alice", "school")])
        several = Transaction(fresh_database, [by("alice", "school"), by("bob", "school")])
        order = [one, several] if first == "one post" else [several, one]
        for transaction in order:
            transaction.start_and_wait_for_a_lock(watcher)
        busy.commit()
        for transaction in order:
            transaction.join(PATIENCE_S)
    assert [transaction.outcome for transaction in order] == [{"accepted"}, {"accepted"}]


def test_two_at_once_do_not_both_take_the_last_place_for_a_kind_of_reaction(fresh_database: Database) -> None:
    now = datetime(2031, 5, 17, 12, 0, tzinfo=UTC)
    react = "select (private.add_reaction_v1(%s, %s, %s, %s, 2, 10, 'react:' || random(), '1 s', '60 s')).outcome"
    with psycopg.connect(fresh_database.url) as connection:
        post = UUID(str(accept(connection, [item("activity::run", now)])[0][1]))
        connection.execute(react, [post, "alice", "🔥", now])
    with psycopg.connect(fresh_database.url) as one, psycopg.connect(fresh_database.url) as other:
        assert one.execute(react, [post, "bob", "😂", now]).fetchone() == ("added",)
        other.execute("set lock_timeout = '200ms'")
        try:
            outcome = other.execute(react, [post, "carol", "👀", now]).fetchone()
        except psycopg.errors.LockNotAvailable:
            return  # it waits for the first: right
        one.commit()
        assert outcome == ("full",)
