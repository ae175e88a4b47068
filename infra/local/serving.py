"""The child that serves, the spare that waits to take its place, and what happens when one ends by itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager

from infra.local.child import Child, Problem
from infra.local.logs import Log

# Seconds before each new attempt when the server keeps ending by itself.
CRASH_PAUSES = (0.2, 1.0, 2.0, 5.0, 10.0)


class Serving:
    """One child serves at a time; for a moment, during a reload, two. `replaced` hears when one had to be replaced."""

    def __init__(self, start: Callable[[], Awaitable[Child]], *, log: Log, spare: bool) -> None:
        self._start = start
        self._log = log
        self.replaced: Callable[[], None] = lambda: None
        self.problem: Problem | None = None  # why the newest code does not serve
        self._wants_spare = spare
        self._current: Child | None = None
        self._spare: Child | None = None
        self._loading: Child | None = None
        self._turn = asyncio.Lock()
        self._crashes = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int | None:
        return self._current.pid if self._current else None

    async def load(self) -> Problem | None:
        """Serve the code as it is now. With a problem, what served before goes on serving."""
        async with self._turn:
            self._crashes = 0
            return await self._load()

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Nobody serves inside, requests wait in the socket's queue; afterwards the code is loaded anew."""
        async with self._turn:
            for child in self._take():
                await child.end()
            try:
                yield
            finally:
                await self._load()

    async def close(self) -> None:
        """End every child."""
        children = self._take()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(child.end() for child in children), *self._tasks, return_exceptions=True)

    async def _load(self) -> Problem | None:
        self._loading = self._spare or await self._start()
        self._spare = None
        problem = self.problem = await self._loading.load()
        if problem is None:
            old, self._current = self._current, self._loading
            self._background(self._mind(self._current))
            if old:
                self._background(old.retire())
        self._loading = None
        if self._wants_spare:
            self._spare = await self._start()
        return problem

    def _take(self) -> list[Child]:
        children = [child for child in (self._current, self._spare, self._loading) if child]
        self._current = self._spare = self._loading = None
        return children

    def _background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _mind(self, child: Child) -> None:
        """Replace the child when it ends although nobody asked it to."""
        code = await child.ended()
        if child is not self._current:
            return
        pause = CRASH_PAUSES[min(self._crashes, len(CRASH_PAUSES) - 1)]
        self._log.complain(f"The server ended by itself (code {code}); starting it again in {pause} s.")
        await asyncio.sleep(pause)
        async with self._turn:
            if child is self._current:
                self._crashes += 1
                self._current = None
                problem = await self._load()
                if problem:
                    self._log.complain(f"{problem}\nIt is loaded again at the next save.")
                self.replaced()
