"""A post leaves: only by its author, at once, with all that hangs on it, and told once."""

from tests.support.database import Database
from tests.support.posting import Caller, contents, new_song, query, refusal


def test_a_deleted_post_is_nowhere_any_more(alice: Caller, bob: Caller, store: Database) -> None:
    post = alice.says(new_song())["post"]
    path = f"/v1/posts/{post['id']}"
    assert bob.put(f"{path}/reactions/🔥").status_code == 200
    response = alice.delete(path)
    assert (response.status_code, response.content) == (204, b"")
    for caller in (alice, bob):
        refusal(caller.get(path), 404, "not_found")
        assert caller.reads("/v1/feed", key=post["key"])["items"] == []
        refusal(caller.put(f"{path}/reactions/🔥"), 404, "not_found")
    assert alice.reads("/v1/me/posts")["items"] == []
    for table in ("public.reactions", "private.reaction_counts"):
        assert query(store, f"select from {table} where post_id = %(id)s", {"id": post["id"]}) == []


def test_deleting_again_finds_nothing(alice: Caller, store: Database) -> None:
    post = alice.says(new_song())["post"]
    assert alice.delete(f"/v1/posts/{post['id']}").status_code == 204
    before = contents(store)
    refusal(alice.delete(f"/v1/posts/{post['id']}"), 404, "not_found")
    assert contents(store) == before


def test_nobody_deletes_what_is_anothers(alice: Caller, bob: Caller, visitor: Caller, store: Database) -> None:
    ids = [alice.says(new_song(), visibility=visibility)["post"]["id"] for visibility in ("public", "private")]
    before = contents(store)
    for post_id in ids:
        refusal(bob.delete(f"/v1/posts/{post_id}"), 404, "not_found")
        refusal(visitor.delete(f"/v1/posts/{post_id}"), 401, "not_authenticated")
    assert contents(store) == before
    assert len(alice.reads("/v1/me/posts")["items"]) == 2


def test_other_posts_stay(alice: Caller, bob: Caller) -> None:
    song = new_song()
    kept = [alice.says(song)["post"]["id"], bob.says(song)["post"]["id"]]
    gone = alice.says(song)["post"]
    assert alice.delete(f"/v1/posts/{gone['id']}").status_code == 204
    assert {item["id"] for item in alice.reads("/v1/feed", key=gone["key"])["items"]} == set(kept)


def test_accepting_and_deleting_leave_one_event_each(alice: Caller, store: Database) -> None:
    post = alice.says(new_song())["post"]
    alice.delete(f"/v1/posts/{post['id']}")
    rows = query(
        store,
        "select event, payload, state::text from private.outbox where payload ->> 'post_id' = %(id)s order by id",
        {"id": post["id"]},
    )
    about = {"post_id": post["id"], "person_id": alice.uid, "key": post["key"]}
    assert rows == [
        ("post.accepted", {**about, "event": "post.accepted", "visibility": "public"}, "pending"),
        ("post.deleted", {**about, "event": "post.deleted"}, "pending"),
    ]
