"""Postgres, through a small pool: one statement, one round trip, one transaction.

Statements are never prepared on the server and no session state is set, because the transaction pooler between here
and Postgres keeps neither. A statement that has no answer in time becomes `Temporary`; it may still take effect, as
any request may whose answer is lost, which is what idempotency keys are for.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row
from psycopg_pool import AsyncConnectionPool

from shared.models.errors import Permanent, Temporary

Answer = TypeVar("Answer")
Row = TypeVar("Row")

PATIENCE = 2.5
"""Seconds until a caller hears that the database is away: below the three that the API promises."""

RETRY_AFTER = 1.0
"""Seconds after which asking again makes sense: the pool tries to connect about as often."""

_CONNECTION = {
    "autocommit": True,
    "prepare_threshold": None,
    "connect_timeout": 2,
    # A host that vanished without a word is noticed within seconds, not within the kernel's two hours.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "application_name": "coincide",
}


class Database:
    """One instance's connections. Lives from the function's start to its end."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[TupleRow]]) -> None:
        self._pool = pool
        self._abandoned: set[asyncio.Task[object]] = set()

    async def fetch_one(self, shape: type[Row], statement: str, parameters: Mapping[str, object]) -> Row | None:
        """The first row of `statement` as a `shape` (its columns are the arguments), or None.

        Temporary if Postgres is away or cannot take it now, Permanent if it refuses the statement.
        """
        rows = await self.fetch_all(shape, statement, parameters)
        return rows[0] if rows else None

    async def fetch_all(self, shape: type[Row], statement: str, parameters: Mapping[str, object]) -> list[Row]:
        """All rows of `statement` as `shape`s. Fails as `fetch_one` does."""
        return await self._within_patience(self._fetch(shape, statement, parameters))

    async def _fetch(self, shape: type[Row], statement: str, parameters: Mapping[str, object]) -> list[Row]:
        async with self._pool.connection(PATIENCE) as connection:
            cursor = connection.cursor(row_factory=class_row(shape))
            return await (await cursor.execute(statement, parameters)).fetchall()

    async def _within_patience(self, work: Coroutine[object, object, Answer]) -> Answer:
        """Wait for `work`, not for ever. It is left to end by itself: to cancel a statement on a server that does
        not answer means to wait for that server once more."""
        task = asyncio.create_task(work)
        done, _ = await asyncio.wait({task}, timeout=PATIENCE)
        if not done:
            self._abandon(task)
            raise Temporary(retry_after=RETRY_AFTER)
        try:
            return task.result()
        except psycopg.OperationalError as error:
            raise Temporary(retry_after=RETRY_AFTER) from error
        except psycopg.Error as error:
            raise Permanent from error

    def _abandon(self, task: asyncio.Task[Answer]) -> None:
        self._abandoned.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[Answer]) -> None:
        self._abandoned.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not report it: its caller has long been answered


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
        check=None,
    )
    await pool.open(wait=False)
    try:
        yield Database(pool)
    finally:
        await pool.close(timeout=1)
