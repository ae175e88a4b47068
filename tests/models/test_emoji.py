"""A reaction is one emoji in one spelling."""

import pytest
from hypothesis import given

from shared.models.reaction import Reactions, canonical_emoji
from tests.support.texts import PROPERTY, texts


@pytest.mark.parametrize(
    ("text", "emoji"),
    [
        ("🔥", "🔥"),
        ("🔥\ufe0f", "🔥"),
        ("❤", "❤\ufe0f"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("☺", "☺\ufe0f"),
        ("👍🏽", "👍🏽"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("🏳\ufe0f\u200d🌈", "🏳\u200d🌈"),
        ("🏳\u200d🌈", "🏳\u200d🌈"),
        ("🇩🇪", "🇩🇪"),
        ("5\ufe0f\u20e3", "5\u20e3"),
    ],
)
def test_an_emoji_has_one_spelling(text: str, emoji: str) -> None:
    assert canonical_emoji(text) == emoji
    assert canonical_emoji(emoji) == emoji


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "5", "#", " ", "fire", "🔥🔥", "🔥 ", "a🔥", "<3", ":)", "é", "ラ", "\u200d", "\ufe0f", "🇩", "🇩🇪🇫🇷"),
        *("🔥" + "\u0301" * 40, "\x00", "/", "..", "%F0"),
    ],
)
def test_anything_but_one_emoji_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not one emoji"):
        canonical_emoji(text)


@PROPERTY
@given(texts)
def test_any_text_is_one_emoji_in_its_spelling_or_none(text: str) -> None:
    try:
        emoji = canonical_emoji(text)
    except ValueError:
        return
    assert canonical_emoji(emoji) == emoji
    assert 1 <= len(emoji) <= 32


def test_reactions_are_told_most_first_and_equals_in_one_order() -> None:
    counts = {"❤️": 1, "🔥": 3, "👍": 1}
    assert list(Reactions(reactions=counts).reactions) == ["🔥", "❤️", "👍"]
