"""Requests that are odd in every other way: paths, methods, headers, half a request. None gets a 5xx or a trace."""

import json
from collections.abc import Iterator

import pytest

from tests.support.database import Database
from tests.support.posting import Caller, Posting, contents, new_song, refusal
from tests.support.raw_http import Answer, exchange, request


@pytest.fixture(autouse=True)
def nothing_is_written(store: Database) -> Iterator[None]:
    before = contents(store)
    yield
    assert contents(store) == before


ID = "01a1fb50-394e-7734-81dc-40e68845efff"


@pytest.mark.parametrize(
    "path",
    ["", "/", "/v1", "/v1/", "/v2/posts", "/v1/post", "/v1/posts/", "/v1//posts", "//v1/posts", "/V1/posts",
     "/v1/feed/", "/v1/me", "/v1/me/posts/1", f"/v1/posts/{ID}/", f"/v1/posts/{ID}/reactions", "/admin", "/.env",
     "/robots.txt", "/v1/../v1/feed", "/v1/%2e%2e/feed", "/v1/feed;x=1", "/v1/feed%00", "/%", "/%zz", "/%ff",
     "/v1/posts%20", "/metrics", "/debug", "/" + "a" * 8_000, "/" + "a/" * 4_000, "/🔥", "/v1/feed.json", "/redoc/x"],
)  # fmt: skip
def test_a_path_that_is_none_is_not_found(path: str, posting: Posting) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = exchange(posting, request(method, path or "?"))
        assert answer.status in (400, 404, 405, 422), answer
        assert coded(answer) or answer.status == 400


def coded(answer: Answer) -> bool:
    """Whether the answer is a refusal in our own form, as every one must be that reaches the function."""
    if "application/json" not in answer.head:
        return False
    body = json.loads(answer.body)
    assert set(body) == {"code", "message", "details", "request_id"}
    assert f"x-request-id: {body['request_id']}" in answer.head.lower()
    return True


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "GET"])
def test_a_method_that_a_path_does_not_take_is_refused_and_the_others_named(method: str, alice: Caller) -> None:
    response = alice.request(method, "/v1/posts")
    refusal(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "path", ["/v1/feed", "/v1/me/posts", "/healthz", "/readyz", "/openapi.json", f"/v1/posts/{ID}"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "TRACE"])
def test_what_is_only_read_is_not_written(path: str, method: str, alice: Caller) -> None:
    refusal(alice.request(method, path), 405, "method_not_allowed")


def test_a_head_request_never_has_a_body(posting: Posting) -> None:
    for path in ("/v1/feed", "/v1/posts", "/nothing", "/healthz"):
        answer = exchange(posting, request("HEAD", path))
        assert answer.status in (200, 404, 405)
        assert answer.body == ""


@pytest.mark.parametrize("method", ["BREW", "get", "G E T", "", "GET\0", "PROPFIND", "CONNECT", "X" * 5_000])
def test_a_method_that_is_none_gets_a_refusal_or_silence(method: str, posting: Posting) -> None:
    assert exchange(posting, request(method, "/v1/feed"), hang_up=True).status in (0, 400, 404, 405)


