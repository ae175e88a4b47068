"""The outermost layer: an id, a size limit, one log line, one answer, and never what went wrong inside."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.models.errors import NotAuthenticated, Permanent, Throttled
from shared.platform import log
from shared.platform.door import MAX_BODY, Door
from tests.support.loop import awaited

SECRET = " ".join(["what", "alice", "wrote"])


class Application:
    """Behind the door: answers with the body it got, or does what its path says."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.request_ids: list[str | None] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.request_ids.append(log.request_id.get())
        if scope["path"] == "/broken":
            raise RuntimeError(SECRET)
        if scope["path"] == "/throttled":
            raise Throttled(retry_after=1.2, details={"limit": 1})
        if scope["path"] == "/stranger":
            raise NotAuthenticated
        body = await whole_body(receive)
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})
        if scope["path"] == "/broken-halfway":
            raise RuntimeError(SECRET)
        await send({"type": "http.response.body", "body": body})


async def whole_body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return body
        body += bytes(message["body"])
        if not message.get("more_body", False):
            return body


async def ask(app: ASGIApp, method: str, path: str, **request: Any) -> httpx.Response:
    transport = httpx.ASGITransport(Door(app, function="probe"), raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        return await client.request(method, path, **request)


async def in_parts(part: bytes, times: int) -> AsyncIterator[bytes]:
    for _ in range(times):
        yield part


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@awaited
async def test_a_request_gets_an_id_that_the_answer_names(capsys: pytest.CaptureFixture[str]) -> None:
    app = Application()
    ids = [(await ask(app, "GET", "/")).headers["x-request-id"] for _ in range(3)]
    assert len(set(ids)) == 3
    assert all(found.startswith("req_") and len(found) == 20 for found in ids)
    assert app.request_ids == ids == [line["request_id"] for line in logged(capsys)]
    assert log.request_id.get() is None


@pytest.mark.parametrize("header", ["X-Request-Id", "Function-Execution-Id"])
@pytest.mark.parametrize("foreign", ["abcd1234", "0198f1c2-7d5e-7c3a-9b6e-3f1d2c4b5a69", "A_" * 32])
@awaited
async def test_an_id_that_comes_with_a_request_is_kept(header: str, foreign: str) -> None:
    assert (await ask(Application(), "GET", "/", headers={header: foreign})).headers["x-request-id"] == foreign


@awaited
async def test_the_platforms_id_goes_before_the_callers() -> None:
    headers = {"X-Request-Id": "from-the-caller", "Function-Execution-Id": "from-the-platform"}
    assert (await ask(Application(), "GET", "/", headers=headers)).headers["x-request-id"] == "from-the-platform"


@pytest.mark.parametrize(
    "foreign", ["short", "x" * 65, "with space", 'quote"quote', "äöüäöüäöü", "a,b,c,d,e,f", "<script>"]
)
@awaited
async def test_an_id_of_another_form_is_replaced(foreign: str) -> None:
    answer = await ask(Application(), "GET", "/", headers={"X-Request-Id": foreign.encode("latin-1")})
    assert answer.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("size", [0, 1, MAX_BODY - 1, MAX_BODY])
@awaited
async def test_a_body_up_to_the_limit_comes_through_as_it_is(size: int) -> None:
    app = Application()
    body = b"x" * size
    assert (await ask(app, "POST", "/", content=body)).content == body
    assert (await ask(app, "PUT", "/", content=in_parts(b"y", 1))).content == b"y"
    assert app.bodies == [body, b"y"]


@awaited
async def test_a_body_in_many_parts_is_put_together() -> None:
    app = Application()
    assert (await ask(app, "POST", "/", content=in_parts(b"ab", MAX_BODY // 2))).content == b"ab" * (MAX_BODY // 2)
    assert len(app.bodies) == 1


@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "without its length"])
@pytest.mark.parametrize("size", [MAX_BODY + 1, 10 * 1024 * 1024])
@awaited
async def test_a_body_over_the_limit_is_refused_before_anybody_reads_it(size: int, chunked: bool) -> None:
    app = Application()
    content = in_parts(b"x" * (size // 10 + 1), 10) if chunked else b"x" * size
    answer = await ask(app, "POST", "/", content=content)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert app.request_ids == []


@awaited
async def test_a_length_that_is_a_lie_is_not_believed() -> None:
    answer = await ask(
        Application(), "POST", "/", content=in_parts(b"x" * MAX_BODY, 2), headers={"Content-Length": "1"}
    )
    assert answer.status_code == 413


@awaited
async def test_an_endless_body_is_not_read_to_its_end() -> None:
    read = 0

    async def receive() -> Message:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": b"x" * 1024 * 1024, "more_body": True}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await Door(Application(), function="probe")(scope("POST"), receive, send)
    assert sent[0]["status"] == 413
    assert read < 40


def scope(method: str, path: str = "/") -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}


@awaited
async def test_what_is_no_request_passes_through() -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    async def nothing(*_: object) -> Any:
        raise AssertionError("nobody asked")

    await Door(app, function="probe")({"type": "lifespan"}, nothing, nothing)
    assert seen == [{"type": "lifespan"}]


@awaited
async def test_an_exception_is_answered_once_and_says_nothing_of_itself(capsys: pytest.CaptureFixture[str]) -> None:
    answer = await ask(Application(), "GET", "/broken")
    assert answer.status_code == 500
    request_id = answer.headers["x-request-id"]
    assert answer.json() == {
        "code": "internal",
        "message": Permanent().message,
        "details": {},
        "request_id": request_id,
    }
    error, request = logged(capsys)
    assert (error["severity"], error["failure"], error["request_id"]) == ("ERROR", "RuntimeError", request_id)
    assert (request["message"], request["status"], request["request_id"]) == ("request", 500, request_id)
    assert SECRET not in json.dumps([error, request])


@awaited
async def test_a_coded_error_is_rendered_with_its_headers() -> None:
    throttled = await ask(Application(), "GET", "/throttled")
    assert (throttled.status_code, throttled.headers["retry-after"]) == (429, "2")
    assert throttled.json() == {
        "code": "throttled",
        "message": Throttled().message,
        "details": {"limit": 1},
        "request_id": throttled.headers["x-request-id"],
    }
    stranger = await ask(Application(), "GET", "/stranger")
    assert (stranger.status_code, stranger.headers["www-authenticate"]) == (401, "Bearer")
    assert "retry-after" not in stranger.headers


@awaited
async def test_what_fails_after_its_answer_began_is_not_answered_twice(capsys: pytest.CaptureFixture[str]) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await Door(Application(), function="probe")(scope("GET", "/broken-halfway"), receive, send)
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert [line["severity"] for line in logged(capsys)] == ["ERROR", "INFO"]


@awaited
async def test_a_request_leaves_one_line_of_ids_and_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    await ask(
        Application(),
        "POST",
        f"/v1/posts/{SECRET}",
        params={"q": SECRET},
        content=SECRET.encode(),
        headers={"Authorization": f"Bearer {SECRET}", "Cookie": SECRET},
    )
    printed = capsys.readouterr().out
    assert SECRET not in printed
    assert SECRET.replace(" ", "%20") not in printed
    [line] = map(json.loads, printed.splitlines())
    assert {name: line[name] for name in ("severity", "message", "function", "method", "path", "status")} == {
        "severity": "INFO",
        "message": "request",
        "function": "probe",
        "method": "POST",
        "path": "unrouted",
        "status": 200,
    }
    assert line["ms"] >= 0


@awaited
async def test_a_health_check_is_only_worth_a_line_when_it_fails(capsys: pytest.CaptureFixture[str]) -> None:
    async def ill(scope: Scope, receive: Receive, send: Send) -> None:
        raise Throttled if scope["path"] == "/other" else RuntimeError

    await ask(Application(), "GET", "/healthz")
    await ask(Application(), "GET", "/readyz")
    assert logged(capsys) == []
    await ask(ill, "GET", "/readyz")
    assert [line["severity"] for line in logged(capsys)] == ["ERROR", "INFO"]


@awaited
async def test_requests_at_once_keep_their_own_ids() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0)
        body = (log.request_id.get() or "").encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    names = [f"request-{number}" for number in range(10)]
    answers = await asyncio.gather(*(ask(app, "GET", "/", headers={"X-Request-Id": name}) for name in names))
    assert [answer.text for answer in answers] == names
