"""The answer to a post: its shape, its parts, its verdict's links."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.posting import PUBLIC_URL, Caller, Posting, new_song, new_word

POST = {"id", "content", "visibility", "language", "created_at", "activity", "category", "subject", "item", "key"}
VERDICT = {"kind", "others", "exact", "window_hours", "headline", "trend"}


def test_a_post_is_answered_with_itself_its_verdict_and_links(alice: Caller) -> None:
    title, artist = new_word(), new_word()
    response = alice.send({"content": f"Listening to {title} by {artist}", "visibility": "public", "language": "en"})
    assert response.status_code == 201
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    assert set(answer) == {"post", "verdict", "links"}
    post = answer["post"]
    assert set(post) == POST
    assert {name: post[name] for name in POST - {"id", "created_at"}} == {
        "content": f"Listening to {title} by {artist}",
        "visibility": "public",
        "language": "en",
        "activity": "listening",
        "category": "music",
        "subject": artist,
        "item": title,
        "key": f"music:{artist}:{title}",
    }
    assert answer["verdict"] == {
        "kind": "only_one",
        "others": 0,
        "exact": True,
        "window_hours": 24,
        "headline": "You are the only one, right now.",
        "trend": None,
    }
    assert response.headers["location"] == f"/v1/posts/{post['id']}"
    assert "idempotency-replayed" not in response.headers


def test_ids_are_version_7_and_carry_the_time_of_the_post(alice: Caller, posting: Posting) -> None:
    post = alice.says(new_song())["post"]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", post["id"])
    created_at = datetime.fromisoformat(post["created_at"])
    assert created_at.utcoffset() == timedelta()
    assert int(post["id"].replace("-", "")[:12], 16) == int(created_at.timestamp() * 1000)
    assert abs(created_at - posting.clock.now()) < timedelta(minutes=1)


def test_the_links_of_a_post_lead_to_it_and_to_the_same_posts(alice: Caller, visitor: Caller) -> None:
    answer = alice.says(new_song())
    post, links = answer["post"], answer["links"]
    assert all(link.startswith(f"{PUBLIC_URL}/v1/") for link in links.values())
    assert visitor.reads(links["self"].removeprefix(PUBLIC_URL))["id"] == post["id"]
    [same] = visitor.reads(links["same"].removeprefix(PUBLIC_URL))["items"]
    assert same["id"] == post["id"]


@pytest.mark.parametrize("word", ["käse", "日本語", "a?b&c#d", "100%", "a+b"])
def test_the_link_to_the_same_posts_works_for_every_key(word: str, alice: Caller, visitor: Caller) -> None:
    answer = alice.says(f"baking {word} {new_word()}")
    items = visitor.reads(answer["links"]["same"].removeprefix(PUBLIC_URL))["items"]
    assert [item["id"] for item in items] == [answer["post"]["id"]]


def test_a_post_that_says_nothing_comparable_is_compared_with_nobody(alice: Caller, bob: Caller) -> None:
    for person in (alice, bob):
        answer = person.says("🙂")
        assert answer["post"]["key"] is None
        assert answer["links"]["same"] is None
        assert (answer["verdict"]["kind"], answer["verdict"]["others"]) == ("unknown", 0)
        assert answer["verdict"]["exact"] is False


def test_visibility_and_language_may_be_left_out(alice: Caller) -> None:
    post = alice.says(new_song())["post"]
    assert (post["visibility"], post["language"]) == ("public", None)
    post = alice.says(new_song(), language=None)["post"]
    assert (post["visibility"], post["language"]) == ("public", None)


@pytest.mark.parametrize("language", ["en", "pt-BR", "zh-Hant-TW", "gsw", "de-CH-1996"])
def test_a_language_is_kept_as_it_was_said(language: str, alice: Caller) -> None:
    post = alice.says(new_song(), language=language)["post"]
    assert alice.reads(f"/v1/posts/{post['id']}")["language"] == language


CONTENTS: list[Any] = [
    pytest.param("a", id="one letter"),
    pytest.param("👨‍👩‍👧‍👦" * 280, id="280 families"),
    pytest.param("é" * 280, id="280 letters of two code points"),
    pytest.param("x" * 280, id="280 letters"),
    pytest.param("Lover\n\tby\r\nTaylor Swift", id="line breaks and tabs"),
    pytest.param("  spaces around  ", id="spaces around"),
    pytest.param("قهوة ☕ עברית हिन्दी 日本語 ไทย", id="many scripts"),
    pytest.param("\u202eright to left override", id="direction marks"),
    pytest.param("'; drop table posts; --", id="SQL"),
    pytest.param("<script>alert(1)</script> \\ \" ' %s {} $1", id="quotes and placeholders"),
    pytest.param("\ufffe\U0010ffff x", id="noncharacters"),
    pytest.param("Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘", id="letters under many marks"),
]


@pytest.mark.parametrize("content", CONTENTS)
def test_what_was_said_comes_back_unchanged(content: str, alice: Caller) -> None:
    post = alice.says(content)["post"]
    assert post["content"] == content
    assert alice.reads(f"/v1/posts/{post['id']}")["content"] == content


def test_an_anonymous_sign_in_is_a_person(posting: Posting) -> None:
    # The tokens of these tests are those of anonymous sign-ins; the local identity signs such a person up over HTTP.
    response = posting.person("anonymous").send({"content": new_song()})
    assert response.status_code == 201


def test_every_answer_carries_the_id_of_its_request(alice: Caller) -> None:
    first, second = (alice.get("/v1/feed").headers["x-request-id"] for _ in range(2))
    assert first != second
    assert (
        alice.request("GET", "/v1/feed", headers={"X-Request-Id": "app-4711-x"}).headers["x-request-id"] == "app-4711-x"
    )
