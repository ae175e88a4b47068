"""An issuer of tokens that misbehaves on demand: its keys, and where it publishes them and counts how often."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://securetoken.google.com/demo"
AUDIENCE = "demo"


@cache
def private_key(name: str) -> RSAPrivateKey:
    """A real key for each name, made once in a process."""
    assert name
    return generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk(name: str, key_id: str | None = None) -> dict[str, Any]:
    """The public half of the key `name` as an issuer publishes it."""
    jwk: dict[str, Any] = RSAAlgorithm.to_jwk(private_key(name).public_key(), as_dict=True)
    return {**jwk, "kid": key_id or name, "use": "sig", "alg": "RS256"}


def claims_at(now: float, **changes: object) -> dict[str, object]:
    """What a token of alice says that was made at `now` for an hour; a change to None leaves the claim out."""
    whole = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "iat": now, "auth_time": now, "exp": now + 3600, **changes}
    return {name: value for name, value in whole.items() if value is not None}


def signed(claims: dict[str, object], *, key: str = "one", key_id: str | None = None, algorithm: str = "RS256") -> str:
    """A token with these claims, signed with the key `key`."""
    return signed_bytes(json.dumps(claims).encode(), key=key, key_id=key_id, algorithm=algorithm)


def signed_bytes(payload: bytes, *, key: str = "one", key_id: str | None = None, algorithm: str = "RS256") -> str:
    """Any payload, signed."""
    return jwt.api_jws.encode(payload, private_key(key), algorithm=algorithm, headers={"kid": key_id or key})


@dataclass
class Publisher:
    """Answers with the keys and counts; `status` and `body` are what it says instead while they are set."""

    keys: tuple[str, ...] = ("one",)
    max_age: int | None = None
    status: int = 200
    body: bytes | None = None
    asked: int = 0
    url: str = field(default="", init=False)

    def answer(self) -> bytes:
        self.asked += 1
        return json.dumps({"keys": [public_jwk(key) for key in self.keys]}).encode() if self.body is None else self.body


@contextmanager
def publishing(publisher: Publisher) -> Iterator[Publisher]:
    """The publisher on a real port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = publisher.answer()
            self.send_response(publisher.status)
            if publisher.max_age is not None:
                self.send_header("Cache-Control", f"public, max-age={publisher.max_age}, must-revalidate")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (the name of the base class)
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        publisher.url = f"http://127.0.0.1:{server.server_port}/jwk"
        try:
            yield publisher
        finally:
            server.shutdown()
            thread.join()