GARBAGE: dict[str, bytes] = {
    "noise": bytes(range(256)) * 4,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /v1/feed\r\n\r\n",
    "HTTP/9.9": b"GET /v1/feed HTTP/9.9\r\n\r\n",
    "a colon too few": request("GET", "/v1/feed", "Authorization Bearer x"),
    "two lengths": request("POST", "/v1/posts", "Content-Length: 1", "Content-Length: 9", body=b"{}"),
    "a length below nothing": request("POST", "/v1/posts", "Content-Length: -1", body=b"{}"),
    "a length in words": request("POST", "/v1/posts", "Content-Length: two", body=b"{}"),
    "a length and pieces": request(
        "POST", "/v1/posts", "Content-Length: 2", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"
    ),
    "pieces that are none": request("POST", "/v1/posts", "Transfer-Encoding: chunked", body=b"zz\r\n{}\r\n0\r\n\r\n"),
    "a piece without an end": request("POST", "/v1/posts", "Transfer-Encoding: chunked", body=b"ffffffff\r\n{}"),
    "bytes in the path": request("GET", b"/v1/\xff\xfe"),
    "UTF-8 in the path": request("GET", "/v1/é"),
    "a URL for a path": request("GET", "http://elsewhere.example/v1/nothing"),
    "a star for a path": request("OPTIONS", "*"),
    "a folded header": request("GET", "/v1/nothing", "X-A: a", " b"),
    "NUL in a header": request("GET", "/v1/nothing", "X-A: a\0b"),
    "a hundred kilobytes of headers": request("GET", "/v1/nothing", "X-A: " + "a" * 100_000),
    "ten thousand headers": request("GET", "/v1/nothing", *["X-A: a"] * 10_000),
    "an upgrade": request("GET", "/v1/nothing", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
    "a web socket": request(
        "GET",
        "/v1/feed",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ).replace(b"Connection: close", b"Connection: Upgrade"),
}


@pytest.mark.parametrize("raw", GARBAGE.values(), ids=GARBAGE)
def test_what_is_no_request_gets_a_refusal_or_silence(raw: bytes, posting: Posting) -> None:
    answer = exchange(posting, raw, hang_up=True)
    assert answer.status in (0, 200, 400, 401, 403, 404, 405, 415, 422, 426, 431), answer
    assert "Traceback" not in answer.body
    assert posting.http.get("/healthz").status_code == 200


def test_a_post_that_breaks_off_is_no_post(alice: Caller, posting: Posting) -> None:
    """The whole text came, and the request did not: nobody waits for the answer any more."""
    body = json.dumps({"content": new_song()}).encode()
    about = ["Content-Type: application/json", *(f"{name}: {value}" for name, value in alice.headers.items())]
    piece = f"{len(body):x}\r\n".encode() + body + b"\r\n"
    for raw in (
        request("POST", "/v1/posts", *about, f"Content-Length: {len(body) + 10}", body=body),
        request("POST", "/v1/posts", *about, f"Content-Length: {len(body)}", body=body[:-1]),
        request("POST", "/v1/posts", *about, "Transfer-Encoding: chunked", body=piece),
    ):
        answer = exchange(posting, raw, hang_up=True)
        assert answer.status in (0, 400), answer
    assert alice.reads("/v1/me/posts")["items"] == []


@pytest.mark.parametrize(
    "given",
    [
        "x",
        "a b c d e f g",
        "é" * 10,
        "a" * 65,
        "<script>alert</script>",
        "../../etc/passwd",
        "a\tbcdefghij",
        '"quoted-id"',
        "{}",
    ],
)
def test_a_request_id_that_could_do_harm_is_replaced(given: str, posting: Posting) -> None:
    for name in ("X-Request-Id", "Function-Execution-Id"):
        answer = exchange(posting, request("GET", "/v1/nothing", f"{name}: {given}"))
        request_id = json.loads(answer.body)["request_id"]
        assert request_id.startswith("req_")
        assert f"x-request-id: {request_id}" in answer.head.lower()


def test_nothing_that_is_sent_adds_a_header_to_the_answer(posting: Posting) -> None:
    for name in ("X-Request-Id", "Idempotency-Key", "Authorization"):
        for line_break in ("\r\n", "\n", "\r", "%0d%0a", "\u0085"):
            answer = exchange(posting, request("GET", "/v1/nothing", f"{name}: abcdefgh{line_break}Set-Cookie: x=1"))
            assert "set-cookie" not in answer.head.lower()


def test_a_path_is_not_written_down(posting: Posting) -> None:
    """It holds what a person typed; the log has the route instead."""
    for path in (
        "/v1/posts/secret-of-mine",
        f"/v1/posts/{ID}/reactions/secret-of-mine",
        "/secret-of-mine",
        "/v1/feed?key=secret-of-mine::x",
    ):
        posting.http.get(path)
        posting.http.put(path)
    assert "secret-of-mine" not in posting.said + posting.complained


def test_a_client_that_hangs_up_is_no_error(alice: Caller, posting: Posting) -> None:
    import socket

    about = [f"{name}: {value}" for name, value in alice.headers.items()]
    for _ in range(10):
        with socket.create_connection(("127.0.0.1", posting.port)) as connection:
            connection.sendall(request("GET", "/v1/feed?limit=100", *about))
    assert posting.http.get("/healthz").status_code == 200
    assert "Traceback" not in posting.complained


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/v1/posts/01a1fb50-394e-7734-81dc-40e68845efff", {"GET", "DELETE"}),
     ("/v1/posts/01a1fb50-394e-7734-81dc-40e68845efff/reactions/🔥", {"PUT", "DELETE"})],
)  # fmt: skip
def test_all_methods_of_a_path_are_named(path: str, allowed: set[str], alice: Caller) -> None:
    response = alice.request("PATCH", path)
    refusal(response, 405, "method_not_allowed")
    assert set(response.headers["allow"].split(", ")) == allowed
