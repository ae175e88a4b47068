"""The same Idempotency-Key and body get the first answer again, for a day; nothing else does."""

from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from tests.support.database import Database
from tests.support.posting import Caller, Posting, contents, new_song, query, refusal

DAY = timedelta(hours=24)


def key() -> str:
    return str(uuid4())


def replayed(response: httpx.Response) -> bool:
    assert response.status_code == 201, response.text
    assert response.headers.get("idempotency-replayed") in (None, "true")
    return "idempotency-replayed" in response.headers


def test_a_request_sent_again_gets_the_first_answer_and_is_told_so(alice: Caller) -> None:
    body, same = {"content": new_song(), "language": "en"}, key()
    first, again = (alice.send(body, idempotency_key=same) for _ in range(2))
    assert (replayed(first), replayed(again)) == (False, True)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert len(alice.reads("/v1/me/posts")["items"]) == 1


def test_the_first_verdict_comes_again_although_others_have_joined(alice: Caller, bob: Caller) -> None:
    body, same = {"content": new_song()}, key()
    first = alice.send(body, idempotency_key=same).json()
    bob.says(body["content"])
    assert alice.send(body, idempotency_key=same).json() == first


@pytest.mark.parametrize("content", ["🙂", "👨‍👩‍👧‍👦 déjà vu"])
def test_every_kind_of_post_comes_again_unchanged(content: str, alice: Caller) -> None:
    for visibility in ("public", "private"):
        body, same = {"content": content, "visibility": visibility}, key()
        first, again = (alice.send(body, idempotency_key=same) for _ in range(2))
        assert replayed(again)
        assert again.json() == first.json()


def test_nothing_is_written_when_a_request_comes_again(alice: Caller, store: Database) -> None:
    body, same = {"content": new_song()}, key()
    alice.send(body, idempotency_key=same)
    before = contents(store)
    alice.send(body, idempotency_key=same)
    assert contents(store) == before


def test_a_default_that_is_spelled_out_is_the_same_body(alice: Caller) -> None:
    song, same = new_song(), key()
    alice.send({"content": song}, idempotency_key=same)
    spelled = {"language": None, "visibility": "public", "content": song}
    assert replayed(alice.send(spelled, idempotency_key=same))


@pytest.mark.parametrize(
    "change",
    [{"content": "something else"}, {"visibility": "private"}, {"language": "en"}],
    ids=lambda change: next(iter(change)),
)
def test_another_body_with_the_same_key_is_a_conflict(change: dict[str, str], alice: Caller, store: Database) -> None:
    body, same = {"content": new_song()}, key()
    first = alice.send(body, idempotency_key=same)
    before = contents(store)
    refusal(alice.send({**body, **change}, idempotency_key=same), 409, "idempotency_conflict")
    assert contents(store) == before
    assert alice.send(body, idempotency_key=same).json() == first.json()


def test_the_keys_of_two_people_have_nothing_to_do_with_each_other(alice: Caller, bob: Caller) -> None:
    body, same = {"content": new_song()}, key()
    first, second = (person.send(body, idempotency_key=same) for person in (alice, bob))
    assert (replayed(first), replayed(second)) == (False, False)
    assert first.json()["post"]["id"] != second.json()["post"]["id"]
    assert second.json()["verdict"]["others"] == 1


def test_without_a_key_every_request_is_a_new_post(alice: Caller) -> None:
    song = new_song()
    assert alice.says(song)["post"]["id"] != alice.says(song)["post"]["id"]


def test_once_its_post_is_deleted_the_key_says_so_and_makes_no_other(alice: Caller, store: Database) -> None:
    body, same = {"content": new_song()}, key()
    post = alice.send(body, idempotency_key=same).json()["post"]
    assert alice.delete(f"/v1/posts/{post['id']}").status_code == 204
    before = contents(store)
    refusal(alice.send(body, idempotency_key=same), 410, "post_deleted")
    refusal(alice.send({"content": new_song()}, idempotency_key=same), 409, "idempotency_conflict")
    assert contents(store) == before


def test_a_key_is_forgotten_after_a_day(alice: Caller, posting: Posting) -> None:
    body, same = {"content": new_song()}, key()
    first = alice.send(body, idempotency_key=same).json()
    with posting.later(DAY - timedelta(minutes=1)):
        assert replayed(alice.send(body, idempotency_key=same))
    with posting.later(DAY + timedelta(seconds=1)):
        second = alice.send({"content": new_song()}, idempotency_key=same)
        assert not replayed(second)
        assert second.json()["post"]["id"] != first["post"]["id"]
        # and from here on it stands for the second
        refusal(alice.send(body, idempotency_key=same), 409, "idempotency_conflict")


def test_an_answer_comes_again_when_no_token_is_left(alice: Caller) -> None:
    body, same = {"content": new_song()}, key()
    first = alice.send(body, idempotency_key=same)
    while alice.send({"content": "again"}).status_code != 429:
        pass
    refusal(alice.send({"content": "one more"}, idempotency_key=key()), 429, "throttled")
    again = alice.send(body, idempotency_key=same)
    assert replayed(again)
    assert again.json() == first.json()
    refusal(alice.send({"content": "other"}, idempotency_key=same), 409, "idempotency_conflict")


def test_a_replay_and_a_conflict_take_no_token(alice: Caller) -> None:
    body, same = {"content": new_song()}, key()
    alice.send(body, idempotency_key=same)
    for _ in range(25):
        assert replayed(alice.send(body, idempotency_key=same))
        refusal(alice.send({"content": "other"}, idempotency_key=same), 409, "idempotency_conflict")
    assert [alice.send({"content": "again"}).status_code for _ in range(19)] == [201] * 19


def test_a_refused_request_does_not_use_its_key_up(alice: Caller, store: Database) -> None:
    same = key()
    refusal(alice.send({"content": ""}, idempotency_key=same), 422, "invalid_request")
    assert query(store, "select from private.idempotency_keys where key = %(key)s", {"key": same}) == []
    assert not replayed(alice.send({"content": new_song()}, idempotency_key=same))


@pytest.mark.parametrize("good", ["a", "x" * 255, "!~#$%&'*+-.^_`|{}()<>@,;:\\\"/[]?=", '"quoted"'])
def test_any_printable_text_without_spaces_is_a_key(good: str, alice: Caller) -> None:
    body = {"content": new_song()}
    assert [replayed(alice.send(body, idempotency_key=good)) for _ in range(2)] == [False, True]


@pytest.mark.parametrize("bad", ["", "x" * 256, "a b", "a\tb", "clé"])
def test_what_is_no_key_is_refused_before_anything_is_written(bad: str, alice: Caller, store: Database) -> None:
    before = contents(store)
    response = alice.request(
        "POST", "/v1/posts", json={"content": "x"}, headers={"Idempotency-Key": bad.encode("latin-1")}
    )
    body = refusal(response, 422, "invalid_request")
    assert [problem["in"] for problem in body["details"]["problems"]] == ["header"]
    assert contents(store) == before
