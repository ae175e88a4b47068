"""How many others: distinct other people, the same key, in public, within 24 hours; exact up to a hundred."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.crowd import crowd
from tests.support.database import Database
from tests.support.posting import Caller, Posting, new_song, new_word

SECOND = timedelta(seconds=1)
DAY = timedelta(hours=24)


def others(caller: Caller, content: str, **rest: object) -> int:
    """How many others the caller hears of; the verdict must agree with itself."""
    verdict: dict[str, Any] = caller.says(content, **rest)["verdict"]
    count = int(verdict["others"])
    assert verdict["kind"] == ("only_one" if count == 0 else "few" if count <= 10 else "many")
    assert verdict["exact"]
    return count


def test_each_one_hears_of_those_who_came_before(alice: Caller, bob: Caller, carol: Caller) -> None:
    song = new_song()
    assert [others(person, song) for person in (alice, bob, carol)] == [0, 1, 2]


def test_a_person_counts_once_however_often_they_say_it(alice: Caller, bob: Caller) -> None:
    song = new_song()
    assert [others(alice, song) for _ in range(3)] == [0, 0, 0]
    assert [others(bob, song) for _ in range(2)] == [1, 1]
    assert others(alice, song) == 1


def test_the_same_in_other_words_is_the_same(alice: Caller, bob: Caller, carol: Caller) -> None:
    title, artist = new_word(), new_word()
    assert others(alice, f"Listening to {title} by {artist}") == 0
    assert others(bob, f'listening to "{title.upper()}" by {artist} 🎧') == 1
    assert others(carol, f"{artist} - {title} on repeat") == 2


def test_what_is_different_is_not_counted(alice: Caller, bob: Caller) -> None:
    title = new_word()
    assert others(alice, f"Listening to {title} by {new_word()}") == 0
    assert others(bob, f"Listening to {title} by {new_word()}") == 0
    assert others(bob, f"Watching {title}") == 0


def test_a_private_post_hears_of_others_and_counts_for_nobody(alice: Caller, bob: Caller, carol: Caller) -> None:
    song = new_song()
    assert others(alice, song, visibility="private") == 0
    assert others(bob, song) == 0
    assert others(alice, song, visibility="private") == 1
    assert others(carol, song) == 1


def test_a_private_post_does_not_take_its_author_out_of_the_count(alice: Caller, bob: Caller) -> None:
    song = new_song()
    alice.says(song)
    alice.says(song, visibility="private")
    assert others(bob, song) == 1


def test_a_post_counts_for_24_hours(alice: Caller, bob: Caller, carol: Caller, posting: Posting) -> None:
    song = new_song()
    alice.says(song)
    with posting.later(DAY - 30 * SECOND):
        assert others(bob, song) == 1
    with posting.later(DAY + SECOND):
        assert others(carol, song) == 1


def test_saying_it_again_begins_another_24_hours(alice: Caller, bob: Caller, carol: Caller, posting: Posting) -> None:
    song = new_song()
    alice.says(song)
    with posting.later(DAY / 2):
        alice.says(song)
    with posting.later(DAY + SECOND):
        assert others(bob, song) == 1
    with posting.later(DAY * 1.5 + SECOND):
        assert others(carol, song) == 1  # bob


@pytest.mark.parametrize(("people", "kind"), [(10, "few"), (11, "many"), (99, "many"), (100, "many")])
def test_up_to_a_hundred_are_counted_exactly(
    people: int, kind: str, store: Database, alice: Caller, posting: Posting
) -> None:
    word = new_word()
    crowd(store, f"activity::{word}", people, posting.clock.now() - SECOND)
    verdict = alice.says(word)["verdict"]
    assert (verdict["kind"], verdict["others"], verdict["exact"]) == (kind, people, True)
    assert f"{people} others" in verdict["headline"]


@pytest.mark.parametrize("people", [101, 150, 500, 2345])
def test_beyond_a_hundred_the_count_is_an_honest_approximation(
    people: int, store: Database, alice: Caller, posting: Posting
) -> None:
    word = new_word()
    crowd(store, f"activity::{word}", people, posting.clock.now() - SECOND)
    verdict = alice.says(word)["verdict"]
    assert (verdict["kind"], verdict["exact"]) == ("many", False)
    assert abs(verdict["others"] - people) <= people * 0.05
    assert "About" in verdict["headline"]


def test_an_approximation_forgets_who_left_the_window(store: Database, alice: Caller, posting: Posting) -> None:
    word, now = new_word(), posting.clock.now()
    crowd(store, f"activity::{word}", 400, now - timedelta(hours=26))
    crowd(store, f"activity::{word}", 200, now - timedelta(hours=3))
    verdict = alice.says(word)["verdict"]
    assert abs(verdict["others"] - 200) <= 10
    with posting.later(timedelta(hours=22)):
        assert alice.says(word)["verdict"]["others"] == 0


def test_a_deleted_post_is_not_counted(alice: Caller, bob: Caller, carol: Caller) -> None:
    song = new_song()
    first, again = alice.says(song)["post"], alice.says(song)["post"]
    assert alice.delete(f"/v1/posts/{again['id']}").status_code == 204
    assert others(bob, song) == 1
    assert alice.delete(f"/v1/posts/{first['id']}").status_code == 204
    assert others(carol, song) == 1


def test_deleting_the_latest_post_lets_the_earlier_one_count_as_long_as_it_may(
    alice: Caller, bob: Caller, carol: Caller, posting: Posting
) -> None:
    song = new_song()
    alice.says(song)
    with posting.later(timedelta(hours=10)):
        post = alice.says(song)["post"]
        assert alice.delete(f"/v1/posts/{post['id']}").status_code == 204
    with posting.later(timedelta(hours=23)):
        assert others(bob, song, visibility="private") == 1
    with posting.later(timedelta(hours=25)):
        assert others(carol, song, visibility="private") == 0
