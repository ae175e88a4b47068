"""One server child, seen from the supervisor: started ahead of its time, loaded when it is needed, ended in order."""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.stack import CHECKOUT

LOAD, RETIRE = b"l", b"r"  # what serve.py reads
LOAD_SECONDS = 30
END_SECONDS = 5


@dataclass(frozen=True)
class Problem:
    """Why the code does not load: for a person, with the place in the checkout if it is known."""

    error: str
    file: str | None = None
    line: int | None = None
    text: str | None = None
    column: int | None = None
    way: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{self.file}:{self.line}  {self.error}" if self.file else self.error]
        if self.text:
            lines.append(f"    {self.text}")
        if self.column and self.text:
            lines.append("    " + " " * (self.column - 1) + "^")
        if self.way:
            lines.append(f"    by way of {', '.join(self.way)}")
        return "\n".join(lines)


class Child:
    """A process of serve.py. It ends by itself when this process does."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    @classmethod
    async def start(
        cls, folder: Path, environment: dict[str, str], *, listening: int, output: int, clock: bool
    ) -> "Child":
        """Start it; it imports libraries and waits for `load`."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-u", "-P", "-m", "infra.local.serve", str(listening), str(folder)),
            "clock" if clock else "real",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
            env=_inherited() | environment | {"PYTHONPATH": str(CHECKOUT)},
            pass_fds=[listening],
            # Its own session: Ctrl-C in the terminal is for the supervisor, which ends it in order.
            start_new_session=True,
        )
        return cls(process)

    async def load(self) -> Problem | None:
        """Let it import our code and serve. None when it does; a problem, and its end, when it cannot."""
        await self._order(LOAD)
        assert self._process.stdout  # noqa: S101 (asked for above)
        try:
            async with asyncio.timeout(LOAD_SECONDS):
                answer = await self._process.stdout.readline()
        except TimeoutError:
            await self.end()
            return Problem(f"The code was not loaded after {LOAD_SECONDS} s.")
        if not answer:
            code = await self._process.wait()
            return Problem(f"The server ended while it was loading, with code {code}.")
        said: dict[str, Any] = json.loads(answer)
        if "error" not in said:
            return None
        await self._process.wait()
        return Problem(**said)

    async def ended(self) -> int:
        """Wait for its end; the exit code."""
        return await self._process.wait()

    async def retire(self) -> None:
        """Let it answer what it has accepted, and end; another one serves already."""
        await self._order(RETIRE)
        await self._until_ended()

    async def end(self) -> None:
        """Ask it to end now; insist after a while."""
        self._signal(signal.SIGTERM)
        await self._until_ended()

    async def _until_ended(self) -> None:
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._process.wait()

    async def _order(self, order: bytes) -> None:
        assert self._process.stdin  # noqa: S101 (asked for above)
        with suppress(ConnectionError):
            self._process.stdin.write(order)
            await self._process.stdin.drain()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)


def _inherited() -> dict[str, str]:
    """The caller's environment without what would change a function: those variables are the stack's to say."""
    ours = ("DATABASE_", "IDENTITY_", "SIGNING_", "PUBLIC_URL", "TRUSTED_PROXIES", "FIREBASE_", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
