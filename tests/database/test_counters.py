"""Counting people by key: shards that nobody waits for, hours that people move between, a cost that does not grow."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from shared.platform.identifiers import first_id
from shared.rules.fingerprint import fingerprint
from tests.support.crowd import ACCEPT, DAY, POLICY, accept, item
from tests.support.database import Database

NOON = datetime(2031, 5, 17, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = "activity::run"


def hours(connection: psycopg.Connection) -> dict[datetime, int]:
    """How many people each hour has, shards summed; hours without anybody left out."""
    query = "select hour, sum(people)::int from private.key_counters where fingerprint = %s group by 1"
    return {hour: people for hour, people in connection.execute(query, [fingerprint(KEY)]).fetchall() if people}


def say(connection: psycopg.Connection, person: str, at: datetime, **rest: object) -> UUID:
    [(outcome, post_id, *_)] = accept(connection, [item(KEY, at, person, **rest)])
    assert outcome == "accepted"
    return UUID(str(post_id))


def delete(connection: psycopg.Connection, post: UUID, person: str, at: datetime) -> None:
    call = "select private.delete_post_v1(%s, %s, %s, %s)"
    assert connection.execute(call, [post, person, at, first_id(at - DAY)]).fetchone() == (True,)


def test_a_person_is_counted_in_the_hour_in_which_they_last_said_it(connection: psycopg.Connection) -> None:
    say(connection, "alice", NOON)
    say(connection, "bob", NOON + HOUR / 2)
    assert hours(connection) == {NOON: 2}
    say(connection, "alice", NOON + HOUR * 3 / 4)
    assert hours(connection) == {NOON: 2}
    say(connection, "alice", NOON + 3 * HOUR)
    assert hours(connection) == {NOON: 1, NOON + 3 * HOUR: 1}


def test_an_hour_begins_with_its_first_microsecond(connection: psycopg.Connection) -> None:
    for number, at in enumerate([NOON - timedelta(microseconds=1), NOON, NOON + HOUR - timedelta(microseconds=1)]):
        say(connection, f"person {number}", at)
    assert hours(connection) == {NOON - HOUR: 1, NOON: 2}


def test_the_window_ends_to_the_microsecond(connection: psycopg.Connection) -> None:
    say(connection, "alice", NOON - DAY)
    say(connection, "bob", NOON - DAY + timedelta(microseconds=1))
    [(_, _, others, exact, _)] = accept(connection, [item(KEY, NOON, "carol")])
    assert (others, exact) == (1, True)


def test_a_post_that_comes_late_moves_nobody_back(connection: psycopg.Connection) -> None:
    say(connection, "alice", NOON)
    say(connection, "alice", NOON - 2 * HOUR)
    assert hours(connection) == {NOON: 1}


def test_deleting_puts_a_person_back_where_they_said_it_before(connection: psycopg.Connection) -> None:
    first, second = say(connection, "alice", NOON), say(connection, "alice", NOON + 2 * HOUR)
    delete(connection, second, "alice", NOON + 3 * HOUR)
    assert hours(connection) == {NOON: 1}
    delete(connection, first, "alice", NOON + 3 * HOUR)
    assert hours(connection) == {}
    assert connection.execute("select 1 from private.key_people").fetchall() == []


def test_deleting_an_earlier_post_changes_nothing(connection: psycopg.Connection) -> None:
    first = say(connection, "alice", NOON)
    say(connection, "alice", NOON + 2 * HOUR)
    delete(connection, first, "alice", NOON + 3 * HOUR)
    assert hours(connection) == {NOON + 2 * HOUR: 1}


def test_deleting_the_only_post_of_the_window_forgets_the_person(connection: psycopg.Connection) -> None:
    say(connection, "alice", NOON)
    post = say(connection, "alice", NOON + 2 * HOUR)
    delete(connection, post, "alice", NOON + DAY + HOUR)
    assert hours(connection) == {}


def test_a_private_post_is_in_no_counter_when_it_comes_or_goes(connection: psycopg.Connection) -> None:
    say(connection, "alice", NOON)
    post = say(connection, "alice", NOON + HOUR, visibility="private")
    assert hours(connection) == {NOON: 1}
    delete(connection, post, "alice", NOON + HOUR)
    assert hours(connection) == {NOON: 1}


def test_two_transactions_at_work_write_to_shards_of_their_own(fresh_database: Database) -> None:
    with psycopg.connect(fresh_database.url) as one, psycopg.connect(fresh_database.url) as other:
        for number, connection in enumerate((one, other)):
            say(connection, f"person {number}", NOON)
    with psycopg.connect(fresh_database.url) as connection:
        assert connection.execute("select count(*) from private.key_counters").fetchone() == (2,)
        assert hours(connection) == {NOON: 2}


def test_a_shard_may_fall_below_nothing_and_the_sum_is_right(fresh_database: Database) -> None:
    """Who was counted by one transaction may be taken out by another, which has another shard."""
    with psycopg.connect(fresh_database.url) as connection:
        post = say(connection, "alice", NOON)
    with psycopg.connect(fresh_database.url) as first, psycopg.connect(fresh_database.url) as second:
        say(first, "bob", NOON)
        delete(second, post, "alice", NOON)
    with psycopg.connect(fresh_database.url) as connection:
        rows = connection.execute("select people from private.key_counters order by 1").fetchall()
        assert rows == [(-1,), (2,)]
        assert hours(connection) == {NOON: 1}


def test_when_all_shards_are_taken_the_next_transaction_waits_for_one(fresh_database: Database) -> None:
    with ExitStack() as open_ones:
        held = [open_ones.enter_context(psycopg.connect(fresh_database.url)) for _ in range(32)]
        for number, connection in enumerate(held):
            say(connection, f"person {number}", NOON)
        late = open_ones.enter_context(psycopg.connect(fresh_database.url))
        thread = threading.Thread(target=say, args=(late, "the 33rd", NOON), daemon=True)
        thread.start()
        held[-1].commit()
        thread.join(20)
        assert not thread.is_alive()
    with psycopg.connect(fresh_database.url) as connection:
        assert hours(connection) == {NOON: 33}


@pytest.fixture(scope="module")
def crowded(database: Database) -> Iterator[psycopg.Connection]:
    """Three thousand people who run and three who do not, in a transaction that is rolled back."""
    with psycopg.connect(database.url) as connection:
        for start in range(0, 3_000, 500):
            accept(connection, [item(KEY, NOON - (start % 20) * HOUR) for _ in range(500)])
        accept(connection, [item("activity::rest", NOON) for _ in range(150)])
        connection.execute("analyze public.posts, private.key_people, private.key_counters")
        yield connection
        connection.rollback()


def blocks_read(connection: psycopg.Connection, key: str | None) -> int:
    """How many blocks the second of two posts touches, the first having warmed up the session."""
    for number in range(2):
        items = json.dumps([item(key, NOON + number * timedelta(seconds=1))])
        [[[explained]]] = connection.execute(
            f"explain (analyze, buffers, format json) {ACCEPT}", {**POLICY, "items": items}
        )
    plan: dict[str, Any] = explained["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def test_a_post_costs_the_same_however_popular_its_key_is(crowded: psycopg.Connection) -> None:
    # At most a block for each of the people who are counted one by one, and no more however many there are.
    assert blocks_read(crowded, KEY) <= blocks_read(crowded, "activity::rest") + 101
