"""The outermost layer of a function: every request gets an id, a size limit, one log line, and never a stack trace."""

import re
import time
from collections.abc import MutableMapping
from secrets import token_hex
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.models.errors import BodyTooLarge, CoincideError, Permanent
from shared.platform import log, patience

MAX_BODY = 32 * 1024
"""Bytes of a request body. The longest post, every character escaped, takes less."""

_DRAINED = 16 * 1024 * 1024
"""Bytes of a body that is too large which are read and thrown away, so that its sender gets to see the answer."""

_GONE: Final = 499
"""What the log says of a caller who left before the request was whole. Nothing is done for half a request."""

_FOREIGN_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_QUIET: Final = frozenset({"/healthz", "/readyz"})


def render(error: CoincideError) -> JSONResponse:
    """`error` as every function answers it."""
    headers = {} if error.retry_after is None else {"Retry-After": str(max(1, -int(-error.retry_after // 1)))}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = {
        "code": error.code,
        "message": error.message,
        "details": error.details,
        "request_id": log.request_id.get(),
    }
    return JSONResponse(body, error.status, headers)


class Door:
    """ASGI middleware: in through here, out through here."""

    def __init__(self, app: ASGIApp, function: str) -> None:
        self._app = app
        self._function = function

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(scope, receive, send)
        context = log.request_id.set(request.id)
        patience.begin()
        try:
            await self._answer(request)
        finally:
            self._record(request)
            log.request_id.reset(context)

    async def _answer(self, request: "_Request") -> None:
        try:
            await request.read_body()
            await self._app(request.scope, request.replay, request.send)
        except CoincideError as error:
            await request.refuse(error)
        except ClientDisconnect:
            request.status = _GONE
        except Exception as error:
            log.error("A request failed in a way nobody foresaw.", error, function=self._function)
            await request.refuse(Permanent())

    def _record(self, request: "_Request") -> None:
        path = request.scope["path"]
        if path in _QUIET and request.status < 500:
            return
        log.info(
            "request",
            function=self._function,
            method=request.scope["method"],
            # the template (/v1/posts/{post_id}), since a path holds what a person typed
            path=getattr(request.scope.get("route"), "path", "unrouted"),
            status=request.status,
            ms=round((time.perf_counter() - request.began) * 1000, 2),
        )


class _Request:
    """One request on its way through the door."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.status = 0
        self.began = time.perf_counter()
        self._receive = receive
        self._send = send
        self._body: bytes | None = b""
        headers = Headers(scope=scope)
        foreign = headers.get("function-execution-id") or headers.get("x-request-id", "")
        self.id = foreign if _FOREIGN_ID.fullmatch(foreign) else f"req_{token_hex(8)}"

    async def read_body(self) -> None:
        """The whole body, or BodyTooLarge."""
        if self.scope["method"] in ("GET", "HEAD"):
            return
        parts: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] != "http.request":
                raise ClientDisconnect
            part = message.get("body", b"")
            size += len(part)
            if size <= MAX_BODY:
                parts.append(part)
            if not message.get("more_body", False) or size > _DRAINED:
                break
        if size > MAX_BODY:
            raise BodyTooLarge
        self._body = b"".join(parts)

    async def replay(self) -> Message:
        """What the application receives: the body that was read, then what really comes."""
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: MutableMapping[str, object]) -> None:
        """Pass `message` on, the request's id in its headers."""
        if message["type"] == "http.response.start":
            self.status = int(str(message["status"]))
            headers = message.get("headers") or []
            message["headers"] = [*headers, (b"x-request-id", self.id.encode())]  # type: ignore[misc]
        await self._send(message)

    async def refuse(self, error: CoincideError) -> None:
        """Answer with `error`, unless an answer is on its way already."""
        if self.status == 0:
            await render(error)(self.scope, self._receive, self.send)
