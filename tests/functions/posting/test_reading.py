"""One post, the feed, the diary: who gets to see what, and without a trace of who said it."""

from datetime import datetime, timedelta

import pytest

from tests.support.posting import Caller, Posting, new_song, new_word, refusal

SHOWN = {
    "id", "content", "visibility", "language", "created_at", "activity", "category", "subject", "item", "key",
    "reactions",
}  # fmt: skip
ABSENT = "01a1fb50-394e-7734-81dc-40e68845efff"


def test_a_public_post_is_shown_to_everybody_alike(alice: Caller, bob: Caller, visitor: Caller) -> None:
    post = alice.says(new_song(), language="en")["post"]
    seen = [caller.reads(f"/v1/posts/{post['id']}") for caller in (alice, bob, visitor)]
    assert seen[0] == seen[1] == seen[2] == {**post, "reactions": {}}


def test_nothing_that_is_shown_leads_to_an_author(alice: Caller, visitor: Caller) -> None:
    song = new_song()
    post = alice.says(song)["post"]
    visitor_sees = [
        visitor.get(f"/v1/posts/{post['id']}"),
        visitor.get("/v1/feed", limit=100),
        visitor.get("/v1/feed", key=post["key"]),
        visitor.get("/v1/feed", category="music"),
    ]
    for response in visitor_sees:
        assert response.status_code == 200
        assert str(alice.uid) not in response.text
        assert str(alice.uid) not in str(response.headers)
        assert alice.address not in response.text
        answer = response.json()
        assert all(set(item) == SHOWN for item in answer.get("items", [answer]))


def test_what_is_not_there_is_not_found(alice: Caller, visitor: Caller) -> None:
    for caller in (alice, visitor):
        refusal(caller.get(f"/v1/posts/{ABSENT}"), 404, "not_found")


@pytest.mark.parametrize(
    "post_id", ["1", "me", "01a1fb50", ABSENT + "0", ABSENT[:-1], "%00", "🔥", "' or 1=1 --", "null"]
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_is_no_id_is_refused(post_id: str, method: str, alice: Caller) -> None:
    body = refusal(alice.request(method, f"/v1/posts/{post_id}"), 422, "invalid_request")
    assert [problem["in"] for problem in body["details"]["problems"]] == ["path"]


def test_a_token_that_is_no_good_is_refused_even_where_none_is_needed(visitor: Caller) -> None:
    for path in ("/v1/feed", f"/v1/posts/{ABSENT}"):
        response = visitor.request("GET", path, headers={"Authorization": "Bearer no.good.token"})
        refusal(response, 401, "not_authenticated")
        assert response.headers["www-authenticate"] == "Bearer"


def test_the_diary_needs_somebody_to_belong_to(visitor: Caller) -> None:
    refusal(visitor.get("/v1/me/posts"), 401, "not_authenticated")


def test_the_diary_holds_ones_own_posts_only_newest_first(alice: Caller, bob: Caller) -> None:
    bob.says(new_song())
    said = [alice.says(new_song(), visibility=visibility)["post"] for visibility in ("public", "private", "public")]
    diary = alice.reads("/v1/me/posts")
    assert [item["id"] for item in diary["items"]] == sorted((post["id"] for post in said), reverse=True)
    assert {item["visibility"] for item in diary["items"]} == {"public", "private"}
    assert diary["next_cursor"] is None


def test_a_person_who_said_nothing_has_an_empty_diary(alice: Caller) -> None:
    assert alice.reads("/v1/me/posts") == {"items": [], "next_cursor": None}


def test_the_feed_shows_the_newest_first(alice: Caller, bob: Caller, visitor: Caller, posting: Posting) -> None:
    with posting.later(timedelta(days=1000)):  # than whatever other tests said
        newest = [person.says(new_song())["post"]["id"] for person in (alice, bob)]
        feed = visitor.reads("/v1/feed", limit=2)
    assert sorted(newest, reverse=True) == [item["id"] for item in feed["items"]]


def test_twenty_posts_are_a_page_unless_told_otherwise(alice: Caller, bob: Caller) -> None:
    song = new_song()
    for person in (alice, bob):
        for _ in range(11):
            key = person.says(song)["post"]["key"]
    assert len(alice.reads("/v1/feed", key=key)["items"]) == 20
    assert len(alice.reads("/v1/feed", key=key, limit=22)["items"]) == 22


def test_the_feed_of_a_key_holds_that_key_only(alice: Caller, bob: Caller, visitor: Caller) -> None:
    song = new_song()
    same = [person.says(song)["post"] for person in (alice, bob)]
    alice.says(new_song())
    found = visitor.reads("/v1/feed", key=same[0]["key"])["items"]
    assert [item["id"] for item in found] == sorted((post["id"] for post in same), reverse=True)
    in_category = visitor.reads("/v1/feed", key=same[0]["key"], category="music")["items"]
    assert in_category == found
    assert visitor.reads("/v1/feed", key=same[0]["key"], category="books")["items"] == []


def test_the_feed_of_a_category_holds_that_category_only(alice: Caller, visitor: Caller, posting: Posting) -> None:
    with posting.later(timedelta(days=999)):  # so that they come first
        said = [
            alice.says(f"{verb} {new_word()}")["post"] for verb in ("Listening to", "Watching", "Reading", "Baking")
        ]
    assert len({post["category"] for post in said}) == 4
    for post in said:
        items = visitor.reads("/v1/feed", category=post["category"], limit=100)["items"]
        assert {item["category"] for item in items} == {post["category"]}
        assert post["id"] in [item["id"] for item in items]
    assert visitor.reads("/v1/feed", category="nothing")["items"] == []


def test_the_feed_keeps_posts_that_count_no_more(alice: Caller, visitor: Caller, posting: Posting) -> None:
    key = alice.says(new_song())["post"]["key"]
    with posting.later(timedelta(days=400)):
        [item] = visitor.reads("/v1/feed", key=key)["items"]
    assert datetime.fromisoformat(item["created_at"]) < posting.clock.now()


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0}, {"limit": -1}, {"limit": 101}, {"limit": 10**30}, {"limit": "ten"}, {"limit": ""},
        {"limit": "1.5"},
        {"limit": "nan"}, {"limit": "１.5"}, {"category": ""}, {"category": "Music"}, {"category": "a" * 21},
        {"category": "music\n"}, {"category": "\0"}, {"key": ""}, {"key": "music"}, {"key": "a:b"}, {"key": "::"},
        {"key": "a:b:c:d"}, {"key": "a:\0:b"}, {"key": "a:b:" + "c" * 200}, {"key": ":" * 200},
    ],
    ids=str,
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused(query: dict[str, object], visitor: Caller) -> None:
    body = refusal(visitor.get("/v1/feed", **query), 422, "invalid_request")
    [problem] = body["details"]["problems"]
    assert (problem["in"], problem["field"]) == ("query", next(iter(query)))


@pytest.mark.parametrize("key", ["a::\n", "😀::😀", "%:%:%", "a:' or 1=1:--", "é::e\u0301"])
def test_a_key_that_nobody_has_finds_nothing(key: str, visitor: Caller) -> None:
    assert visitor.reads("/v1/feed", key=key) == {"items": [], "next_cursor": None}


def test_limits_from_one_to_a_hundred_are_kept(alice: Caller, bob: Caller) -> None:
    for person in (alice, bob):
        person.says(new_song())
    for limit in (1, 2, 100):
        assert 1 <= len(alice.reads("/v1/feed", limit=limit)["items"]) <= limit
