"""Cursors that cannot be made up, and names from which nobody reads an address."""

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.models.errors import InvalidCursor
from shared.platform.crypto import open_cursor, pseudonym, seal_cursor
from tests.support.texts import PROPERTY, texts

SECRET = "a signing secret of at least 32 characters"
OTHER = "b signing secret of at least 32 characters"
POST = UUID("0198f1c2-7d5e-7c3a-9b6e-3f1d2c4b5a69")
CURSOR = seal_cursor(SECRET, POST, list_name="feed::")


def refused(cursor: str, secret: str = SECRET, list_name: str = "feed::") -> bool:
    try:
        open_cursor(secret, cursor, list_name=list_name)
    except InvalidCursor:
        return True
    return False


@PROPERTY
@given(st.uuids(), texts)
def test_what_was_sealed_is_opened(post: UUID, list_name: str) -> None:
    cursor = seal_cursor(SECRET, post, list_name=list_name)
    assert open_cursor(SECRET, cursor, list_name=list_name) == post
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert len(cursor) <= 100


def test_a_cursor_with_any_bit_changed_is_refused() -> None:
    sealed = base64.urlsafe_b64decode(CURSOR + "=" * (-len(CURSOR) % 4))
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        assert refused(base64.urlsafe_b64encode(changed).decode().rstrip("=")), bit


def test_a_cursor_with_any_character_changed_is_refused() -> None:
    for place in range(len(CURSOR)):
        for other in "ABCxyz019-_=+/ é\n":
            if other != CURSOR[place]:
                assert refused(CURSOR[:place] + other + CURSOR[place + 1 :]), (place, other)


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "x", "0", str(POST), CURSOR[:-1], CURSOR[1:], CURSOR + "A", CURSOR + "=", CURSOR + "==", CURSOR * 2),
        *(f" {CURSOR}", f"{CURSOR}\n", CURSOR.lower(), "é", "\0", "\ud800", "A" * 38, "A" * 10_000),
        *(base64.urlsafe_b64encode(POST.bytes).decode().rstrip("="), base64.urlsafe_b64encode(b"").decode()),
    ],
)
def test_what_was_never_given_out_is_refused(cursor: str) -> None:
    assert refused(cursor)


@PROPERTY
@given(texts | st.text(st.sampled_from("ABCabc019-_="), max_size=50))
def test_any_text_is_refused_and_nothing_worse(text: str) -> None:
    assert refused(text)


@PROPERTY
@given(texts, texts)
def test_a_cursor_of_another_list_is_refused(one: str, other: str) -> None:
    assert refused(seal_cursor(SECRET, POST, list_name=one), list_name=other) == (one != other)


def test_a_cursor_of_another_deployment_is_refused() -> None:
    assert refused(CURSOR, secret=OTHER)
    assert open_cursor(OTHER, seal_cursor(OTHER, POST, list_name="feed::"), list_name="feed::") == POST


def test_a_name_stands_for_one_address_in_one_deployment() -> None:
    name = pseudonym(SECRET, "203.0.113.7")
    assert name == pseudonym(SECRET, "203.0.113.7")
    assert len({name, pseudonym(SECRET, "203.0.113.8"), pseudonym(OTHER, "203.0.113.7")}) == 3


@PROPERTY
@given(texts)
def test_a_name_is_22_characters_that_do_not_tell_the_address(text: str) -> None:
    name = pseudonym(SECRET, text)
    assert len(name) == 22
    assert name.replace("-", "").replace("_", "").isalnum()
