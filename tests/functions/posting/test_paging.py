"""Pages by a cursor: nothing twice, nothing missed, whatever arrives or goes meanwhile, and no cursor is made up."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.posting import Caller, new_song, refusal

Page = dict[str, Any]


def pages(caller: Caller, path: str, **query: object) -> Iterator[Page]:
    """Page after page, asked for only when it is wanted."""
    cursor: dict[str, object] = {}
    while True:
        page = caller.reads(path, **query, **cursor)
        yield page
        if page["next_cursor"] is None:
            return
        cursor = {"cursor": page["next_cursor"]}


def ids(*found: Page) -> list[str]:
    return [item["id"] for page in found for item in page["items"]]


@pytest.fixture
def song() -> str:
    return new_song()


@pytest.fixture
def said(alice: Caller, song: str) -> list[dict[str, Any]]:
    """Seven posts of one key, newest first."""
    return [alice.says(song)["post"] for _ in range(7)][::-1]


@pytest.fixture
def cursor(said: list[dict[str, Any]], alice: Caller) -> str:
    """A cursor of the feed of that key."""
    return str(alice.reads("/v1/feed", key=said[0]["key"], limit=2)["next_cursor"])


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8])
def test_the_pages_together_are_the_whole_list(limit: int, said: list[dict[str, Any]], alice: Caller) -> None:
    whole = sorted((post["id"] for post in said), reverse=True)
    for path, query in (("/v1/feed", {"key": said[0]["key"]}), ("/v1/me/posts", {})):
        found = list(pages(alice, path, limit=limit, **query))
        assert ids(*found) == whole
        assert all(len(page["items"]) == limit for page in found[:-1])
        assert 1 <= len(found[-1]["items"]) <= limit


def test_what_arrives_meanwhile_shifts_nothing(
    song: str, said: list[dict[str, Any]], alice: Caller, bob: Caller
) -> None:
    whole = sorted((post["id"] for post in said), reverse=True)
    found = []
    for page in pages(alice, "/v1/feed", key=said[0]["key"], limit=2):
        found.append(page)
        bob.says(song)
    assert ids(*found) == whole


def test_what_goes_meanwhile_shifts_nothing(said: list[dict[str, Any]], alice: Caller, bob: Caller) -> None:
    whole = sorted((post["id"] for post in said), reverse=True)
    reading = pages(bob, "/v1/feed", key=said[0]["key"], limit=2)
    first = next(reading)
    # the one that the cursor stands behind, one that was read, one that is still to come
    for gone in (whole[1], whole[0], whole[3]):
        assert alice.delete(f"/v1/posts/{gone}").status_code == 204
    assert ids(first, *reading) == [one for one in whole if one != whole[3]]


def test_a_cursor_may_be_used_again_and_by_everybody(cursor: str, said: list[dict[str, Any]], posting: Any) -> None:
    query = {"key": said[0]["key"], "limit": 2, "cursor": cursor}
    answers = [caller.reads("/v1/feed", **query) for caller in (posting.visitor(), posting.visitor())]
    assert answers[0] == answers[1]


def test_a_cursor_that_was_changed_anywhere_is_refused(
    cursor: str, said: list[dict[str, Any]], visitor: Caller
) -> None:
    sealed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for position in range(len(sealed)):
        for bit in (1, 128):
            changed = bytearray(sealed)
            changed[position] ^= bit
            forged = urlsafe_b64encode(changed).decode().rstrip("=")
            refusal(visitor.get("/v1/feed", key=said[0]["key"], cursor=forged), 400, "invalid_cursor")


CHANGES: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "",
    "a dot": lambda _: ".",
    "one character less": lambda cursor: cursor[:-1],
    "the first half": lambda cursor: cursor[: len(cursor) // 2],
    "only the id": lambda cursor: cursor[:22],
    "one character more": lambda cursor: cursor + "A",
    "padded": lambda cursor: cursor + "=",
    "padded twice": lambda cursor: cursor + "==",
    "other alphabet": lambda cursor: cursor[:-1] + "/",
    "spaces around": lambda cursor: f" {cursor} ",
    "a line break": lambda cursor: cursor + "\n",
    "foreign characters within": lambda cursor: f"{cursor[:5]}!{cursor[5:]}",
    "the last bits": lambda cursor: cursor[:-1] + chr(ord(cursor[-1]) + 1),
    "twice": lambda cursor: cursor + cursor,
    "full-width letters": lambda cursor: "".join(chr(ord(letter) + 0xFEE0) for letter in cursor),
    "NUL": lambda cursor: cursor + "\0",
    "emoji": lambda _: "🔥",
    "an id": lambda _: "01a1fb50-394e-7734-81dc-40e68845efff",
    "a number": lambda _: "20",
    "JSON": lambda _: '{"id":1}',
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_cursor_that_was_not_given_out_is_refused(
    change: Callable[[str], str], cursor: str, said: list[dict[str, Any]], visitor: Caller
) -> None:
    response = visitor.get("/v1/feed", key=said[0]["key"], cursor=change(cursor))
    assert response.json()["code"] in ("invalid_cursor", "invalid_request")
    refusal(
        response, *{"invalid_cursor": (400, "invalid_cursor")}.get(response.json()["code"], (422, "invalid_request"))
    )


def test_a_cursor_that_is_far_too_long_is_refused(visitor: Caller) -> None:
    for length in (101, 5_000):
        refusal(visitor.get("/v1/feed", cursor="A" * length), 422, "invalid_request")


def test_a_cursor_of_another_list_is_refused(cursor: str, said: list[dict[str, Any]], alice: Caller) -> None:
    key = said[0]["key"]
    for query in ({}, {"category": "music"}, {"key": key, "category": "music"}, {"key": key + "x"}):
        refusal(alice.get("/v1/feed", cursor=cursor, **query), 400, "invalid_cursor")
    refusal(alice.get("/v1/me/posts", cursor=cursor), 400, "invalid_cursor")


def test_a_cursor_of_anothers_diary_is_refused(alice: Caller, bob: Caller) -> None:
    for person in (alice, bob):
        for _ in range(2):
            person.says(new_song())
    cursor = alice.reads("/v1/me/posts", limit=1)["next_cursor"]
    assert len(alice.reads("/v1/me/posts", limit=1, cursor=cursor)["items"]) == 1
    refusal(bob.get("/v1/me/posts", cursor=cursor), 400, "invalid_cursor")
    refusal(bob.get("/v1/feed", cursor=cursor), 400, "invalid_cursor")


def test_the_last_page_says_that_it_is_the_last(said: list[dict[str, Any]], alice: Caller) -> None:
    assert alice.reads("/v1/feed", key=said[0]["key"], limit=7)["next_cursor"] is None
    assert alice.reads("/v1/feed", key=said[0]["key"], limit=6)["next_cursor"] is not None
