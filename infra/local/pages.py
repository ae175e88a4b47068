"""What the stack answers itself: a front page that lists what is there, the settable clock, and 404 for the rest."""

from datetime import UTC, datetime, timedelta
from html import escape

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from infra.local.addresses import CLOCK_PATH, JWKS_PATH, function_addresses
from infra.local.clock import FURTHEST, Clock
from infra.local.hosting import Rewrite

A_CENTURY = FURTHEST.total_seconds()


class Move(BaseModel):
    """What POST /local/clock takes: one of the three."""

    model_config = ConfigDict(extra="forbid")

    advance_seconds: float | None = Field(default=None, ge=-A_CENTURY, le=A_CENTURY)
    at: AwareDatetime | None = None
    reset: bool = False


def create_pages(rewrites: list[Rewrite], clock: Clock | None) -> Starlette:
    """The app behind every path that belongs to no function and not to identity."""
    contents = _contents(rewrites, clock is not None)

    async def front(request: Request) -> Response:
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(_page(contents))
        return JSONResponse(contents)

    routes = [Route("/", front)]
    if clock:
        routes += _clock_routes(clock)
    return Starlette(routes=routes, exception_handlers={HTTPException: _refuse})


def _contents(rewrites: list[Rewrite], settable: bool) -> dict[str, dict[str, str]]:
    contents = function_addresses(rewrites, "")
    contents["identity"] = {"keys": JWKS_PATH, "paths": "as the Firebase Auth emulator has them"}
    if settable:
        contents["clock"] = {"read or move": CLOCK_PATH}
    return contents


def _page(contents: dict[str, dict[str, str]]) -> str:
    def cell(value: str) -> str:
        return f'<a href="{escape(value)}">{escape(value)}</a>' if value.startswith("/") and " " not in value else value

    rows = "".join(
        f"<h2>{escape(name)}</h2><dl>{''.join(f'<dt>{escape(k)}<dd>{cell(v)}' for k, v in entries.items())}</dl>"
        for name, entries in contents.items()
    )
    style = "body{font:16px/1.5 system-ui;margin:3rem auto;max-width:44rem}dt{color:#777}"
    return f"<!doctype html><meta charset=utf-8><title>Coincide</title><style>{style}</style><h1>Coincide</h1>{rows}"


def _clock_routes(clock: Clock) -> list[Route]:
    def answer() -> JSONResponse:
        offset = clock.offset.total_seconds()
        return JSONResponse({"now": clock.now().isoformat(), "offset_seconds": offset})

    async def read(_: Request) -> Response:
        return answer()

    async def move(request: Request) -> Response:
        try:
            _move(clock, Move.model_validate_json(await request.body()))
        except ValueError as error:
            raise HTTPException(422, _first_line(error)) from error
        return answer()

    return [Route(CLOCK_PATH, read, methods=["GET"]), Route(CLOCK_PATH, move, methods=["POST"])]


def _move(clock: Clock, move: Move) -> None:
    match move:
        case Move(advance_seconds=float(seconds), at=None, reset=False):
            clock.advance(timedelta(seconds=seconds))
        case Move(advance_seconds=None, at=datetime() as at, reset=False):
            clock.set(at.astimezone(UTC))
        case Move(advance_seconds=None, at=None, reset=True):
            clock.reset()
        case _:
            raise ValueError('say one of {"advance_seconds": n}, {"at": "2026-11-20T18:00:00Z"}, {"reset": true}')


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        problem = error.errors()[0]
        return f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}"
    return str(error)


async def _refuse(_: Request, error: Exception) -> Response:
    """The same shape as every function's errors; no request id, because nothing is logged."""
    assert isinstance(error, HTTPException)  # noqa: S101 (what it is registered for)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_request")
    message = "Nothing answers here; GET / lists what does." if error.status_code == 404 else error.detail
    body: dict[str, object] = {"code": code, "message": message, "details": {}, "request_id": None}
    return JSONResponse(body, error.status_code, error.headers)
