"""One origin for the whole backend: functions by firebase.json's routes, each function's own door, identity, pages.

Adds to a request what a front end adds: the peer's address at the end of X-Forwarded-For. And to an answer what only a
developer needs: the leave for a page of another local origin to read it (deployed, app and API share one origin).
"""

import importlib
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Message, Receive, Scope, Send

from infra.local.hosting import Rewrite
from infra.local.identity.app import NEARBY
from shared.platform import log

FUNCTION_DOOR = "/fn/"
IDENTITY_DOORS = (
    "/identitytoolkit.googleapis.com/",
    "/securetoken.googleapis.com/",
    "/service_accounts/",
    "/emulator/",
)
READABLE_HEADERS = ("X-Request-Id", "Retry-After", "Location", "Idempotency-Replayed")


@dataclass
class Mounted:
    """An app, with the state that its lifespan yields while it runs."""

    app: Starlette
    state: dict[str, Any] = field(default_factory=dict)


def load_functions(folder: Path) -> dict[str, Starlette]:
    """Import `app` from every functions/<name>/main.py."""
    names = sorted(main.parent.name for main in folder.glob("*/main.py"))
    return {name: importlib.import_module(f"functions.{name}.main").app for name in names}


class Gateway:
    """The ASGI app. Serve it inside `running()`, which runs the lifespans of all mounted apps."""

    def __init__(
        self, functions: Mapping[str, Starlette], rewrites: list[Rewrite], *, identity: Starlette, pages: Starlette
    ) -> None:
        if unknown := {rewrite.function for rewrite in rewrites} - functions.keys():
            raise ValueError(f"firebase.json names functions that have no main.py: {', '.join(sorted(unknown))}")
        self._functions = {name: Mounted(app) for name, app in functions.items()}
        self._routes = [(rewrite.pattern.fullmatch, self._functions[rewrite.function]) for rewrite in rewrites]
        self._identity = Mounted(identity)
        self._pages = Mounted(pages)
        self.retiring = False
        self._for_pages = CORSMiddleware(
            self._answer,
            allow_origin_regex=NEARBY,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=READABLE_HEADERS,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start every mounted app; stop them in the opposite order."""
        async with AsyncExitStack() as stack:
            for mounted in (*self._functions.values(), self._identity):
                state = await stack.enter_async_context(mounted.app.router.lifespan_context(mounted.app))
                mounted.state = dict(state or {})
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # nothing here speaks WebSocket yet
            await send({"type": "websocket.close", "code": 1000})
            return
        if self.retiring:
            send = _last_answer(send)
        if scope["path"].startswith(IDENTITY_DOORS):
            await self._identify(scope, receive, send)
        else:
            await self._for_pages(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        mounted, door = self._find(scope["path"])
        scope["headers"] = _forwarded(scope["headers"], scope["client"])
        scope["state"] = mounted.state.copy()
        if door:
            scope["root_path"] = door
            scope["path"] = scope["path"].removeprefix(door) or "/"
        await mounted.app(scope, receive, send)

    def _find(self, path: str) -> tuple[Mounted, str]:
        """Which app answers the path, and which beginning of the path is only its address here."""
        for matches, function in self._routes:
            if matches(path):
                return function, ""
        if path.startswith(FUNCTION_DOOR):
            name = path.removeprefix(FUNCTION_DOOR).partition("/")[0]
            if name in self._functions:
                return self._functions[name], FUNCTION_DOOR + name
        return self._pages, ""

    async def _identify(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Identity logs nothing itself: a line like a function's, with the call in place of the long path."""
        status, began = 0, time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        scope["state"] = self._identity.state.copy()
        await self._identity.app(scope, receive, noting)
        ms = round((time.perf_counter() - began) * 1000, 2)
        call = "/" + scope["path"].rpartition("/")[2]
        log.info("request", function="identity", method=scope["method"], path=call, status=status, ms=ms)


def _last_answer(send: Send) -> Send:
    """Ask the client to come back on a new connection, which our successor accepts."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        await send(message)

    return sending


def _forwarded(headers: list[tuple[bytes, bytes]], client: tuple[str, int] | None) -> list[tuple[bytes, bytes]]:
    peer = client[0].encode() if client else b"unknown"
    earlier = [value for name, value in headers if name == b"x-forwarded-for"]
    others = [header for header in headers if header[0] != b"x-forwarded-for"]
    return [*others, (b"x-forwarded-for", b", ".join([*earlier, peer]))]
