"""The paths of the Auth emulator, so that `connectAuthEmulator` and FIREBASE_AUTH_EMULATOR_HOST work unchanged."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.identity import admin_calls, client_calls, config
from infra.local.identity.calls import Handler
from infra.local.identity.errors import (
    Refused,
    missing_api_key,
    not_covered,
    render_not_found,
    render_refusal,
    unauthenticated,
)
from infra.local.identity.keys import jwks
from infra.local.identity.people import open_people
from infra.local.identity.sessions import Answer, Identity
from infra.local.identity.tokens import load_signer

Guard = Callable[[Request, Identity], None]
TOOLKIT = "/identitytoolkit.googleapis.com"
OLD_TOOLKIT = "/www.googleapis.com/identitytoolkit/v3/relyingparty"
ADMIN = TOOLKIT + "/v1/projects/{project}/accounts"
EMULATOR = "/emulator/v1/projects/{project}"
JWKS_PATH = "/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"
JWKS_CACHE = {"Cache-Control": "public, max-age=3600, must-revalidate, no-transform"}
# Pages on this machine or in the same house may read answers; a page from the internet may not drive the stack.
NEARBY = (
    r"[a-z]+://(([a-z0-9-]+\.)*localhost|127\.\d+\.\d+\.\d+|\[::1\]|10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+"
    r"|172\.(1[6-9]|2\d|3[01])\.\d+\.\d+)(:\d+)?"
)


def create_identity(folder: Path, *, project: str, now: Callable[[], datetime]) -> Starlette:
    """The stand-in as an ASGI app; `folder` keeps its people and its key, `now` is its only clock."""
    identity = Identity(people=open_people(folder), signer=load_signer(folder, project=project), now=now)
    return Starlette(
        routes=[*_client_routes(identity), *_admin_routes(identity), *_emulator_routes(identity)],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origin_regex=NEARBY,
                allow_methods=["*"],
                allow_headers=["*"],
            )
        ],
        exception_handlers={Refused: render_refusal, 404: render_not_found, 405: render_not_found},
    )


def _client_routes(identity: Identity) -> list[Route]:
    def route(path: str, handler: Handler, *, method: str = "POST") -> Route:
        return _route(identity, path, handler=handler, guard=_with_key, method=method)

    return [
        *_accounts(TOOLKIT + "/v1/accounts:", client_calls.ACCOUNTS, route=route),
        route(OLD_TOOLKIT + "/getProjectConfig", client_calls.PROJECT, method="GET"),
        *_accounts(OLD_TOOLKIT + "/", client_calls.ACCOUNTS_BY_OLD_NAME, route=route),
        route("/securetoken.googleapis.com/v1/token", client_calls.TOKEN),
        route(TOOLKIT + "/v1/projects", client_calls.PROJECT, method="GET"),
        route(TOOLKIT + "/v2/recaptchaConfig", client_calls.RECAPTCHA_CONFIG, method="GET"),
    ]


def _admin_routes(identity: Identity) -> list[Route]:
    def route(path: str, handler: Handler, *, method: str = "POST") -> Route:
        return _route(identity, path, handler=handler, guard=_as_owner, method=method)

    return [
        route(ADMIN, admin_calls.CREATE),
        route(ADMIN + ":batchGet", admin_calls.PAGE_THROUGH, method="GET"),
        *_accounts(ADMIN + ":", admin_calls.ACCOUNTS, route=route),
    ]


def _emulator_routes(identity: Identity) -> list[Route]:
    def route(path: str, handler: Handler, *, method: str) -> Route:
        return _route(identity, path, handler=handler, guard=_of_project, method=method)

    async def published_key(_: Request) -> Response:
        return JSONResponse(jwks(identity.signer.key.public_key()), headers=JWKS_CACHE)

    async def ready(_: Request) -> Response:
        return JSONResponse({"authEmulator": {"ready": True}})

    return [
        route(EMULATOR + "/accounts", config.WIPE, method="DELETE"),
        route(EMULATOR + "/config", config.SHOW_CONFIG, method="GET"),
        route(EMULATOR + "/config", config.PATCH_CONFIG, method="PATCH"),
        Route(JWKS_PATH, published_key),
        Route("/", ready),
    ]


def _accounts(path: str, calls: Mapping[str, Handler], *, route: Callable[[str, Handler], Route]) -> list[Route]:
    def missing(_: Identity, __: bytes) -> Answer:
        raise not_covered("This call")

    return [*(route(path + name, handler) for name, handler in calls.items()), route(path + "{call}", missing)]


def _route(identity: Identity, path: str, *, handler: Handler, guard: Guard, method: str) -> Route:
    async def endpoint(request: Request) -> Response:
        guard(request, identity)
        # In a thread: a password hash takes 40 ms, and SQLite may wait for its lock.
        return JSONResponse(await run_in_threadpool(handler, identity, await _body(request)))

    return Route(path, endpoint, methods=[method])


async def _body(request: Request) -> bytes:
    """The body as JSON, whether it came as JSON, as a form (token refresh) or as a query."""
    if request.method == "GET":
        return json.dumps(dict(request.query_params)).encode()
    raw = await request.body()
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return json.dumps(dict(parse_qsl(raw.decode(errors="replace")))).encode()
    return raw


def _with_key(request: Request, _: Identity) -> None:
    if not request.query_params.get("key"):
        raise missing_api_key()


def _as_owner(request: Request, identity: Identity) -> None:
    authorization = request.headers.get("authorization", "")
    if authorization.lower() != "bearer owner":
        raise unauthenticated("authError" if authorization else "required")
    _of_project(request, identity)


def _of_project(request: Request, identity: Identity) -> None:
    if request.path_params["project"] != identity.signer.project:
        raise Refused(f"PROJECT_NOT_FOUND : this stack is the project {identity.signer.project}")
