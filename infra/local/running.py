"""A stack that is up, as the parts of its supervisor share it."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import psycopg

from infra.local.addresses import Addresses
from infra.local.logs import Log
from infra.local.migrate import MigrationError
from infra.local.postgres import PostgresError
from infra.local.serving import Serving
from infra.local.stack import Record, Stack

DATABASE_ERRORS = (MigrationError, PostgresError, psycopg.Error)
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


@dataclass
class Running:
    """What changes while a stack is up, and the record of it that every other process reads."""

    stack: Stack
    log: Log
    addresses: Addresses
    serving: Serving
    record: Record
    reload: bool

    def note(self, problem: str | None = None, *, generation: int | None = None) -> None:
        """Write down what is true now; `problem` is what the database has against it, the code speaks for itself."""
        addresses, secrets = self.addresses, self.stack.secrets()
        if self.serving.problem and not problem:
            problem = str(self.serving.problem)
        pids = {"supervisor": os.getpid(), "postgres": addresses.server.pid}
        if self.serving.pid:
            pids["server"] = self.serving.pid
        self.record = Record(
            state="failed" if problem else "up",
            folder=str(self.stack.folder),
            pids=pids,
            generation=generation or self.record.generation,
            problem=problem,
            clock=addresses.clock,
            reload=self.reload,
            urls=addresses.urls,
            keys={"publishable": secrets.publishable_key, "secret": secrets.secret_key},
            ports={"gateway": addresses.port, "postgres": addresses.server.port},
            functions=self._functions(),
            environment=addresses.for_programs(),
        )
        self.stack.write_record(self.record)

    def _functions(self) -> dict[str, dict[str, str]]:
        try:
            return self.addresses.functions()
        except ValueError:  # firebase.json is broken just now: what serves was read from the one before
            return self.record.functions


async def in_thread(work: Callable[Arguments, Answer], *arguments: Arguments.args, **named: Arguments.kwargs) -> Answer:
    """Run blocking work. When we are cancelled meanwhile, first let it finish: what it started has to be stopped."""
    task = asyncio.create_task(asyncio.to_thread(work, *arguments, **named))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
