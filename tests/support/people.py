"""Drives the local identity over HTTP as an SDK would: one method per thing a person or an administrator does."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import uvicorn
from jwt.types import Options
from starlette.applications import Starlette

from infra.local.identity import create_identity

PROJECT = "demo-coincide"
TOOLKIT = "/identitytoolkit.googleapis.com/v1"
JWKS = "/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"
OWNER = {"Authorization": "Bearer owner"}
PASSWORD = "correct horse"


@dataclass
class Clock:
    """A clock that a test moves; it begins far from the machine's own time, so that a mix-up shows."""

    moment: datetime = field(default_factory=lambda: datetime(2031, 5, 17, 12, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, by: timedelta) -> None:
        self.moment += by


class InProcess(httpx.BaseTransport):
    """The app without a socket, for a synchronous client."""

    def __init__(self, app: Starlette) -> None:
        self.transport = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def exchange() -> httpx.Response:
            response = await self.transport.handle_async_request(request)
            return httpx.Response(response.status_code, headers=response.headers, content=await response.aread())

        return asyncio.run(exchange())


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The app on a real socket; gives its base URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        # Already listening: the first request waits in the backlog until the server takes it.
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


@dataclass(frozen=True)
class IdentityCalls:
    """Answers are raw responses: `answered` is for those that must succeed, `refused` for those that must not."""

    http: httpx.Client

    def client(self, call: str, **body: object) -> httpx.Response:
        return self.http.post(f"{TOOLKIT}/accounts:{call}?key=any", json=body)

    def admin(self, call: str, **body: object) -> httpx.Response:
        return self.http.post(f"{TOOLKIT}/projects/{PROJECT}/accounts{call}", json=body, headers=OWNER)

    def refresh(self, refresh_token: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self.http.post("/securetoken.googleapis.com/v1/token?key=any", data=form)

    def sign_up(self, email: str | None = None, password: str = PASSWORD) -> dict[str, Any]:
        return answered(self.client("signUp", **({"email": email, "password": password} if email else {})))

    def claims(self, id_token: str, now: datetime) -> dict[str, Any]:
        """The claims of a token that verifies against the published keys, as the product would verify it."""
        [key] = jwt.PyJWKSet.from_dict(self.http.get(JWKS).json()).keys
        assert jwt.get_unverified_header(id_token) == {"alg": "RS256", "typ": "JWT", "kid": key.key_id}
        issuer = f"https://securetoken.google.com/{PROJECT}"
        unhurried: Options = {"verify_exp": False, "verify_iat": False}  # PyJWT would read the machine's clock
        claims = jwt.decode(id_token, key, algorithms=["RS256"], audience=PROJECT, issuer=issuer, options=unhurried)
        assert claims["iat"] <= now.timestamp() < claims["exp"]
        return claims


@contextmanager
def open_identity(folder: Path, clock: Clock) -> Iterator[IdentityCalls]:
    """The local identity on this folder, in this process."""
    app = create_identity(folder, project=PROJECT, now=clock)
    with httpx.Client(transport=InProcess(app), base_url="http://identity") as http:
        yield IdentityCalls(http)


def answered(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def refused(response: httpx.Response) -> str:
    """The message of a 400 in Google's shape."""
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, 400), response.text
    assert error["errors"] == [{"message": error["message"], "reason": "invalid", "domain": "global"}]
    return str(error["message"])
