"""A limit as a deployment writes it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.models.throttle import Rate, parse_rate
from tests.support.texts import PROPERTY, texts


@pytest.mark.parametrize(
    ("text", "rate", "fill"),
    [
        ("10/minute burst 20", Rate(interval=timedelta(seconds=6), burst=20), timedelta(minutes=2)),
        ("1/second burst 1", Rate(interval=timedelta(seconds=1), burst=1), timedelta(seconds=1)),
        ("3600/hour burst 5", Rate(interval=timedelta(seconds=1), burst=5), timedelta(seconds=5)),
    ],
)
def test_a_rate_is_tokens_for_a_period_and_a_burst(text: str, rate: Rate, fill: timedelta) -> None:
    assert parse_rate(text) == rate
    assert rate.fill == fill


@pytest.mark.parametrize(
    "text",
    [
        *("", "10", "10/minute", "10/minute burst", "10/day burst 20", "ten/minute burst 20", "-1/minute burst 20"),
        *(
            "0/minute burst 20",
            "10/minute burst 0",
            " 10/minute burst 20",
            "10/minute burst 20\n",
            "1.5/minute burst 2",
        ),
        *("1000000000/minute burst 20", "10/Minute burst 20"),
    ],
)
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="10/minute burst 20"):
        parse_rate(text)


@PROPERTY
@given(st.integers(1, 999_999), st.sampled_from(["second", "minute", "hour"]), st.integers(1, 999_999))
def test_every_rate_of_that_form_lets_something_through_at_a_price(tokens: int, period: str, burst: int) -> None:
    rate = parse_rate(f"{tokens}/{period} burst {burst}")
    assert rate.interval > timedelta(0)
    assert rate.fill >= rate.interval


@PROPERTY
@given(texts)
def test_any_other_text_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse_rate(text + "x")
