"""What happens at the same time: one key makes one post, and counters stay what a recount would find."""

import random
from collections import Counter
from uuid import uuid4

from tests.support.database import Database
from tests.support.load import Call, at_once, bodies, post
from tests.support.posting import Caller, Posting, new_song, query
from tests.support.recount import MISCOUNTED, assert_counted

EMOJI = ["🔥", "😂", "👀"]


def test_twenty_at_once_with_one_key_make_one_post(alice: Caller) -> None:
    for _ in range(5):
        same = {"Idempotency-Key": str(uuid4())}
        call = Call(alice, "POST", "/v1/posts", {"content": new_song()}, same)
        answers = at_once([call] * 20, clients=2)
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.text for answer in answers}) == 1
        assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
        assert len(alice.reads("/v1/feed", key=answers[0].json()["post"]["key"])["items"]) == 1


def test_twenty_bodies_at_once_with_one_key_make_one_post(alice: Caller) -> None:
    same = {"Idempotency-Key": str(uuid4())}
    calls = [Call(alice, "POST", "/v1/posts", {"content": new_song()}, same) for _ in range(20)]
    answers = at_once(calls, clients=2)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
    assert len(alice.reads("/v1/me/posts")["items"]) == 1


def test_people_who_say_the_same_at_once_hear_of_each_other_in_some_order(posting: Posting) -> None:
    song = new_song()
    answers = at_once([post(posting.person(), song) for _ in range(60)], clients=2)
    others = [body["verdict"]["others"] for body in bodies(answers, lambda answer: answer.status_code == 201)]
    assert len(others) == 60
    # Each transaction sees those that had committed: nobody hears of more than there can be, the last of nearly all.
    assert max(others) <= 59
    assert posting.person().says(song)["verdict"]["others"] == 60


def test_a_post_deleted_by_many_at_once_is_deleted_once(alice: Caller, store: Database) -> None:
    for visibility in ("public", "private"):
        made = alice.says(new_song(), visibility=visibility)["post"]
        answers = at_once([Call(alice, "DELETE", f"/v1/posts/{made['id']}")] * 20, clients=2)
        assert Counter(answer.status_code for answer in answers) == {204: 1, 404: 19}
        events = "select 1 from private.outbox where event = 'post.deleted' and payload ->> 'post_id' = %(id)s"
        assert len(query(store, events, {"id": made["id"]})) == 1
    assert_counted(store)


def test_the_counters_are_right_after_a_thousand_posts_and_deletes(posting: Posting, store: Database) -> None:
    """Few keys, one of them hot, people who say the same again and take it back while others do."""
    chance = random.Random(20)  # noqa: S311 (a fixed order of what is mixed)
    people = [posting.person() for _ in range(60)]
    songs = [new_song() for _ in range(5)]
    posts = [post(by, songs[min(chance.randrange(9), 4)]) for by in people for _ in range(12)]
    chance.shuffle(posts)
    answers = at_once(posts[:420], clients=2)
    first = [(call.by, answer.json()["post"]["id"]) for call, answer in zip(posts[:420], answers, strict=True)]
    deletes = [Call(by, "DELETE", f"/v1/posts/{one}") for by, one in chance.sample(first, 280)]
    mixed = posts[420:] + deletes
    chance.shuffle(mixed)
    answers += at_once(mixed, clients=2)
    assert Counter(answer.status_code for answer in answers) == {201: 720, 204: 280}
    assert_counted(store)
    assert "deadlock detected" not in (store.server.folder / "log").read_text()


def test_reactions_are_right_after_hundreds_at_once(posting: Posting, store: Database) -> None:
    """On two posts, one of which is deleted meanwhile."""
    author = posting.person()
    stays, goes = (f"/v1/posts/{author.says(new_song())['post']['id']}" for _ in range(2))
    people = [posting.person() for _ in range(12)]
    calls = [
        Call(by, method, f"{path}/reactions/{emoji}")
        for by in people
        for path in (stays, goes)
        for emoji in EMOJI
        for method in ("PUT", "PUT", "DELETE", "PUT")
    ]
    random.Random(1).shuffle(calls)  # noqa: S311 (a fixed order)
    calls.insert(len(calls) // 2, Call(author, "DELETE", goes))
    answers = at_once(calls, clients=2)
    statuses = {
        path: {a.status_code for c, a in zip(calls, answers, strict=True) if path in c.path} for path in (stays, goes)
    }
    assert statuses == {stays: {200}, goes: {200, 204, 404}}
    assert query(store, MISCOUNTED["reactions"]) == []
