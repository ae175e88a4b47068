"""Ids whose order is the order of time."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.platform.identifiers import first_id, new_id
from tests.support.texts import PROPERTY

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

moments = st.datetimes(datetime(1970, 1, 2), datetime(2400, 1, 1), timezones=st.just(UTC))


def milliseconds_of(identifier: UUID) -> int:
    return identifier.int >> 80


@PROPERTY
@given(moments)
def test_an_id_is_a_version_7_uuid_of_its_moment(at: datetime) -> None:
    identifier = new_id(at)
    assert (identifier.version, identifier.variant) == (7, RFC_4122)
    assert abs(milliseconds_of(identifier) - (at - EPOCH) // MILLISECOND) <= 1


@PROPERTY
@given(moments, moments)
def test_the_order_of_ids_is_the_order_of_time(one: datetime, other: datetime) -> None:
    earlier, later = sorted((one, other))
    if later - earlier > MILLISECOND:
        assert new_id(earlier) < new_id(later)
        assert str(new_id(earlier)) < str(new_id(later))
    assert milliseconds_of(new_id(earlier)) <= milliseconds_of(new_id(later))


@PROPERTY
@given(moments, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_the_first_id_of_a_moment_is_not_above_any_that_comes_from_then_on(at: datetime, after: timedelta) -> None:
    assert first_id(at) <= new_id(at + after)
    assert first_id(at) <= first_id(at + after)


@PROPERTY
@given(moments)
def test_the_first_id_of_a_moment_is_above_all_that_came_before(at: datetime) -> None:
    assert new_id(at - 2 * MILLISECOND) < first_id(at)
    assert (first_id(at).version, first_id(at).variant) == (7, RFC_4122)


@PROPERTY
@given(moments, st.sampled_from([timedelta(hours=-11), timedelta(hours=5, minutes=45), timedelta(hours=14)]))
def test_the_zone_in_which_a_moment_is_told_makes_no_difference(at: datetime, offset: timedelta) -> None:
    assert first_id(at.astimezone(timezone(offset))) == first_id(at)


def test_ids_of_one_moment_are_all_different() -> None:
    at = datetime(2031, 5, 17, tzinfo=UTC)
    assert len({new_id(at) for _ in range(2000)}) == 2000
