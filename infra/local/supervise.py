"""Keeps a stack up: Postgres, the listening socket, the server child, reloads. Leaves nothing behind.

A new child is loaded before the old one ends, on a socket that stays open all the time: a reload fails no request, and
code that does not load never takes the place of code that does.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import ParamSpec, TypeVar

import psycopg

from infra.local import postgres, prepare
from infra.local.addresses import Addresses
from infra.local.child import Child, Problem
from infra.local.clock import Clock
from infra.local.listening import listen
from infra.local.logs import GREEN, Log, Pipe
from infra.local.migrate import MigrationError
from infra.local.serving import Serving
from infra.local.stack import Record, Stack
from infra.local.watch import Edit, edits

PARTITIONS_EVERY = 3600.0  # seconds; a laptop sleeps, so more often than the partitions need
DATABASE_ERRORS = (MigrationError, postgres.PostgresError, psycopg.Error)
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


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

    def __init__(self, stack: Stack, options: Options, log: Log) -> None:
        self._stack = stack
        self._options = options
        self._log = log
        self._serving: Serving | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.record = Record("starting", str(stack.folder), {"supervisor": os.getpid()})

    @asynccontextmanager
    async def up(self) -> AsyncIterator[Record]:
        """Inside, the stack is up. AlreadyUp, PortTaken, NotUp. On the way out everything ends, whatever happened."""
        with self._stack.held():
            self._stack.write_record(self.record)
            try:
                with listen(self._options.ports) as self._listening, Pipe(self._log, self._stack.logs) as self._pipe:
                    try:
                        await self._begin()
                        yield self.record
                    finally:
                        await self._end()
            finally:
                self._stack.remove_record()

    async def _begin(self) -> None:
        port: int = self._listening.getsockname()[1]
        self._stack.remember_port(port)
        if not self._options.clock:
            self._stack.clock.unlink(missing_ok=True)
        try:
            self._server = await _in_thread(prepare.start_database, self._stack)
        except MigrationError as error:
            raise NotUp(f"{error}\n`coincide reset` builds the database anew; its data is lost.") from error
        except (postgres.PostgresError, psycopg.Error) as error:
            raise NotUp(str(error)) from error
        self._addresses = Addresses(self._stack, self._server, port, self._options.clock)
        self._serving = Serving(self._start_child, log=self._log, spare=self._options.reload, replaced=self._note)
        if self._options.reload:  # from before the code is read, so that no edit falls between the two
            self._spawn(self._follow_edits())
        problem = await self._serving.load()
        if problem and not self._options.patient:
            raise NotUp(str(problem))
        if problem:
            self._log.complain(f"{problem}\nRequests wait; it is loaded again at the next save.")
        self._note(problem)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, lambda: self._spawn(self._reset()))
        self._spawn(self._keep_partitions())

    async def _end(self) -> None:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGUSR1)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._serving:
            await self._serving.close()
        await _in_thread(postgres.stop_folder, self._stack.postgres)

    async def _start_child(self) -> Child:
        return await Child.start(
            self._stack.folder,
            self._addresses.for_functions(),
            listening=self._listening.fileno(),
            output=self._pipe.entrance,
            clock=self._options.clock,
        )

    def _note(self, problem: Problem | str | None, *, generation: int | None = None) -> None:
        """Write down what is true now, for `coincide status` and every other process."""
        addresses, secrets = self._addresses, self._stack.secrets()
        pids = {"supervisor": os.getpid(), "postgres": self._server.pid}
        if self._serving and self._serving.pid:
            pids["server"] = self._serving.pid
        self.record = Record(
            state="failed" if problem else "up",
            folder=str(self._stack.folder),
            pids=pids,
            generation=generation or self.record.generation,
            problem=str(problem) if problem else None,
            clock=self._options.clock,
            reload=self._options.reload,
            urls=addresses.urls,
            keys={"publishable": secrets.publishable_key, "secret": secrets.secret_key},
            ports={"gateway": addresses.port, "postgres": self._server.port},
            functions=addresses.functions(),
            environment=addresses.for_programs(),
        )
        self._stack.write_record(self.record)

    async def _follow_edits(self) -> None:
        async for edit in edits():
            await self._reload(edit)

    async def _reload(self, edit: Edit) -> None:
        assert self._serving  # noqa: S101 (edits are followed once it is there)
        began = monotonic()
        if edit.migrations:
            try:
                for name in await _in_thread(prepare.bring_up_to_date, self._server):
                    self._log.say(f"applied {name}", style=GREEN)
            except DATABASE_ERRORS as error:
                self._log.complain(f"{error}\nThe database is as it was before.")
                return
        problem = await self._serving.load()
        if problem:
            self._log.complain(f"{problem}\nThe code before this edit goes on serving.")
        else:
            self._log.say(f"reloaded in {monotonic() - began:.2f} s  {edit}", style=GREEN)
        if edit.needs_restart:
            self._log.say(f"{', '.join(edit.needs_restart)} takes effect when the stack is started again.")
        self._note(problem)

    async def _reset(self) -> None:
        assert self._serving  # noqa: S101 (the signal is minded once it is there)
        problem: str | None = None
        async with self._serving.paused():
            try:
                await _in_thread(prepare.empty_database, self._server)
            except DATABASE_ERRORS as error:
                problem = str(error)
            self._stack.wipe_people()
            if self._options.clock:
                Clock(self._stack.clock).reset()
        self._log.say(problem or "reset: the data is gone, every migration is applied", style=GREEN)
        self._note(problem, generation=self.record.generation + 1)

    async def _keep_partitions(self) -> None:
        """Realtime's partitions of the coming days, made before they are needed."""
        while True:
            await asyncio.sleep(PARTITIONS_EVERY)
            try:
                today = datetime.now(UTC).date()
                await _in_thread(postgres.ensure_partitions, prepare.admin_url(self._server), today)
            except DATABASE_ERRORS as error:
                self._log.complain(f"Realtime's partitions could not be made: {error}")

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _in_thread(
    work: Callable[Arguments, Answer], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Answer:
    """Run blocking work. When we are cancelled meanwhile, first let it finish: what it started has to be stopped."""
    task = asyncio.create_task(asyncio.to_thread(work, *arguments, **named))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
