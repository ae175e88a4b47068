"""How every function is put together: settings, database, identity, errors, health, OpenAPI. The same for all."""

import gc
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException

from shared.models.errors import (
    CoincideError,
    InvalidJson,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    UnsupportedMediaType,
)
from shared.models.person import Person
from shared.platform import clock, log
from shared.platform.database import Database, open_database
from shared.platform.door import Door, render
from shared.platform.identity import Identity, SigningKeys
from shared.platform.settings import Settings, read_settings

Model = TypeVar("Model", bound=BaseModel)


class ErrorAnswer(BaseModel):
    """What every refusal looks like."""

    code: str = Field(description="For programs; never changes.", examples=["throttled"])
    message: str = Field(description="For people: what happened and what to do next.")
    details: dict[str, object] = Field(description="More, where there is more; {} otherwise.")
    request_id: str | None = Field(description="Name it when you report a problem.", examples=["req_5f0c7d9b21aa43e0"])


@dataclass(frozen=True, slots=True)
class Visit:
    """One request with all that an answer to it may need. `person` is None where nobody signed in."""

    person: Person | None
    address: str
    now: datetime
    settings: Settings
    database: Database


@dataclass(frozen=True, slots=True)
class SignedInVisit(Visit):
    """A request of somebody who signed in."""

    person: Person


async def _anyone(request: Request) -> Visit:
    authorization = request.headers.get("authorization")
    now = clock.now()
    state = request.app.state
    person = None if authorization is None else await state.identity.person(authorization, now)
    return Visit(person, _address(request, state.settings.trusted_proxies), now, state.settings, state.database)


async def signed_in(request: Request) -> SignedInVisit:
    """The visit of somebody who signed in. NotAuthenticated, TokenExpired, or Temporary while the issuer is away."""
    now = clock.now()
    state = request.app.state
    person = await state.identity.person(request.headers.get("authorization"), now)
    return SignedInVisit(person, _address(request, state.settings.trusted_proxies), now, state.settings, state.database)


SIGNED_IN: Final[dict[str, object]] = {"security": [{"firebase": []}]}
"""`openapi_extra` of a route that takes `SignedIn`."""

SIGNED_IN_OR_NOT: Final[dict[str, object]] = {"security": [{"firebase": []}, {}]}
"""`openapi_extra` of a route that takes `Anyone`."""

Anyone = Annotated[Visit, Depends(_anyone)]
SignedIn = Annotated[SignedInVisit, Depends(signed_in)]


def _address(request: Request, trusted_proxies: int) -> str:
    """Who sent the request: the entry that our own outermost front end added, never one that a caller made up."""
    peer = request.client.host if request.client else "unknown"
    chain = [part.strip() for part in ",".join(request.headers.getlist("x-forwarded-for")).split(",") if part.strip()]
    return chain[-trusted_proxies] if 0 < trusted_proxies <= len(chain) else peer


async def read_json(request: Request, model: type[Model]) -> Model:
    """The body as a `model`, for the one route of a function where FastAPI's own way would be felt.

    UnsupportedMediaType, InvalidJson, or InvalidRequest with the problem of each field.
    """
    if "json" not in request.headers.get("content-type", "json"):
        raise UnsupportedMediaType
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        raise _invalid([(("body", *problem["loc"]), problem) for problem in problems]) from None


def body_of(model: type[BaseModel]) -> dict[str, object]:
    """`openapi_extra` of a route that calls `read_json`."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def create_app(name: str, *, title: str, routes: APIRouter, version: str = "1") -> FastAPI:
    """The ASGI application of function `name`. Resources are opened when it starts, none at import."""
    app = _Function(
        title=title,
        version=version,
        lifespan=_lifespan,
        openapi_tags=[{"name": name}, {"name": "health"}],
        redirect_slashes=False,
        # Handed over flat: included routers are matched one inside the other, on every request.
        routes=[*routes.routes, *_health.routes],
    )
    app.add_middleware(Door, function=name)
    app.add_exception_handler(CoincideError, _render_ours)
    app.add_exception_handler(RequestValidationError, _render_invalid)
    app.add_exception_handler(HTTPException, _render_http)
    return app


class _Function(FastAPI):
    """FastAPI, with the one security scheme that all functions share in its description."""

    def openapi(self) -> dict[str, object]:
        """OpenAPI 3.1. The scheme is written here and is no dependency, which would run on every request."""
        if not self.openapi_schema:
            schema = super().openapi()
            schema["components"].setdefault("securitySchemes", {})["firebase"] = {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "A Firebase ID token, of an anonymous sign-in too.",
            }
        return self.openapi_schema or {}


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings = read_settings(os.environ)
    app.state.settings = settings
    app.state.identity = Identity(
        issuer=settings.identity_issuer,
        audience=settings.identity_audience,
        keys=SigningKeys(settings.identity_jwks_url),
    )
    url = settings.database_url.get_secret_value()
    async with open_database(url, settings.database_pool_size) as app.state.database:
        # What is loaded now stays: the collector need not walk through it again and again while requests wait.
        gc.collect()
        gc.freeze()
        yield


_health = APIRouter(tags=["health"])


@_health.get("/healthz", summary="Is the process up?")
async def healthz() -> dict[str, str]:
    """Answers without asking anybody else."""
    return {"status": "ok"}


@_health.get("/readyz", summary="Can it do its work?", responses={503: {"model": ErrorAnswer}})
async def readyz(request: Request) -> dict[str, str]:
    """Asks the database; 503 while it is away."""
    await request.app.state.database.fetch_one(dict, "select 1 as one", {})
    return {"status": "ready"}


async def _render_ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, CoincideError)  # noqa: S101 (what it is registered for)
    if error.status >= 500:
        log.error("A request was refused because of us.", error.__cause__, code=error.code)
    return render(error)


async def _render_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 (what it is registered for)
    if error.body is not None and "json" not in request.headers.get("content-type", ""):
        return render(UnsupportedMediaType())
    return render(_invalid([(problem["loc"], problem) for problem in error.errors()]))


def _invalid(problems: Sequence[tuple[Sequence[object], Mapping[str, object]]]) -> CoincideError:
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
    return InvalidRequest(details={"problems": told})


async def _render_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 (what it is registered for)
    match error.status_code:
        case 404:
            return render(NotFound())
        case 405:
            response: JSONResponse = render(MethodNotAllowed())
            response.headers.update(error.headers or {})
            return response
        case 400:
            return render(InvalidJson())
        case _:
            return render(InvalidRequest(error.detail))
