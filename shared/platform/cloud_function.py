"""The way from functions-framework to a function's ASGI app.

functions-framework has its own Starlette around ours. Returned bare, our app would never run its lifespan, would lose
the execution id before its first line ran, and would be answered twice after an error; this adapter mends the three.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import cast

from fastapi import FastAPI
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.platform.settings import read_settings

Target = Callable[[Request], Awaitable[ASGIApp]]


class _Adapter:
    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._starting = asyncio.Lock()
        self._started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._started:
            await self._start()
        _keep_execution_id(scope)
        # What functions-framework matched is its own "/{path:path}", not one of our routes.
        await self._app({**scope, "path_params": {}, "root_path": ""}, receive, send)

    async def _start(self) -> None:
        """Enter the lifespan once, in the worker's own loop. Nothing tells a worker to leave it: it ends with it."""
        async with self._starting:
            if not self._started:
                self._lifespan = self._app.router.lifespan_context(self._app)
                await self._lifespan.__aenter__()
                self._started = True


def _keep_execution_id(scope: Scope) -> None:
    from functions_framework import execution_id

    for name, value in scope["headers"]:
        if name == b"function-execution-id":
            context = execution_id.ExecutionContext(value.decode("latin-1"))  # type: ignore[no-untyped-call]
            execution_id.execution_context_var.set(context)  # type: ignore[arg-type]


def cloud_function(name: str, app: FastAPI) -> Target:
    """The functions-framework target `name`. Under any other server it is a function that nobody calls."""
    adapter = _Adapter(app)

    async def target(_: Request) -> ASGIApp:
        return adapter

    target.__name__ = name
    if "functions_framework" not in sys.modules:
        # Only that server reads its registry; importing it elsewhere would cost a tenth of a second of cold start.
        return target
    read_settings(os.environ)  # a wrong environment ends the process here, not the first request
    from functions_framework import aio

    return cast(Target, aio.http(cast(aio.HTTPFunction, target)))
