"""A private post is its author's alone: it appears nowhere else, in no list, no broadcast, no view, no message."""

import json

import psycopg
import pytest

from tests.support.database import Database, as_person
from tests.support.posting import Caller, new_word, query, refusal


@pytest.fixture
def secret() -> str:
    return new_word()


@pytest.fixture
def diary_entry(alice: Caller, secret: str) -> str:
    """The id of a private post by alice that holds the secret."""
    return str(alice.says(f"Listening to {secret} by {new_word()}", visibility="private")["post"]["id"])


def test_its_author_reads_it(diary_entry: str, secret: str, alice: Caller) -> None:
    post = alice.reads(f"/v1/posts/{diary_entry}")
    assert secret in post["content"]
    assert post["visibility"] == "private"
    assert [item["id"] for item in alice.reads("/v1/me/posts")["items"]] == [diary_entry]


def test_others_are_told_that_it_is_not_there(diary_entry: str, bob: Caller, visitor: Caller) -> None:
    absent = "01a1fb50-394e-7734-81dc-40e68845efff"
    for caller in (bob, visitor):
        hidden, missing = (refusal(caller.get(f"/v1/posts/{one}"), 404, "not_found") for one in (diary_entry, absent))
        del hidden["request_id"], missing["request_id"]
        assert hidden == missing
    for method in ("PUT", "DELETE"):
        refusal(bob.request(method, f"/v1/posts/{diary_entry}/reactions/🔥"), 404, "not_found")
    refusal(bob.delete(f"/v1/posts/{diary_entry}"), 404, "not_found")


def test_it_is_in_no_list_of_others(diary_entry: str, alice: Caller, bob: Caller, visitor: Caller) -> None:
    key = alice.reads(f"/v1/posts/{diary_entry}")["key"]
    for caller in (alice, bob, visitor):
        assert caller.reads("/v1/feed", key=key)["items"] == []
        for feed in (caller.reads("/v1/feed", limit=100), caller.reads("/v1/feed", category="music", limit=100)):
            assert diary_entry not in [item["id"] for item in feed["items"]]
    assert bob.reads("/v1/me/posts")["items"] == []


def test_it_is_not_broadcast_while_it_lives_nor_when_it_goes(
    diary_entry: str, secret: str, alice: Caller, store: Database
) -> None:
    assert alice.delete(f"/v1/posts/{diary_entry}").status_code == 204
    broadcasts = query(store, "select payload::text from realtime.messages")
    assert not [text for (text,) in broadcasts if diary_entry in text or secret in text]


def test_it_is_not_in_the_feed_of_the_data_api(diary_entry: str, secret: str, store: Database, alice: Caller) -> None:
    alice.says(f"Listening to {secret} by {new_word()}")  # one that is there, so that the feed is not just empty
    for uid in (None, "bob", alice.uid):
        with psycopg.connect(store.url) as connection:
            as_person(connection, uid)
            seen = connection.execute("select id::text from public.feed where content like %s", [f"%{secret}%"])
            ids = [one for (one,) in seen.fetchall()]
            assert len(ids) == 1
            assert diary_entry not in ids


def test_the_event_names_it_and_does_not_quote_it(diary_entry: str, secret: str, store: Database) -> None:
    where = "payload ->> 'post_id' = %(id)s"
    [(payload,)] = query(store, f"select payload from private.outbox where {where}", {"id": diary_entry})
    assert set(payload) == {"event", "post_id", "person_id", "visibility", "key"}
    assert payload["visibility"] == "private"


def test_a_public_post_is_broadcast_without_its_author(alice: Caller, store: Database) -> None:
    word = new_word()
    post = alice.says(f"Listening to {word} by {new_word()}", language="en")["post"]
    assert alice.delete(f"/v1/posts/{post['id']}").status_code == 204
    rows = query(
        store,
        "select topic, event, private, payload from realtime.messages where payload ->> 'id' = %(id)s order by event",
        {"id": post["id"]},
    )
    [accepted, deleted] = rows
    assert accepted[:3] == ("feed:all", "post.accepted", True)
    told = {name: accepted[3].pop(name) for name in post if name not in ("visibility", "created_at")}
    assert told == {name: value for name, value in post.items() if name in told}
    assert set(accepted[3]) == {"created_at"}
    assert deleted == ("feed:all", "post.deleted", True, {"id": post["id"]})
    assert str(alice.uid) not in json.dumps(rows, default=str)
