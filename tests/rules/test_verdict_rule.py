"""The verdict: what a count means, at its edges, and what the headline says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.models.verdict import Count, Verdict, VerdictKind
from shared.rules.verdict import EXACT_UP_TO, FEW_UP_TO, decide
from tests.support.texts import PROPERTY

ONLY_ONE, FEW, MANY, UNKNOWN = VerdictKind.ONLY_ONE, VerdictKind.FEW, VerdictKind.MANY, VerdictKind.UNKNOWN


@pytest.mark.parametrize(
    ("others", "kind", "headline"),
    [
        (0, ONLY_ONE, "You are the only one, right now."),
        (1, FEW, "One other is doing this, right now."),
        (2, FEW, "2 others are doing this, right now."),
        (10, FEW, "10 others are doing this, right now."),
        (11, MANY, "11 others are doing this, right now."),
        (100, MANY, "100 others are doing this, right now."),
        (101, MANY, "101 others are doing this, right now."),
    ],
)
def test_an_exact_count_is_told_as_it_is(others: int, kind: VerdictKind, headline: str) -> None:
    assert decide(Count(others=others, exact=True)) == Verdict(
        kind=kind, others=others, exact=True, window_hours=24, headline=headline
    )


@pytest.mark.parametrize(
    ("counted", "told", "headline"),
    [
        (101, 100, "About 100 others are doing this, right now."),
        (104, 100, "About 100 others are doing this, right now."),
        (105, 110, "About 110 others are doing this, right now."),
        (994, 990, "About 990 others are doing this, right now."),
        (995, 1000, "About 1,000 others are doing this, right now."),
        (1234, 1200, "About 1,200 others are doing this, right now."),
        (1250, 1300, "About 1,300 others are doing this, right now."),
        (99_500, 100_000, "About 100,000 others are doing this, right now."),
        (1_234_567, 1_200_000, "About 1,200,000 others are doing this, right now."),
    ],
)
def test_an_estimate_is_told_with_two_digits_and_says_so(counted: int, told: int, headline: str) -> None:
    assert decide(Count(others=counted, exact=False)) == Verdict(
        kind=MANY, others=told, exact=False, window_hours=24, headline=headline
    )


@pytest.mark.parametrize("counted", [0, 1, 10, 100])
def test_an_estimate_is_never_below_what_was_counted_one_by_one(counted: int) -> None:
    verdict = decide(Count(others=counted, exact=False))
    assert (verdict.kind, verdict.others, verdict.exact) == (MANY, EXACT_UP_TO, False)


def test_where_nobody_was_compared_the_verdict_is_unknown() -> None:
    verdict = decide(None)
    assert (verdict.kind, verdict.others, verdict.exact, verdict.window_hours) == (UNKNOWN, 0, False, 24)
    assert "compare" in verdict.headline


counts = st.builds(Count, others=st.integers(0, 2_000_000_000), exact=st.booleans())


@PROPERTY
@given(counts)
def test_every_count_has_a_verdict_that_agrees_with_itself(count: Count) -> None:
    verdict = decide(count)
    assert verdict.exact is count.exact
    assert verdict.kind is (ONLY_ONE if verdict.others == 0 else FEW if verdict.others <= FEW_UP_TO else MANY)
    assert verdict.headline.startswith("About") is not verdict.exact
    assert verdict.trend is None
    if verdict.others > 1:
        assert f"{verdict.others:,} others" in verdict.headline


@PROPERTY
@given(st.integers(EXACT_UP_TO + 1, 2_000_000_000))
def test_an_estimate_is_within_five_percent_of_the_count(others: int) -> None:
    told = decide(Count(others=others, exact=False)).others
    assert abs(told - others) <= others * 0.05
    assert len(str(told).rstrip("0")) <= 2


@PROPERTY
@given(counts, counts)
def test_more_people_never_make_a_smaller_verdict(one: Count, other: Count) -> None:
    less, more = sorted((one, other), key=lambda count: count.others)
    if less.exact == more.exact:
        assert decide(less).others <= decide(more).others
