"""The issuer's keys: asked for when they must be, no more often, and kept through the issuer's absence."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from shared.models.errors import NotAuthenticated, Temporary
from shared.models.person import Person
from shared.platform.identity import Identity, SigningKeys
from tests.support.issuing import AUDIENCE, ISSUER, Publisher, claims_at, public_jwk, publishing, signed
from tests.support.loop import awaited

NOW = datetime(2031, 5, 17, 12, tzinfo=UTC)
ALICE = Person("alice")


class Door:
    """One instance of a function, asked by people with fresh tokens at moments after NOW."""

    def __init__(self, url: str) -> None:
        self.identity = Identity(issuer=ISSUER, audience=AUDIENCE, keys=SigningKeys(url))

    async def admit(self, after: float = 0, *, key: str = "one", key_id: str | None = None) -> Person:
        now = NOW + timedelta(seconds=after)
        token = signed(claims_at(now.timestamp(), nonce=after), key=key, key_id=key_id)
        return await self.identity.person(f"Bearer {token}", now)


@awaited
async def test_nothing_is_asked_before_the_first_token_and_once_for_all_after_it(publisher: Publisher) -> None:
    door = Door(publisher.url)
    assert publisher.asked == 0
    assert [await door.admit(second) for second in range(5)] == [ALICE] * 5
    assert publisher.asked == 1


@awaited
async def test_people_who_come_at_once_ask_once(publisher: Publisher) -> None:
    door = Door(publisher.url)
    assert await asyncio.gather(*(door.admit(second / 100) for second in range(20))) == [ALICE] * 20
    assert publisher.asked == 1


@awaited
async def test_a_key_that_nobody_knows_makes_us_ask_once_in_ten_seconds_at_most(publisher: Publisher) -> None:
    door = Door(publisher.url)
    await door.admit()
    for second in (0.1, 1, 5, 9.9):
        with pytest.raises(NotAuthenticated, match="does not publish"):
            await door.admit(second, key="stranger")
    assert publisher.asked == 1
    for second in (10, 11, 15, 19.9):
        with pytest.raises(NotAuthenticated, match="does not publish"):
            await door.admit(second, key="stranger")
    assert publisher.asked == 2


@awaited
async def test_a_new_key_is_accepted_and_the_old_one_is_not_any_more(publisher: Publisher) -> None:
    door = Door(publisher.url)
    await door.admit()
    publisher.keys = ("two",)
    assert await door.admit(11, key="two") == ALICE
    with pytest.raises(NotAuthenticated):
        await door.admit(12, key="one")


@awaited
async def test_two_keys_may_be_current_at_once(publisher: Publisher) -> None:
    publisher.keys = ("one", "two")
    door = Door(publisher.url)
    assert [await door.admit(key="one"), await door.admit(key="two")] == [ALICE, ALICE]
    assert publisher.asked == 1


@pytest.mark.parametrize(
    ("max_age", "kept"), [(None, 3600), (600, 600), (1, 300), (0, 300), (86_400, 86_400), (999_999_999, 86_400)]
)
@awaited
async def test_keys_are_kept_as_long_as_the_issuer_says_within_reason(
    max_age: int | None, kept: int, publisher: Publisher
) -> None:
    publisher.max_age = max_age
    door = Door(publisher.url)
    for second in (0, kept - 1):
        await door.admit(second)
    assert publisher.asked == 1
    for second in (kept, kept + 1):
        # A known key is good while the issuer is asked again behind the back of whoever came.
        await door.admit(second)
    async with asyncio.timeout(10):
        while publisher.asked < 2:  # noqa: ASYNC110 (it is counted in another thread)
            await asyncio.sleep(0)
    assert publisher.asked == 2


GARBAGE = [b"", b"no json", b"null", b"[]", b"{}", b'{"keys": null}', b'{"keys": []}', b'{"keys": [{}]}', b"\xff\xfe"]


@pytest.mark.parametrize("body", GARBAGE)
@awaited
async def test_an_issuer_that_says_nonsense_is_away(body: bytes, publisher: Publisher) -> None:
    publisher.body = body
    door = Door(publisher.url)
    with pytest.raises(Temporary) as refusal:
        await door.admit()
    assert refusal.value.retry_after is not None
    publisher.body = None
    assert await door.admit(refusal.value.retry_after) == ALICE


@pytest.mark.parametrize("status", [404, 429, 500, 503])
@awaited
async def test_an_issuer_that_refuses_is_away_for_whoever_needs_it(status: int, publisher: Publisher) -> None:
    publisher.status = status
    with pytest.raises(Temporary):
        await Door(publisher.url).admit()


@awaited
async def test_an_issuer_that_cannot_be_reached_is_away() -> None:
    with publishing(Publisher()) as gone:
        pass
    with pytest.raises(Temporary):
        await Door(gone.url).admit()


@pytest.mark.parametrize(("status", "body"), [(503, None), (200, b"no json"), (200, b'{"keys": []}')])
@awaited
async def test_known_keys_outlive_the_issuers_absence(status: int, body: bytes | None, publisher: Publisher) -> None:
    door = Door(publisher.url)
    await door.admit()
    publisher.status, publisher.body = status, body
    for hours in (1, 30):
        assert await door.admit(hours * 3600) == ALICE
    with pytest.raises(Temporary):
        await door.admit(30 * 3600 + 60, key="two")


@awaited
async def test_an_issuer_that_is_away_is_not_asked_for_every_token(publisher: Publisher) -> None:
    publisher.status = 503
    door = Door(publisher.url)
    answers = await asyncio.gather(*(door.admit(number / 1000) for number in range(20)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Temporary] * 20
    assert publisher.asked == 1


@awaited
async def test_keys_of_other_kinds_are_no_keys(publisher: Publisher) -> None:
    publisher.body = b'{"keys": [{"kty": "oct", "kid": "one", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}]}'
    with pytest.raises(NotAuthenticated, match="does not publish"):
        await Door(publisher.url).admit()


@awaited
async def test_a_key_without_a_name_belongs_to_nobody(publisher: Publisher) -> None:
    nameless = {name: value for name, value in public_jwk("one").items() if name != "kid"}
    publisher.body = str({"keys": [nameless, public_jwk("two")]}).replace("'", '"').encode()
    door = Door(publisher.url)
    assert await door.admit(key="two") == ALICE
    with pytest.raises(NotAuthenticated):
        await door.admit(key="one")
