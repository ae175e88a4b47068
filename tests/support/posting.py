"""The real function `posting` on a real port and a real database, and the people who call it.

Tests share one of each per worker and do not clean up: every person, address and word is a new one instead.
"""

import itertools
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import psycopg

from infra.local.clock import Clock
from infra.local.identity import Signer, create_identity, load_signer, mint_id_token
from tests.support.database import Database
from tests.support.people import JWKS, PROJECT, served

ROOT = Path(__file__).parents[2]
SECRET = "a signing secret of at least 32 characters"
PUBLIC_URL = "https://api.example.com"
PATIENCE_S = 30
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Issuer:
    """Who signs in people: a key, and where its public half is published."""

    signer: Signer
    jwks_url: str

    def environment(self, database_url: str, **variables: str) -> dict[str, str]:
        """Everything that a deployed function needs; `variables` are laid over it."""
        return {
            "DATABASE_URL": database_url,
            "IDENTITY_ISSUER": self.signer.issuer,
            "IDENTITY_AUDIENCE": self.signer.project,
            "IDENTITY_JWKS_URL": self.jwks_url,
            "SIGNING_SECRET": SECRET,
            "TRUSTED_PROXIES": "1",
            "PUBLIC_URL": PUBLIC_URL,
            **variables,
        }


@contextmanager
def issuing(folder: Path) -> Iterator[Issuer]:
    """The local identity on a real port."""
    clock = Clock(folder / "clock")
    app = create_identity(folder, project=PROJECT, now=clock.now)
    with served(app) as url:
        yield Issuer(load_signer(folder, project=PROJECT), url + JWKS)


@dataclass(frozen=True)
class Posting:
    """A running function. `said` is all that its process wrote so far, `complained` what it wrote to stderr."""

    url: str
    issuer: Issuer
    clock: Clock
    folder: Path
    pid: int
    http: httpx.Client

    @property
    def said(self) -> str:
        return (self.folder / "stdout").read_text()

    @property
    def complained(self) -> str:
        return (self.folder / "stderr").read_text()

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def person(self, name: str = "person") -> "Caller":
        """Somebody new, at an address of their own."""
        return Caller(self, f"{name}-{secrets.token_hex(6)}", new_address())

    def visitor(self) -> "Caller":
        """Somebody new who did not sign in."""
        return Caller(self, None, new_address())

    @contextmanager
    def later(self, by: timedelta) -> Iterator[None]:
        """Inside, the function lives that much later."""
        self.clock.advance(by)
        try:
            yield
        finally:
            self.clock.advance(-by)


@dataclass(frozen=True)
class Caller:
    """Somebody who calls the function; `uid` None has no token."""

    posting: Posting
    uid: str | None
    address: str
    _tokens: dict[int, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def token(self) -> str:
        """A current ID token, the same one for as long as an app would keep it."""
        assert self.uid is not None
        now = self.posting.clock.now()
        half_hour = int(now.timestamp() // 1800)
        if half_hour not in self._tokens:
            self._tokens[half_hour] = mint_id_token(self.posting.issuer.signer, self.uid, now=now)
        return self._tokens[half_hour]

    @property
    def headers(self) -> dict[str, str]:
        address = {"X-Forwarded-For": self.address}
        return address if self.uid is None else {**address, "Authorization": f"Bearer {self.token}"}

    def request(self, method: str, path: str, **rest: Any) -> httpx.Response:
        headers = {**self.headers, **(rest.pop("headers", None) or {})}
        return self.posting.http.request(method, path, headers=headers, **rest)

    def get(self, path: str, **query: object) -> httpx.Response:
        return self.request("GET", path, params=query or None)

    def delete(self, path: str) -> httpx.Response:
        return self.request("DELETE", path)

    def put(self, path: str) -> httpx.Response:
        return self.request("PUT", path)

    def send(self, body: object, **headers: str) -> httpx.Response:
        """POST /v1/posts with this body; a header's underscores are hyphens on the wire."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", "/v1/posts", json=body, headers=named)

    def says(self, content: str, **rest: object) -> dict[str, Any]:
        """The answer to a post that must be accepted."""
        response = self.send({"content": content, **rest})
        assert response.status_code == 201, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def reads(self, path: str, **query: object) -> dict[str, Any]:
        """The answer to a GET that must succeed."""
        response = self.get(path, **query)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer


@contextmanager
def serving(folder: Path, environment: dict[str, str], issuer: Issuer) -> Iterator[Posting]:
    """The function in a process of its own with this environment. It is ended with the block."""
    folder = Path(tempfile.mkdtemp(prefix="posting-", dir=folder))
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    argv = [sys.executable, "-m", "tests.support.serve_posting", str(listener.fileno()), str(folder / "clock")]
    with (folder / "stdout").open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            argv,
            cwd=ROOT,
            env={**os.environ, **environment},
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
        )
    # The child listens on its copy: the first request waits in the backlog until the function has started.
    listener.close()
    try:
        with httpx.Client(base_url=url, timeout=PATIENCE_S) as http:
            yield Posting(url, issuer, Clock(folder / "clock"), folder, process.pid, http)
    finally:
        process.communicate(timeout=PATIENCE_S)


def new_word() -> str:
    """Sixteen letters that no other test says."""
    return "".join(secrets.choice("bcdfghjklmnpqrstvwxz") for _ in range(16))


def new_song() -> str:
    """A post with a similarity key that no other test uses."""
    return f"Listening to {new_word()} by {new_word()}"


def new_address() -> str:
    number = next(_numbers)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def refusal(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The body of a refusal, which must be of the one shape that all have."""
    assert response.status_code == status, f"{response.status_code}: {response.text[:500]}"
    assert response.headers["content-type"] == "application/json"
    body: dict[str, Any] = response.json()
    assert set(body) == {"code", "message", "details", "request_id"}
    assert body["code"] == code, body
    assert body["message"]
    assert isinstance(body["details"], dict)
    assert body["request_id"] == response.headers["x-request-id"]
    assert "Traceback" not in response.text
    return body


def query(database: Database, statement: str, parameters: dict[str, object] | None = None) -> list[Any]:
    """The rows of a statement as the owner of the tables, whom policies do not bind."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        return connection.execute(statement.encode(), parameters).fetchall()


@cache
def _digests(database: Database) -> str:
    """The statement that sums a hash of every row of every table that a request could write."""
    tables = query(
        database,
        "select table_schema || '.' || table_name from information_schema.tables where table_type = 'BASE TABLE'"
        " and (table_schema in ('public', 'private') or (table_schema, table_name) = ('realtime', 'messages'))",
    )
    one = "select '{0}', count(*), sum(hashtextextended(t::text, 0)) from {0} t"
    return " union all ".join(one.format(name) for (name,) in tables)


def contents(database: Database) -> list[Any]:
    """How many rows each table has and what they sum up to: equal when nothing changed."""
    return sorted(query(database, _digests(database)))
