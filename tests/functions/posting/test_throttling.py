"""Token buckets: ten posts a minute and twenty at once for a person, and another bucket for an address."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.support.database import Database
from tests.support.posting import Caller, Issuer, Posting, contents, new_address, new_song, refusal, serving

TIGHT = {"POSTS_PER_PERSON": "6/minute burst 3", "POSTS_PER_ADDRESS": "1/minute burst 5"}


@pytest.fixture(scope="module")
def tight(worker_folder: Path, issuer: Issuer, store: Database) -> Iterator[Posting]:
    """A function that gives a person three posts at once and an address five, behind one front end."""
    with serving(worker_folder, issuer.environment(store.backend_url, **TIGHT), issuer) as posting:
        yield posting


def accepted(caller: Caller, attempts: int) -> int:
    """How many of so many posts are accepted; the others must be throttled."""
    statuses = [caller.send({"content": new_song()}).status_code for _ in range(attempts)]
    assert set(statuses) <= {201, 429}
    return statuses.count(201)


def at(caller: Caller, address: str) -> Caller:
    return replace(caller, address=address)


def test_twenty_posts_at_once_are_one_persons_measure(alice: Caller, bob: Caller) -> None:
    assert accepted(alice, 25) in (20, 21)  # the machine may be so slow that one token comes back
    assert accepted(bob, 1) == 1


def test_a_throttled_post_is_told_when_to_come_again_and_is_welcome_then(tight: Posting) -> None:
    person = tight.person()
    assert accepted(person, 3) == 3
    response = person.send({"content": new_song()})
    refusal(response, 429, "throttled")
    wait = int(response.headers["retry-after"])
    assert 1 <= wait <= 10
    with tight.later(timedelta(seconds=wait)):
        assert accepted(person, 2) == 1


def test_ten_a_minute_come_back(alice: Caller, posting: Posting) -> None:
    accepted(alice, 21)
    with posting.later(timedelta(minutes=1)):
        assert accepted(alice, 13) in (10, 11)
    with posting.later(timedelta(minutes=10)):
        assert accepted(alice, 22) in (20, 21)


def test_a_refused_post_leaves_nothing_and_takes_nothing(tight: Posting, store: Database) -> None:
    person = tight.person()
    assert accepted(person, 3) == 3
    before = contents(store)
    for _ in range(5):
        refusal(person.send({"content": new_song()}, idempotency_key="k" * 8), 429, "throttled")
    assert contents(store) == before
    with tight.later(timedelta(seconds=11)):
        assert person.send({"content": new_song()}, idempotency_key="k" * 8).status_code == 201


def test_who_shares_an_address_shares_its_bucket(tight: Posting) -> None:
    address = new_address()
    people = [at(tight.person(), address) for _ in range(7)]
    assert [accepted(person, 1) for person in people] == [1, 1, 1, 1, 1, 0, 0]
    response = people[-1].send({"content": new_song()})
    assert 1 <= int(response.headers["retry-after"]) <= 60
    with tight.later(timedelta(seconds=int(response.headers["retry-after"]))):
        assert accepted(people[-1], 2) == 1


def test_a_full_address_costs_the_person_no_token(tight: Posting) -> None:
    address, person = new_address(), tight.person()
    for _ in range(5):
        accepted(at(tight.person(), address), 1)
    assert accepted(at(person, address), 4) == 0
    assert accepted(person, 4) == 3


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("2001:db8:{}:1::1", "2001:db8:{}:1:ffff:ffff:ffff:ffff", True),
        ("2001:db8:{}:1::1", "2001:0DB8:{}:1:0::0002", True),
        ("2001:db8:{}:1::1", "2001:db8:{}:2::1", False),
        ("10.77.{}.1", "::ffff:10.77.{}.1", True),
        ("10.77.{}.1", "10.77.{}.2", False),
        ("unknown-{}", "unknown-{}", True),
    ],
)
def test_an_ipv6_subscriber_is_one_address(one: str, other: str, together: bool, tight: Posting) -> None:
    number = int(new_address().rpartition(".")[2])
    for _ in range(5):
        assert accepted(at(tight.person(), one.format(number)), 1) == 1
    assert accepted(at(tight.person(), other.format(number)), 1) == (0 if together else 1)


def test_only_what_our_own_front_end_added_is_believed(tight: Posting) -> None:
    """A caller may send any X-Forwarded-For; the front end appends the address that it saw."""
    seen = new_address()
    for _ in range(5):
        assert accepted(at(tight.person(), f"{new_address()}, {seen}"), 1) == 1
    for claimed in (f"{new_address()}, {seen}", f"{new_address()},{new_address()} ,  {seen}", f", ,{seen}", seen):
        assert accepted(at(tight.person(), claimed), 1) == 0


def test_a_header_that_is_sent_twice_is_read_as_one_list(tight: Posting) -> None:
    seen = new_address()
    for _ in range(5):
        accepted(at(tight.person(), seen), 1)
    person = tight.person()
    headers = [
        ("X-Forwarded-For", new_address()),
        ("X-Forwarded-For", seen),
        ("Authorization", f"Bearer {person.token}"),
    ]
    refusal(tight.http.post("/v1/posts", json={"content": "x"}, headers=headers), 429, "throttled")


def test_two_posts_that_race_for_the_last_token_of_a_person_do_not_both_get_it(tight: Posting) -> None:
    person = tight.person()
    assert accepted(person, 2) == 2
    assert sorted(at_once([at(person, new_address()) for _ in range(8)])) == [201] + [429] * 7


def test_two_posts_that_race_for_the_last_token_of_an_address_do_not_both_get_it(tight: Posting) -> None:
    address = new_address()
    for _ in range(4):
        assert accepted(at(tight.person(), address), 1) == 1
    people = [at(tight.person(), address) for _ in range(8)]
    assert sorted(at_once(people)) == [201] + [429] * 7
    # Whoever lost that race has kept the tokens of their own.
    assert sorted(accepted(at(person, new_address()), 4) for person in people) == [2] + [3] * 7


def at_once(callers: list[Caller]) -> list[int]:
    """The statuses of one post by each, all on their way at the same time."""

    async def post_all() -> list[int]:
        url = callers[0].posting.url
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:
            posts = [http.post("/v1/posts", json={"content": new_song()}, headers=caller.headers) for caller in callers]
            return [response.status_code for response in await asyncio.gather(*posts)]

    return asyncio.run(post_all())


def test_reading_reacting_and_deleting_are_not_throttled(alice: Caller) -> None:
    post = alice.says(new_song())["post"]
    accepted(alice, 21)
    for _ in range(30):
        alice.reads("/v1/feed")
    assert alice.put(f"/v1/posts/{post['id']}/reactions/🔥").status_code == 200
    assert alice.delete(f"/v1/posts/{post['id']}").status_code == 204
