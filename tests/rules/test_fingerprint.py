"""Similarity keys: two posts say the same if and only if their keys are equal, and the database can hold any key."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.models.post import Entities
from shared.rules.extract import extract
from shared.rules.fingerprint import MAX_SLOT, fingerprint, similarity_key
from tests.support.texts import PROPERTY, texts

parts = st.none() | texts
entities = st.builds(
    Entities,
    activity=parts,
    category=st.none() | st.sampled_from(["music", "tv", "film", "books", "games", "food", "activity"]),
    subject=parts,
    item=parts,
)


@pytest.mark.parametrize(
    ("given_entities", "key"),
    [
        (Entities(category="music", subject="Taylor Swift", item="Lover"), "music:taylorswift:lover"),
        (Entities(category="tv", item="stranger things"), "tv::strangerthings"),
        (Entities(category="books", subject="frank herbert", item="dune"), "books:frankherbert:dune"),
        (Entities(category="activity", item="morning run"), "activity::morningrun"),
        (Entities(item="morning run"), "activity::morningrun"),
        (Entities(category="music", subject="::", item="a:b"), "music::ab"),
        (Entities(category="music", subject="taylor swift"), None),
        (Entities(category="music", subject="taylor swift", item="🔥"), None),
        (Entities(activity="listening", category="music"), None),
        (Entities(), None),
    ],
)
def test_a_key_is_category_subject_and_item(given_entities: Entities, key: str | None) -> None:
    assert similarity_key(given_entities) == key


def test_the_activity_is_not_part_of_a_key() -> None:
    listening, singing = (Entities(activity=verb, category="music", item="lover") for verb in ("listening", "singing"))
    assert similarity_key(listening) == similarity_key(singing)


@PROPERTY
@given(entities | texts.map(extract))
def test_a_key_has_two_colons_letters_marks_and_digits_and_at_most_200_characters(given_entities: Entities) -> None:
    key = similarity_key(given_entities)
    if key is None:
        return
    assert key.count(":") == 2
    assert 3 <= len(key) <= 200
    assert unicodedata.is_normalized("NFC", key)
    assert {unicodedata.category(character)[0] for character in key.replace(":", "")} <= set("LMN")
    category, _, item = key.split(":")
    assert category.isascii()
    assert category.islower()
    assert item


def test_the_longest_titles_still_make_a_key_of_at_most_200_characters() -> None:
    endless = Entities(category="activity", subject="a" * 5000, item="ガ" * 5000)
    assert similarity_key(endless) == f"activity:{'a' * MAX_SLOT}:{'ガ' * MAX_SLOT}"


@PROPERTY
@given(texts)
def test_equal_texts_have_equal_keys_and_fingerprints(text: str) -> None:
    one, other = similarity_key(extract(text)), similarity_key(extract(f" {text.casefold()}\u200b\n"))
    assert one == similarity_key(extract(text))
    if "\u0345" not in unicodedata.normalize("NFD", text):
        assert one == other


@PROPERTY
@given(texts, texts)
def test_a_fingerprint_is_16_bytes_that_tell_keys_apart(one: str, other: str) -> None:
    assert len(fingerprint(one)) == 16
    assert (fingerprint(one) == fingerprint(other)) == (one == other)


def test_a_fingerprint_never_changes_because_rows_are_found_by_it() -> None:
    assert fingerprint("music:taylorswift:lover").hex() == "443a8952fc1eebdd06aeabc1a8622936"
