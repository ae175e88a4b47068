"""Items that travel together: each gets its own row, one that fails fails alone, and nobody waits for ever."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import psycopg
import pytest

from shared.models.errors import Permanent, Temporary
from shared.platform.database import TOGETHER, Database, open_database
from shared.platform.patience import PATIENCE
from tests.support import database as copies
from tests.support.loop import awaited

TOLD = """
    select (item ->> 'n')::int as n, count(*) over () as together, pg_backend_pid() as pid, %(same)s as same
    from jsonb_array_elements(%(items)s::jsonb) with ordinality given (item, position) order by position"""
HALVED = """
    select 100 / (item ->> 'n')::int as n
    from jsonb_array_elements(%(items)s::jsonb) with ordinality given (item, position) order by position"""
KEPT = """
    with written as (
      insert into public.kept (n) select (item ->> 'n')::int from jsonb_array_elements(%(items)s::jsonb) item
    )
    select (item ->> 'n')::int as n
    from jsonb_array_elements(%(items)s::jsonb) with ordinality given (item, position) order by position"""


class Told(NamedTuple):
    n: int
    together: int
    pid: int
    same: str


class Number(NamedTuple):
    n: int


@pytest.fixture
def copy(fresh_database: copies.Database) -> copies.Database:
    """With a table that takes no negative numbers."""
    with psycopg.connect(fresh_database.url) as connection:
        connection.execute("create table public.kept (n integer check (n >= 0))")
    return fresh_database


def kept(copy: copies.Database) -> list[int]:
    with psycopg.connect(copy.url) as connection:
        return [n for (n,) in connection.execute("select n from public.kept order by n").fetchall()]


async def ask(database: Database, statement: str, *numbers: int) -> list[Told | Number | BaseException]:
    """What comes of each item, errors included; all are asked for at the same time."""

    async def one(number: int) -> Told | Number:
        item = {"n": str(number)}
        if statement == TOLD:
            return await database.fetch_for(item, Told, statement=TOLD, parameters={"same": "for all"})
        return await database.fetch_for(item, Number, statement=statement, parameters={})

    return await asyncio.gather(*map(one, numbers), return_exceptions=True)


@awaited
async def test_each_item_gets_its_own_row(database: copies.Database) -> None:
    async with open_database(database.url, 4) as opened:
        told = await ask(opened, TOLD, *range(500))
    rows = [row for row in told if isinstance(row, Told)]
    assert [row.n for row in rows] == list(range(500))
    assert {row.same for row in rows} == {"for all"}


@awaited
async def test_items_that_wait_go_together_and_never_too_many(database: copies.Database) -> None:
    async with open_database(database.url, 4) as opened:
        alone = await ask(opened, TOLD, 1)
        told = [*alone, *await ask(opened, TOLD, *range(200))]
    sizes = [row.together for row in told if isinstance(row, Told)]
    assert sizes[0] == 1
    assert max(sizes) == TOGETHER


@awaited
async def test_an_item_that_fails_takes_no_other_with_it(database: copies.Database) -> None:
    numbers = [0 if place % 10 == 3 else place + 1 for place in range(80)]
    async with open_database(database.url, 4) as opened:
        came = await ask(opened, HALVED, *numbers)
    for number, answer in zip(numbers, came, strict=True):
        if number == 0:
            assert isinstance(answer, Permanent)
            assert isinstance(answer.__cause__, psycopg.errors.DivisionByZero)
        else:
            assert answer == Number(100 // number)


@awaited
async def test_what_travelled_with_a_failing_item_is_written_once(copy: copies.Database) -> None:
    numbers = [-1 if place == 17 else place for place in range(64)]
    async with open_database(copy.url, 4) as opened:
        came = await ask(opened, KEPT, *numbers)
    assert [place for place, answer in enumerate(came) if isinstance(answer, Exception)] == [17]
    assert kept(copy) == [number for number in numbers if number >= 0]


@contextmanager
def locked(copy: copies.Database) -> Iterator[psycopg.Connection]:
    """Inside, nobody else gets to write."""
    with psycopg.connect(copy.url) as connection:
        connection.execute("lock table public.kept")
        yield connection


async def waiting_for(lock: psycopg.Connection, copy: copies.Database, *, count: int) -> list[int]:
    """The sessions that wait for the lock, once there are so many."""
    # Not by way of pg_stat_activity: within a transaction that goes on showing the sessions of its first look.
    blocked = "select pid from pg_locks l join pg_database d on d.oid = l.database where datname = %s and not granted"
    async with asyncio.timeout(20):
        while True:
            pids = [pid for (pid,) in lock.execute(blocked, [copy.name]).fetchall()]
            if len(pids) == count:
                return pids
            await asyncio.sleep(0)


@awaited
async def test_who_waits_too_long_is_told_and_what_was_not_sent_stays_unsent(copy: copies.Database) -> None:
    async with open_database(copy.url, 4) as opened:
        with locked(copy) as lock:
            began = time.monotonic()
            first = asyncio.create_task(ask(opened, KEPT, 1))
            await waiting_for(lock, copy, count=1)
            second = asyncio.create_task(ask(opened, KEPT, 2, 3))
            await waiting_for(lock, copy, count=2)
            came = [*await ask(opened, KEPT, *range(4, 50)), *await first, *await second]
            took = time.monotonic() - began
        assert all(isinstance(answer, Temporary) for answer in came)
        assert took < PATIENCE + 0.5
        assert await ask(opened, KEPT, 100, 101) == [Number(100), Number(101)]
    # What had been sent takes effect; whoever waited behind it was told to come again, and nothing of it is done.
    assert kept(copy) == [1, 2, 3, 100, 101]


@awaited
async def test_a_connection_that_breaks_is_not_taken_for_a_refusal(copy: copies.Database) -> None:
    """Whether the statement took effect is unknown then, so it is not sent again on its own."""
    async with open_database(copy.url, 4) as opened:
        with locked(copy) as lock:
            asked = asyncio.create_task(ask(opened, KEPT, *range(20)))
            [pid] = await waiting_for(lock, copy, count=1)
            lock.execute("select pg_terminate_backend(%s)", [pid])
            came = await asked
        assert all(isinstance(answer, Temporary) for answer in came)
        assert await ask(opened, KEPT, 100) == [Number(100)]
    assert kept(copy) == [100]


@awaited
async def test_a_statement_that_runs_into_the_servers_limit_is_temporary(copy: copies.Database) -> None:
    async with open_database(f"{copy.url}?options=-c%20lock_timeout%3D20", 4) as opened:
        with locked(copy):
            came = await ask(opened, KEPT, *range(10))
        assert all(isinstance(answer, Temporary) for answer in came)
    assert kept(copy) == []
