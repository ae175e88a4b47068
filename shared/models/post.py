"""What a person says: a post coming in, and a post as it is shown.

Length, characters, language and visibility are types here, so that everything behind the door may rely on them.
"""

import re
import unicodedata
from datetime import UTC
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

MAX_GRAPHEMES = 280
# An emoji can take ten code points, so graphemes alone would leave the size open.
MAX_CODE_POINTS = 4000
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_ALLOWED_CONTROLS = frozenset("\t\n\r")


class Visibility(StrEnum):
    """Who may see a post: everyone, without its author; or its author alone (a diary entry that counts for nobody)."""

    PUBLIC = "public"
    PRIVATE = "private"


def _is_visible(character: str) -> bool:
    category = unicodedata.category(character)
    # Marks need a letter to stand on. Cn: a character newer than this Python's tables, most likely an emoji.
    return (category[0] not in "ZCM" or category == "Cn") and character not in _BLANKS


def _has_stray_control(content: str) -> bool:
    if content.isprintable():
        return False
    return any(unicodedata.category(c) == "Cc" and c not in _ALLOWED_CONTROLS for c in content)


def count_graphemes(content: str) -> int:
    """Characters as a person counts them (extended grapheme clusters, UAX 29)."""
    import regex  # only for texts near the limit: kept off the way of ordinary posts and of a cold start

    return len(regex.findall(r"\X", content))


def _check_content(content: str) -> str:
    if not content.isascii() and _SURROGATE.search(content):
        raise ValueError("contains half a character (a lone surrogate); send valid Unicode")
    if _has_stray_control(content):
        raise ValueError("contains control characters (NUL or the like); remove them")
    if not any(map(_is_visible, content)):
        raise ValueError("says nothing: write at least one visible character")
    if len(content) > MAX_CODE_POINTS or (len(content) > MAX_GRAPHEMES and count_graphemes(content) > MAX_GRAPHEMES):
        raise ValueError(f"is longer than {MAX_GRAPHEMES} characters")
    return content


Content = Annotated[
    str,
    AfterValidator(_check_content),
    Field(
        min_length=1,
        max_length=MAX_CODE_POINTS,
        description="What the person is doing: 1 to 280 characters (graphemes, so an emoji is one).",
        examples=["Listening to Lover by Taylor Swift"],
    ),
]
Language = Annotated[
    str,
    Field(
        max_length=35,
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        description="The language of the content, as a BCP 47 tag.",
        examples=["en", "pt-BR"],
    ),
]


# In UTC whatever zone the server's session has, so that the same instant is always the same text.
Instant = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]


class Entities(BaseModel):
    """What a post was understood to say; every part may be unknown."""

    model_config = ConfigDict(frozen=True)

    activity: str | None = None
    category: str | None = None
    subject: str | None = None
    item: str | None = None


class NewPost(BaseModel):
    """A post as an app sends it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    content: Content
    visibility: Annotated[Visibility, Field(strict=False)] = Visibility.PUBLIC
    language: Language | None = None


class Post(BaseModel):
    """A post as it is shown. Nothing in it tells who wrote it."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    content: str = Field(examples=["Listening to Lover by Taylor Swift"])
    visibility: Visibility
    language: str | None = Field(examples=["en"])
    created_at: Instant
    activity: str | None = Field(examples=["listening"])
    category: str | None = Field(examples=["music"])
    subject: str | None = Field(description="Artist, author or show.", examples=["taylor swift"])
    item: str | None = Field(description="Title, or the everyday activity.", examples=["lover"])
    key: str | None = Field(
        description="The similarity key: two posts with the same key say the same. Null: nothing comparable.",
        examples=["music:taylorswift:lover"],
    )
