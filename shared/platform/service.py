"""How every function is put together: settings, database, identity, errors, health, OpenAPI. The same for all."""

import gc
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request

from shared.platform import clock, refusals
from shared.platform.database import open_database
from shared.platform.door import Door
from shared.platform.identity import Identity, SigningKeys
from shared.platform.refusals import ErrorAnswer
from shared.platform.settings import read_settings


def create_app(name: str, *, title: str, routes: APIRouter) -> FastAPI:
    """The ASGI application of function `name`. Resources are opened when it starts, none at import."""
    app = FastAPI(
        title=title,
        version="1",
        lifespan=_lifespan,
        openapi_tags=[{"name": name}, {"name": "health"}],
        redirect_slashes=False,
        # Handed over flat: included routers are matched one inside the other, on every request.
        routes=[*routes.routes, *_health.routes],
    )
    app.add_middleware(Door, function=name)
    refusals.register(app)
    app.openapi = _described(app)  # type: ignore[method-assign]  # FastAPI's own way to extend it
    return app


def _described(app: FastAPI) -> Callable[[], dict[str, object]]:
    """The OpenAPI document of `app`, made when it is first asked for, with the security scheme that all routes name.

    The scheme is written here and is no dependency, which would run on every request.
    """
    describe = app.openapi

    def openapi() -> dict[str, object]:
        if not app.openapi_schema:
            schema = describe()
            schema["components"].setdefault("securitySchemes", {})["firebase"] = {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "A Firebase ID token, of an anonymous sign-in too.",
            }
        return app.openapi_schema or {}

    return openapi


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings = read_settings(os.environ)
    app.state.settings = settings
    keys = SigningKeys(settings.identity_jwks_url)
    keys.prefetch(clock.now().timestamp())
    app.state.identity = Identity(issuer=settings.identity_issuer, audience=settings.identity_audience, keys=keys)
    url = settings.database_url.get_secret_value()
    async with open_database(url, settings.database_pool_size) as app.state.database:
        # What is loaded now stays: the collector need not walk through it again and again while requests wait.
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
    await request.app.state.database.fetch_one(dict, "select 1 as one", parameters={})
    return {"status": "ready"}
