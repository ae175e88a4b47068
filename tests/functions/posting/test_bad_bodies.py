"""Bodies that are no posts: each refused with a code, and nothing of any of them is written or logged."""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.support.database import Database
from tests.support.posting import Caller, Posting, contents, new_word, refusal

MEGABYTE = 1_000_000


@pytest.fixture(autouse=True)
def nothing_is_written(store: Database) -> Iterator[None]:
    before = contents(store)
    yield
    assert contents(store) == before


def send_raw(caller: Caller, body: bytes | Iterator[bytes], **headers: str) -> httpx.Response:
    named = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return caller.request("POST", "/v1/posts", content=body, headers=named)


CONTENTS: dict[str, str] = {
    "empty": "",
    "a space": " ",
    "white space of all kinds": " \t\n\r\u00a0\u1680\u2003\u2028\u2029\u202f\u205f\u3000",
    "zero-width characters": "\u200b\u200c\u200d\u2060\ufeff",
    "direction marks": "\u200e\u202a\u202e\u2066\u2069",
    "variation selectors": "\ufe0f\ufe0e",
    "marks without a letter": "\u0301\u034f",
    "blank letters": "\u115f\u1160\u3164\uffa0\u2800",
    "tags": "\U000e0041\U000e0042",
    "soft hyphen": "\u00ad",
    "NUL": "a\0b",
    "NUL alone": "\0",
    "control characters": "a\x01b",
    "escape": "\x1b[31mred",
    "delete": "a\x7f",
    "C1 control": "a\x85b",
    "281 letters": "x" * 281,
    "281 families": "👨‍👩‍👧‍👦" * 281,
    "281 line breaks and a letter": "\n" * 280 + "x",
    "4001 marks on one letter": "x" + "\u0301" * 4000,
    "30,000 letters": "x" * 30_000,
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_content_that_is_none_is_refused(content: str, alice: Caller) -> None:
    for visibility in ("public", "private"):
        body = refusal(alice.send({"content": content, "visibility": visibility}), 422, "invalid_request")
        [problem] = body["details"]["problems"]
        assert (problem["in"], problem["field"]) == ("body", "content")
        assert problem["problem"]


@pytest.mark.parametrize(
    "raw",
    [
        rb'{"content": "half \ud83d"}',
        rb'{"content": "half \ude00 here"}',
        rb'{"content": "\ude00\ud83d"}',
        b'{"content": "raw \xed\xa0\xbd half"}',
        rb'{"content": "x", "language": "\ud83d"}',
        rb'{"content": "x", "\ud83d": 1}',
        b'{"content": "x", "\xed\xa0\xbd": 1}',
        rb'{"content": "x", "visibility": "\udfff"}',
    ],
    ids=ascii,
)
def test_half_a_character_is_refused_wherever_it_is(raw: bytes, alice: Caller) -> None:
    response = send_raw(alice, raw)
    assert response.json()["code"] in ("invalid_json", "invalid_request")
    refusal(response, 400 if response.json()["code"] == "invalid_json" else 422, response.json()["code"])


BODIES: list[Any] = [
    {}, {"content": None}, {"content": 1}, {"content": True}, {"content": ["x"]}, {"content": {"x": 1}},
    {"content": 1e308}, {"content": 10**400}, {"text": "x"}, {"content": "x", "visibility": "friends"},
    {"content": "x", "visibility": None}, {"content": "x", "visibility": "PUBLIC"},
    {"content": "x", "visibility": ["public"]}, {"content": "x", "visibility": 0},
    {"content": "x", "language": "english language"}, {"content": "x", "language": ""},
    {"content": "x", "language": 1}, {"content": "x", "language": "e"}, {"content": "x", "language": "en_US"},
    {"content": "x", "language": "en\n"}, {"content": "x", "language": "en-" + "a" * 40},
    {"content": "x", "language": "en\0"}, {"content": "x", "language": "ën"},
    {"content": "x", "id": "01a1fb50-394e-7734-81dc-40e68845efff"}, {"content": "x", "person_id": "somebody"},
    {"content": "x", "created_at": "2020-01-01T00:00:00Z"}, {"content": "x", "key": "a::b"},
    {"content": "x", "Content": "y"}, {"content": "x", "": 1}, {"content": "x", "\0": 1},
    {"content": "x", "__proto__": {}}, {"content": "x", "a" * 20_000: 1},
    {"content": "x", **{f"f{number}": number for number in range(2_000)}}, None, True, 1, 1.5, "content", [],
    [{"content": "x"}], [[]], {"posts": [{"content": "x"}]},
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=lambda body: ascii(body)[:40])
def test_a_body_of_another_form_is_refused_and_the_field_named(body: Any, alice: Caller) -> None:
    answer = refusal(send_raw(alice, json.dumps(body).encode()), 422, "invalid_request")
    assert answer["details"]["problems"]
    assert all(set(problem) == {"in", "field", "problem"} for problem in answer["details"]["problems"])
    assert all(problem["in"] == "body" for problem in answer["details"]["problems"])


RAW: dict[str, bytes] = {
    "nothing": b"",
    "white space": b"  \n ",
    "a brace": b"{",
    "an open string": b'{"content": "x',
    "a stop in a word": b'{"content": tru',
    "a trailing comma": b'{"content": "x",}',
    "single quotes": b"{'content': 'x'}",
    "a comment": b'{"content": "x"} // done',
    "two objects": b'{"content": "x"}{"content": "x"}',
    "a line break in a string": b'{"content": "a\nb"}',
    "a raw NUL": b'{"content": "a\0b"}',
    "a wrong escape": rb'{"content": "\x41"}',
    "a short escape": rb'{"content": "\u00"}',
    "an overlong encoding": b'{"content": "\xc0\x80"}',
    "a form": b"content=x&visibility=public",
    "XML": b"<content>x</content>",
    "NUL bytes": b"\0" * 100,
    "deep lists": b"[" * 16_000,
    "deep lists, closed": b"[" * 16_000 + b"]" * 16_000,
    "deep objects": b'{"content":' * 2_900,
    "deep in a field": b'{"content": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "a long number": b'{"content": ' + b"9" * 30_000,
    "a huge exponent": b'{"content": 1e999999999',
    "a pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07content\x94.",
    "compressed": gzip.compress(b'{"content": "x"}'),
}


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW)
def test_what_is_no_json_is_refused(raw: bytes, alice: Caller) -> None:
    refusal(send_raw(alice, raw), 400, "invalid_json")


@pytest.mark.parametrize("raw", [b'{"content": NaN}', b'{"content": Infinity}', b'{"content": ' + b"9" * 30_000 + b"}"])
def test_what_is_hardly_json_is_refused(raw: bytes, alice: Caller) -> None:
    response = send_raw(alice, raw)
    assert (response.status_code, response.json()["code"]) in [(400, "invalid_json"), (422, "invalid_request")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_json_is_utf_8(encoding: str, alice: Caller) -> None:
    refusal(send_raw(alice, '{"content": "é"}'.encode(encoding)), 400, "invalid_json")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/octet-stream",
     "text/html", "application/xml", "image/png", "*/*", "", "nonsense", "application"],
)  # fmt: skip
def test_what_does_not_say_that_it_is_json_is_refused(content_type: str, alice: Caller) -> None:
    refusal(send_raw(alice, b'{"content": "x"}', content_type=content_type), 415, "unsupported_media_type")


