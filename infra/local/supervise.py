"""Brings a stack up and down: Postgres, the listening socket, the server child. Leaves nothing behind.

A new child is loaded before the old one ends, on a socket that stays open all the time: a reload fails no request, and
code that does not load never takes the place of code that does.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg

from infra.local import postgres, prepare, upkeep
from infra.local.addresses import Addresses
from infra.local.child import Child
from infra.local.listening import listen
from infra.local.logs import Log, Pipe
from infra.local.migrate import MigrationError
from infra.local.postgres import Server
from infra.local.running import Running, in_thread
from infra.local.serving import Serving
from infra.local.stack import Record, Stack


class NotUp(Exception):
    """The stack cannot be brought up; the message says why."""


@dataclass(frozen=True)
class Options:
    """How a stack is brought up."""

    ports: tuple[int, ...] = (0,)  # the first that is free
    clock: bool = False
    reload: bool = True
    patient: bool = False  # when the code does not load at first, wait for a save


class Supervisor:
    """One stack, from up to down."""

    def __init__(self, stack: Stack, options: Options, *, log: Log) -> None:
        self._stack = stack
        self._options = options
        self._log = log
        self._running: Running | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def up(self) -> AsyncIterator[Record]:
        """Inside, the stack is up. AlreadyUp, PortTaken, NotUp. On the way out everything ends, whatever happened."""
        with self._stack.held():
            starting = Record("starting", str(self._stack.folder), {"supervisor": os.getpid()})
            self._stack.write_record(starting)
            try:
                with listen(self._options.ports) as self._listening, Pipe(self._log, self._stack.logs) as self._pipe:
                    try:
                        yield await self._begin(starting)
                    finally:
                        await self._end()
            finally:
                self._stack.remove_record()

    async def _begin(self, starting: Record) -> Record:
        port: int = self._listening.getsockname()[1]
        self._stack.remember_port(port)
        if not self._options.clock:
            self._stack.clock.unlink(missing_ok=True)
        addresses = Addresses(self._stack, await self._start_database(), port, self._options.clock)
        reload = self._options.reload
        serving = Serving(self._start_child, log=self._log, spare=reload)
        running = Running(self._stack, self._log, addresses, serving, starting, reload)
        serving.replaced = running.note
        self._running = running
        if reload:  # from before the code is read, so that no edit falls between the two
            self._spawn(upkeep.follow_edits(running))
        problem = await serving.load()
        if problem and not self._options.patient:
            raise NotUp(str(problem))
        if problem:
            self._log.complain(f"{problem}\nRequests wait; it is loaded again at the next save.")
        running.note()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, lambda: self._spawn(upkeep.reset(running)))
        self._spawn(upkeep.mind_postgres(running))
        self._spawn(upkeep.keep_partitions(running))
        return running.record

    async def _end(self) -> None:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGUSR1)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._running:
            await self._running.serving.close()
        await in_thread(postgres.stop_folder, self._stack.postgres)

    async def _start_database(self) -> Server:
        try:
            return await in_thread(prepare.start_database, self._stack)
        except MigrationError as error:
            raise NotUp(f"{error}\n`coincide reset` builds the database anew; its data is lost.") from error
        except (postgres.PostgresError, psycopg.Error) as error:
            raise NotUp(str(error)) from error

    async def _start_child(self) -> Child:
        assert self._running  # noqa: S101 (children are started by its `serving`)
        return await Child.start(
            self._stack.folder,
            self._running.addresses.for_functions(),
            listening=self._listening.fileno(),
            output=self._pipe.entrance,
            clock=self._options.clock,
        )

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._log.complain(f"{task.get_coro()} ended: {error!r}. Start the stack again.")
