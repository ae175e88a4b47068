"""A person of the demo: signs in through the identity service and talks to the API, as an app would for them."""

import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from infra.local.stack import Record


class Unexpected(Exception):
    """The backend did not do what the story expects; the message says what happened instead."""


@dataclass(frozen=True)
class Answer:
    """What came back, and after how long."""

    status: int
    body: dict[str, Any]
    headers: httpx.Headers
    ms: float


@dataclass
class Person:
    """Signed in once `sign_in` has returned."""

    name: str
    email: str | None
    http: httpx.AsyncClient
    token: str = field(default="", repr=False)
    uid: str = ""

    async def sign_in(self, record: Record) -> Answer:
        """Anonymously, or by e-mail where the person has one."""
        given = {"email": self.email, "password": "correct horse battery"} if self.email else {}
        url = f"{record.urls['identity']}/accounts:signUp?key={record.environment['FIREBASE_API_KEY']}"
        answer = await _send(self.http, httpx.Request("POST", url, json={"returnSecureToken": True, **given}))
        expect(answer, 200)
        self.token, self.uid = answer.body["idToken"], answer.body["localId"]
        return answer

    async def post(self, content: str, *, private: bool = False, key: str | None = None) -> Answer:
        headers = {"Idempotency-Key": key} if key else {}
        body = {"content": content, "visibility": "private" if private else "public"}
        return await self.ask("POST", "/v1/posts", json=body, headers=headers)

    async def ask(
        self, method: str, path: str, *, json: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request in the person's name."""
        request = self.http.build_request(
            method, path, json=json, headers={"Authorization": f"Bearer {self.token}", **(headers or {})}
        )
        return await _send(self.http, request)


async def _send(http: httpx.AsyncClient, request: httpx.Request) -> Answer:
    began = time.perf_counter()
    try:
        response = await http.send(request)
    except httpx.HTTPError as error:
        raise Unexpected(f"{request.method} {request.url.path}: no answer ({error!r})") from error
    ms = (time.perf_counter() - began) * 1000
    return Answer(response.status_code, response.json() if response.content else {}, response.headers, ms)


def expect(answer: Answer, status: int) -> None:
    """Unexpected, with what the backend said, if the answer has another status."""
    if answer.status != status:
        raise Unexpected(f"{status} was expected, the answer was {answer.status} {answer.body}")
