"""Every refusal as callers see it: ours, the framework's and pydantic's in one form."""

from collections.abc import Mapping, Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from shared.models.errors import (
    CoincideError,
    InvalidJson,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
)
from shared.platform import log
from shared.platform.door import render

_PROBLEMS = 20
"""Problems that one refusal names: enough to mend a form, and the answer stays small whatever was sent."""


class ErrorAnswer(BaseModel):
    """What every refusal looks like."""

    code: str = Field(description="For programs; never changes.", examples=["throttled"])
    message: str = Field(
        description="For people: what happened and what to do next.",
        examples=["Too many posts in a short time. Wait for the seconds in Retry-After, then send it again."],
    )
    details: dict[str, object] = Field(description="More, where there is more; {} otherwise.")
    request_id: str | None = Field(description="Name it when you report a problem.", examples=["req_5f0c7d9b21aa43e0"])


def register(app: FastAPI) -> None:
    """Let `app` answer every refusal in this form."""
    app.add_exception_handler(CoincideError, _render_ours)
    app.add_exception_handler(RequestValidationError, _render_invalid)
    app.add_exception_handler(HTTPException, _render_http)


async def _render_ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, CoincideError)  # noqa: S101 (what it is registered for)
    if error.status >= 500:
        log.error("A request was refused because of us.", error.__cause__, code=error.code)
    return render(error)


async def _render_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 (what it is registered for)
    return render(invalid([(problem["loc"], problem) for problem in error.errors()]))


def invalid(problems: Sequence[tuple[Sequence[object], Mapping[str, object]]]) -> CoincideError:
    """Where each problem is and what it is. The input stays out: it is what a person wrote."""
    if any(problem["type"] == "json_invalid" for _, problem in problems):
        return InvalidJson()
    told = [
        {
            "in": str(place[0]),
            "field": ".".join(map(str, place[1:])),
            "problem": str(problem["msg"]).removeprefix("Value error, "),
        }
        for place, problem in problems
    ]
    return InvalidRequest(details={"problems": told[:_PROBLEMS]})


async def _render_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 (what it is registered for)
    match error.status_code:
        case 404:
            return render(NotFound())
        case 405:
            response = render(MethodNotAllowed())
            response.headers["Allow"] = ", ".join(sorted(_methods(request)))
            return response
        case _:
            return render(InvalidRequest(error.detail))


def _methods(request: Request) -> set[str]:
    """What the path takes. The framework names the methods of the first route that has the path, and no others'."""
    routes = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
    return {method for route in routes for method in getattr(route, "methods", None) or ()}
