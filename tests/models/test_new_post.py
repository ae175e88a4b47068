"""A post as an app sends it: what is a post, and what is refused with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.models.post import MAX_GRAPHEMES, NewPost, Visibility, count_graphemes
from tests.support.texts import PROPERTY

FAMILY = "👨‍👩‍👧‍👦"
FLAG = "🇩🇪"


def problem(**fields: object) -> str:
    """Why these fields are no post, without what the person wrote."""
    with pytest.raises(ValidationError) as refusal:
        NewPost.model_validate({"content": "running", **fields})
    [error] = refusal.value.errors()
    return str(error["msg"])


@pytest.mark.parametrize(
    "content",
    [
        *("x", "5", ".", "🔥", FAMILY, FLAG, "5️⃣", "ラーメン", "हिन्दी", "שלום", "\U0001fae8", "line\nline\ttab\r\n"),
        *(" spaces are kept ", "x" * MAX_GRAPHEMES, FAMILY * MAX_GRAPHEMES, "e\u0301" * MAX_GRAPHEMES),
    ],
)
def test_what_a_person_can_read_is_content_and_stays_as_it_is(content: str) -> None:
    assert NewPost(content=content).content == content


@pytest.mark.parametrize(
    "content",
    [" ", "\n\t", "\u00a0\u3000", "\u200b", "\u200d\ufeff\u2060", "\u2800", "\u3164\u115f", "\u202e", "\ue000"],
)
def test_content_that_nobody_can_see_is_refused(content: str) -> None:
    assert "write at least one visible character" in problem(content=content)


@pytest.mark.parametrize("content", ["run\x00ning", "\x1b[31mred", "bell\x07", "c1\x9bcontrol", "\x7f running"])
def test_control_characters_are_refused(content: str) -> None:
    assert "control characters" in problem(content=content)


@pytest.mark.parametrize("content", ["x" * 281, FAMILY * 281, "e\u0301" * 281, "\r\n" * 280 + "xx"])
def test_more_than_280_characters_as_a_person_counts_are_refused(content: str) -> None:
    assert "longer than 280 characters" in problem(content=content)


def test_one_character_without_end_is_refused() -> None:
    assert "longer" in problem(content="e" + "\u0301" * 4000)


@pytest.mark.parametrize("content", ["half \ud83d", "\udd25", "\udd25\ud83d"])
def test_half_a_character_is_refused(content: str) -> None:
    assert problem(content=content)


@pytest.mark.parametrize(
    "fields",
    [
        {"content": 5},
        {"content": None},
        {"content": ["running"]},
        {"content": b"running"},
        {"visibility": "friends"},
        {"visibility": None},
        {"visibility": "PUBLIC"},
        {"language": 1},
        {"language": ""},
        {"language": "english please"},
        {"language": "e"},
        {"language": "en_US"},
        {"language": "en\n"},
        {"language": "en-" + "x" * 40},
        {"author": "bob"},
        {"id": "1"},
    ],
)
def test_fields_of_another_type_and_unknown_fields_are_refused(fields: dict[str, object]) -> None:
    assert problem(**fields)


@pytest.mark.parametrize("language", ["en", "pt-BR", "zh-Hant-TW", "sr-Latn", "yue", None])
def test_a_language_is_a_tag(language: str | None) -> None:
    assert NewPost(content="running", language=language).language == language


def test_a_post_is_public_unless_it_says_otherwise() -> None:
    assert NewPost(content="running").visibility is Visibility.PUBLIC
    assert NewPost.model_validate({"content": "running", "visibility": "private"}).visibility is Visibility.PRIVATE


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("abc", 3), (FAMILY, 1), (FLAG * 2, 2), ("e\u0301", 1), ("\r\n", 1), ("👍🏽", 1)]
)
def test_characters_are_counted_as_a_person_counts_them(text: str, count: int) -> None:
    assert count_graphemes(text) == count


@PROPERTY
@given(st.text(max_size=300))
def test_any_text_is_a_post_or_a_refusal(text: str) -> None:
    try:
        kept = NewPost(content=text).content
    except ValidationError as refusal:
        kept = text
        places = {error["loc"] for error in refusal.errors()}
    else:
        places = {("content",)}
    assert (kept, places) == (text, {("content",)})
