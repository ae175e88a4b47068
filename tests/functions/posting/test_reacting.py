"""One emoji of one person on one post: once, in one spelling, and gone with it."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.support.database import Database
from tests.support.posting import Caller, Posting, contents, new_song, query, refusal


@pytest.fixture
def post(alice: Caller) -> str:
    """The path of a public post by alice."""
    return f"/v1/posts/{alice.says(new_song())['post']['id']}"


def react(caller: Caller, post: str, emoji: str) -> httpx.Response:
    return caller.put(f"{post}/reactions/{quote(emoji, safe='')}")


def withdraw(caller: Caller, post: str, emoji: str) -> httpx.Response:
    return caller.delete(f"{post}/reactions/{quote(emoji, safe='')}")


def reactions(response: httpx.Response) -> dict[str, int]:
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    assert set(answer) == {"reactions"}
    return dict(answer["reactions"])


def test_each_person_counts_once_for_each_emoji(post: str, alice: Caller, bob: Caller) -> None:
    assert reactions(react(bob, post, "🔥")) == {"🔥": 1}
    assert reactions(react(bob, post, "🔥")) == {"🔥": 1}
    assert reactions(react(alice, post, "🔥")) == {"🔥": 2}
    assert reactions(react(alice, post, "😂")) == {"🔥": 2, "😂": 1}


def test_a_reaction_can_be_taken_back_and_put_again(post: str, alice: Caller, bob: Caller, store: Database) -> None:
    react(bob, post, "🔥")
    react(alice, post, "🔥")
    assert reactions(withdraw(bob, post, "🔥")) == {"🔥": 1}
    before = kept(store)
    assert reactions(withdraw(bob, post, "🔥")) == {"🔥": 1}
    assert kept(store) == before
    assert reactions(withdraw(alice, post, "🔥")) == {}
    assert reactions(react(bob, post, "🔥")) == {"🔥": 1}


def test_the_most_frequent_come_first_wherever_a_post_is_shown(
    post: str, alice: Caller, bob: Caller, carol: Caller, visitor: Caller
) -> None:
    for person, emoji in ((alice, "😂"), (alice, "🔥"), (bob, "🔥"), (carol, "🔥"), (bob, "👀"), (carol, "👀")):
        react(person, post, emoji)
    key = visitor.reads(post)["key"]
    shown = [visitor.reads(post), *visitor.reads("/v1/feed", key=key)["items"], *alice.reads("/v1/me/posts")["items"]]
    assert [list(item["reactions"].items()) for item in shown] == [[("🔥", 3), ("👀", 2), ("😂", 1)]] * 3


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [
        ("❤️", "❤", "❤️"),
        ("☝️", "☝", "☝️"),
        ("☝🏽", "☝🏽", "☝🏽"),
        ("🔥", "🔥\ufe0f", "🔥"),
        ("1️⃣", "1\u20e3", None),
        ("❤️‍🔥", "❤‍🔥", None),
        ("👁️‍🗨️", "👁‍🗨", None),
        ("🏳️‍🌈", "🏳‍🌈", None),
    ],
)
def test_two_spellings_of_an_emoji_are_one(one: str, other: str, shown: str | None, post: str, bob: Caller) -> None:
    first = reactions(react(bob, post, one))
    assert reactions(react(bob, post, other)) == first
    assert list(first.values()) == [1]
    assert shown is None or list(first) == [shown]
    assert reactions(withdraw(bob, post, other)) == {}


@pytest.mark.parametrize(
    "emoji", ["👨‍👩‍👧‍👦", "🇩🇪", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "#️⃣", "*️⃣", "🧑🏿‍🤝‍🧑🏻", "👩🏽‍❤️‍💋‍👨🏿", "🫩", "🀄", "™️", "🫱🏻‍🫲🏿"]
)
def test_every_emoji_is_a_reaction(emoji: str, post: str, bob: Caller) -> None:
    assert list(reactions(react(bob, post, emoji)).values()) == [1]


@pytest.mark.parametrize(
    "text",
    [
        "a", "1", "#", "ok", ":fire:", "🔥🔥", "🔥 ", " 🔥", "🔥a", "a🔥", "🇩", "🇩🇪🇫", "\ufe0f", "\u200d",
        "\u20e3", "é", "\0", "🔥\0", "\n", "🏽\u200d", "日", "👨\u200d👩\u200d👧\u200d👦" * 5, "🔥" + "\u0301" * 40,
        "<b>", "%", "\ufffd", "\u202e", "'--",
    ],
    ids=ascii,
)  # fmt: skip
def test_what_is_no_emoji_is_refused(text: str, post: str, bob: Caller, store: Database) -> None:
    before = contents(store)
    for call in (react, withdraw):
        body = refusal(call(bob, post, text), 422, "invalid_request")
        assert [problem["field"] for problem in body["details"]["problems"]] == ["emoji"]
    assert contents(store) == before


@pytest.mark.parametrize(
    "rider",
    ["".join(chr(0xE0000 + ord(letter)) for letter in "hidden text"), "\ufe00", "\U000e0100", "\u0301", "\u0488",
     "\u094d", "\u200d", "\u200d\u200d", "\ufe0e", "\u20e3\u0301"],
    ids=ascii,
)  # fmt: skip
def test_nothing_rides_along_on_an_emoji(rider: str, post: str, bob: Caller) -> None:
    for emoji in ("🔥" + rider, "\u0600🔥" + rider):
        refusal(react(bob, post, emoji), 422, "invalid_request")


def test_without_an_emoji_or_with_a_path_for_one_there_is_nothing(post: str, bob: Caller) -> None:
    for rest in ("", "/", "/reactions", "/reactions/", "/reactions/🔥/🔥", "/reactions/%2F"):
        refusal(bob.put(post + rest), 405 if rest == "" else 404, "method_not_allowed" if rest == "" else "not_found")


def test_only_who_signed_in_reacts(post: str, visitor: Caller) -> None:
    refusal(react(visitor, post, "🔥"), 401, "not_authenticated")
    refusal(withdraw(visitor, post, "🔥"), 401, "not_authenticated")


def test_ones_own_private_post_can_be_reacted_to_by_oneself(alice: Caller, bob: Caller) -> None:
    post = f"/v1/posts/{alice.says(new_song(), visibility='private')['post']['id']}"
    assert reactions(react(alice, post, "🔥")) == {"🔥": 1}
    refusal(react(bob, post, "🔥"), 404, "not_found")
    refusal(withdraw(bob, post, "🔥"), 404, "not_found")
    assert alice.reads(post)["reactions"] == {"🔥": 1}


def kept(store: Database) -> list[object]:
    """Everything but the tokens, which a reaction that changes nothing takes too."""
    return [each for each in contents(store) if each[0] != "private.token_buckets"]


def test_fifty_kinds_are_enough(post: str, alice: Caller, posting: Posting, store: Database) -> None:
    kinds = [chr(0x1F600 + number) for number in range(51)]
    crowd = [posting.person("crowd") for _ in range(5)]
    for number, kind in enumerate(kinds[:50]):
        react(crowd[number % 5], post, kind)
    before = kept(store)
    body = refusal(react(alice, post, kinds[50]), 422, "invalid_request")
    assert "50" in body["message"]
    assert kept(store) == before
    assert reactions(react(alice, post, kinds[0]))[kinds[0]] == 2
    withdraw(crowd[1], post, kinds[1])
    assert len(reactions(react(alice, post, kinds[50]))) == 50


def test_one_person_puts_ten_kinds_on_a_post_and_no_more(post: str, alice: Caller) -> None:
    kinds = [chr(0x1F600 + number) for number in range(11)]
    for kind in kinds[:10]:
        react(alice, post, kind)
    assert "10" in refusal(react(alice, post, kinds[10]), 422, "invalid_request")["message"]
    assert reactions(react(alice, post, kinds[0]))[kinds[0]] == 1


def test_who_reacts_without_end_is_slowed_down(post: str, alice: Caller) -> None:
    for _ in range(30):
        react(alice, post, "🔥")
        withdraw(alice, post, "🔥")
    refused = react(alice, post, "🔥")
    refusal(refused, 429, "throttled")
    assert 1 <= int(refused.headers["Retry-After"]) <= 2


def test_a_mark_stacked_on_an_emoji_is_no_reaction(post: str, alice: Caller) -> None:
    for stacked in ("🔥" + "\u0335" * 9, "👍\u200d\u0301", "🔥\ufe0f\ufe0f", "🔥🔥"):
        refusal(react(alice, post, stacked), 422, "invalid_request")


def test_somebody_who_never_posted_can_react(post: str, posting: Posting, store: Database) -> None:
    newcomer = posting.person("newcomer")
    assert reactions(react(newcomer, post, "🔥")) == {"🔥": 1}
    assert len(query(store, "select from public.people where id = %(uid)s", {"uid": newcomer.uid})) == 1


@pytest.mark.parametrize(
    "text",
    [
        "🔥" + "".join(chr(0xE0000 + ord(letter)) for letter in "kill yourself"),  # hidden text, invisible everywhere
        "🔥\ufe00", "🔥\U000e0100", "🔥\u0301", "🔥\u0488", "🔥\u094d", "\u0600🔥", "🔥\u200d", "🔥\u200d\u200d",
        "5\u20e3\u0301",
    ],
    ids=ascii,
)  # fmt: skip
def test_an_emoji_that_carries_something_else_is_refused(text: str, alice: Caller) -> None:
    post = f"/v1/posts/{alice.says(new_song())['post']['id']}"
    refusal(alice.put(f"{post}/reactions/{quote(text, safe='')}"), 422, "invalid_request")


def test_the_text_form_of_an_emoji_is_refused_or_the_same_reaction(alice: Caller) -> None:
    post = f"/v1/posts/{alice.says(new_song())['post']['id']}"
    for emoji in ("❤️", "❤\ufe0e"):
        alice.put(f"{post}/reactions/{quote(emoji, safe='')}")
    assert alice.reads(post)["reactions"] == {"❤️": 1}
