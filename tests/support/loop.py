"""Tests that await: each in an event loop of its own."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import ParamSpec

Arguments = ParamSpec("Arguments")


def awaited(test: Callable[Arguments, Coroutine[object, object, None]]) -> Callable[Arguments, None]:
    """Let pytest call an `async def` test."""

    @wraps(test)
    def run(*arguments: Arguments.args, **named: Arguments.kwargs) -> None:
        asyncio.run(test(*arguments, **named))

    return run
