"""Postgres, through a small pool: one statement, one round trip, one transaction.

Statements are never prepared on the server and no session state is set, because the transaction pooler between here
and Postgres keeps neither. A statement that has no answer in time becomes `Temporary`; it may still take effect, as
any request may whose answer is lost, which is what idempotency keys are for.
"""

import asyncio
import json
import select
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import TypeVar, cast

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row
from psycopg_pool import AsyncConnectionPool

from shared.models.errors import Permanent, Temporary
from shared.platform.patience import PATIENCE, RETRY_AFTER, left

Answer = TypeVar("Answer")
Row = TypeVar("Row")

TOGETHER = 32
"""Items at most in one statement: beyond, a transaction gets long and its locks with it."""

WAITING = 1000
"""Items that wait at most for one lane: who comes after them would not be answered in time anyway."""

LANES = 2
"""Statements at once for one lane: one is prepared while the other is with Postgres."""

_CONNECTION = {
    "autocommit": True,
    "prepare_threshold": None,
    "connect_timeout": 2,
    # A host that vanished without a word is noticed within seconds, not within the kernel's two hours.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "coincide",
}


Item = Mapping[str, str | None]
Waiting = tuple[asyncio.Future[object], Item]
Fetch = Callable[[Sequence[Item]], Awaitable[Sequence[object]]]


class _Lane:
    """What waits to go to the database in one statement: items, by the future in which their row is awaited."""

    def __init__(self) -> None:
        self.waiting: dict[asyncio.Future[object], Item] = {}
        self.running = 0

    def join(self, item: Item) -> asyncio.Future[object]:
        """Wait in the lane; who stops waiting leaves it. Temporary if it is full."""
        if len(self.waiting) >= WAITING:
            raise Temporary(retry_after=RETRY_AFTER)
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self.waiting[future] = item
        future.add_done_callback(lambda done: self.waiting.pop(done, None))
        return future

    async def drain(self, fetch: Fetch) -> None:
        """Send what waits, as many items at once as may travel together, until nothing is left."""
        try:
            while self.waiting:
                batch = list(islice(self.waiting.items(), TOGETHER))
                for future, _ in batch:
                    del self.waiting[future]
                if batch := [(future, item) for future, item in batch if not future.done()]:
                    await _send(batch, fetch)
        finally:
            self.running -= 1


async def _send(batch: list[Waiting], fetch: Fetch) -> None:
    """One statement for the batch; one for each item where Postgres refuses them together."""
    try:
        rows = await fetch([item for _, item in batch])
    except Exception as error:
        if len(batch) > 1 and _rolled_back(error):
            for future, item in batch:
                if not future.done():  # a caller who left was told that nothing happened
                    await _send([(future, item)], fetch)
            return
        for future, _ in batch:
            if not future.done():
                future.set_exception(error)
        return
    for (future, _), row in zip(batch, rows, strict=True):
        if not future.done():
            future.set_result(row)


class Database:
    """One instance's connections. Lives from the function's start to its end."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[TupleRow]]) -> None:
        self._pool = pool
        self._lanes: dict[str, _Lane] = {}
        self._tasks: set[asyncio.Task[object]] = set()

    async def fetch_one(self, shape: type[Row], statement: str, *, parameters: Mapping[str, object]) -> Row | None:
        """The first row of `statement` as a `shape` (its columns are the arguments), or None.

        Temporary if Postgres is away or cannot take it now, Permanent if it refuses the statement.
        """
        rows = await self.fetch_all(shape, statement, parameters=parameters)
        return rows[0] if rows else None

    async def fetch_all(self, shape: type[Row], statement: str, *, parameters: Mapping[str, object]) -> list[Row]:
        """All rows of `statement` as `shape`s. Fails as `fetch_one` does."""
        future: asyncio.Future[list[Row]] = asyncio.get_running_loop().create_future()
        self._start(_settle(future, self._fetch(shape, statement, parameters=parameters)))
        return await _within_patience(future)

    async def fetch_for(self, item: Item, shape: type[Row], *, statement: str, parameters: Mapping[str, object]) -> Row:
        """The row that `statement` answers for `item`.

        The statement takes a JSON array `%(items)s` and answers one row for each, in their order. While it is on its
        way for some callers, the items of others gather and go together with the next: under load this saves most of
        the round trips, and alone an item never waits. `parameters` are the same for all. Fails as `fetch_one` does.
        """

        async def fetch(items: Sequence[Item]) -> Sequence[object]:
            together = json.dumps(items, ensure_ascii=False)
            return await self._fetch(shape, statement, parameters={**parameters, "items": together})

        lane = self._lanes.setdefault(statement, _Lane())
        future = lane.join(item)
        if lane.running < LANES:
            lane.running += 1
            self._start(lane.drain(fetch))
        return cast(Row, await _within_patience(future))

    async def _fetch(self, shape: type[Row], statement: str, *, parameters: Mapping[str, object]) -> list[Row]:
        async with self._pool.connection(PATIENCE) as connection:
            cursor = connection.cursor(row_factory=class_row(shape))
            return await (await cursor.execute(statement, parameters)).fetchall()

    def _start(self, work: Coroutine[object, object, Answer]) -> "asyncio.Task[Answer]":
        """Run `work` in a task of its own, which ends by itself even if nobody waits for it any more."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _rolled_back(error: Exception) -> bool:
    """Whether Postgres said that it refused the statement: then nothing of it took effect."""
    return (
        isinstance(error, psycopg.Error) and error.sqlstate is not None and not error.sqlstate.startswith(("08", "57"))
    )


async def _settle(future: asyncio.Future[Answer], work: Coroutine[object, object, Answer]) -> None:
    """Tell whoever waits for `future`, if anybody still does, how `work` ended."""
    try:
        answer = await work
    except Exception as error:
        if not future.done():
            future.set_exception(error)
    else:
        if not future.done():
            future.set_result(answer)


async def _within_patience(future: asyncio.Future[Answer]) -> Answer:
    """Wait for `future`, not for ever.

    What is on its way is left to end by itself: to cancel a statement on a server that does not answer would mean to
    wait for that server once more. What has not been sent yet is not sent any more.
    """
    timer = asyncio.get_running_loop().call_later(left(), _give_up, future)
    try:
        return await future
    except (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction) as error:
        raise Temporary(retry_after=RETRY_AFTER) from error
    except psycopg.Error as error:
        raise Permanent from error
    finally:
        timer.cancel()


def _give_up(future: asyncio.Future[Answer]) -> None:
    if not future.done():
        future.set_exception(Temporary(retry_after=RETRY_AFTER))


async def _check(connection: AsyncConnection[TupleRow]) -> None:
    """Whether an idle connection is still one, without asking the server: one with something to read was closed."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await connection.close()  # libpq has not noticed yet, and the pool would keep what looks well
        raise psycopg.OperationalError("closed while it was idle")


@asynccontextmanager
async def open_database(url: str, size: int) -> AsyncIterator[Database]:
    """A pool of up to `size` connections. Opens at once even while Postgres is away, and finds it by itself later."""
    pool = AsyncConnectionPool(
        url,
        kwargs=_CONNECTION,
        min_size=1,
        max_size=size,
        timeout=PATIENCE,
        max_idle=60,
        # Give up a series of attempts soon: the next request begins a new one, without the long waits of a late series.
        reconnect_timeout=2,
        open=False,
        check=_check,
    )
    await pool.open(wait=False)
    try:
        yield Database(pool)
    finally:
        await pool.close(timeout=1)
