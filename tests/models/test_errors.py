"""The coded errors: each kind has a code, a status and a sentence that helps."""

import pytest

from shared.models import errors
from shared.models.errors import CoincideError, Temporary, Throttled


def kinds() -> list[type[CoincideError]]:
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CoincideError)]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_kind_says_what_it_is_to_programs_and_to_people(kind: type[CoincideError]) -> None:
    error = kind()
    assert error.code.replace("_", "").isalpha()
    assert error.code.islower()
    assert 400 <= error.status < 600
    assert error.message.endswith(".")
    assert "\n" not in error.message
    assert "  " not in error.message
    assert (error.details, error.retry_after) == ({}, None)
    assert str(error) == error.message


def test_a_code_stands_for_one_status() -> None:
    statuses: dict[str, set[int]] = {}
    for kind in kinds():
        statuses.setdefault(kind.code, set()).add(kind.status)
    assert {code: found for code, found in statuses.items() if len(found) > 1} == {}


def test_the_place_that_raises_may_know_better() -> None:
    error = Throttled("Slower.", details={"bucket": "person"}, retry_after=2.5)
    assert (error.message, error.details, error.retry_after) == ("Slower.", {"bucket": "person"}, 2.5)


def test_the_details_of_an_error_are_its_own() -> None:
    details: dict[str, object] = {}
    error = Temporary(details=details)
    details["later"] = True
    assert error.details == {}