def test_a_compressed_body_is_not_taken_for_json(alice: Caller) -> None:
    compressed = gzip.compress(b'{"content": "x"}')
    assert send_raw(alice, compressed, content_encoding="gzip").status_code in (400, 415)


@pytest.mark.parametrize("size", [33_000, MEGABYTE, 10 * MEGABYTE])
def test_a_body_that_is_too_large_is_refused_and_the_connection_lives_on(size: int, alice: Caller) -> None:
    body = json.dumps({"content": "x" * size}).encode()
    refusal(send_raw(alice, body), 413, "body_too_large")
    refusal(send_raw(alice, in_pieces(body)), 413, "body_too_large")
    assert alice.get("/v1/feed", limit=1).status_code == 200


def test_a_body_of_white_space_without_an_end_is_not_read_for_ever(alice: Caller) -> None:
    def endless() -> Iterator[bytes]:
        yield from (b" " * 65_536 for _ in range(1_000))

    try:
        response = send_raw(alice, endless())
    except httpx.TransportError:
        return  # it hung up on us, which is as good
    refusal(response, 413, "body_too_large")


def in_pieces(body: bytes) -> Iterator[bytes]:
    """For a request without a Content-Length."""
    return (body[start : start + 65_536] for start in range(0, len(body), 65_536))


def test_a_body_where_none_belongs_changes_nothing(alice: Caller) -> None:
    for method, path in (("GET", "/v1/feed"), ("GET", "/v1/me/posts")):
        for body in (b"x" * 100_000, b'{"limit": 1}', b"\0"):
            assert alice.request(method, path, content=body).status_code == 200


@pytest.mark.parametrize("make", [lambda word: {"content": word * 20}, lambda word: {"content": word, word: word}])
def test_what_a_refused_post_said_is_in_no_log(
    make: Callable[[str], dict[str, str]], alice: Caller, posting: Posting
) -> None:
    word = new_word()
    response = alice.send(make(word))
    assert response.status_code == 422
    assert word * 2 not in response.text
    assert word not in posting.said + posting.complained
