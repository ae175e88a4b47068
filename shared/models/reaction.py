"""One emoji that one person puts on one post."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_VARIATION = "\ufe0f"
# Pictographs (with skin tones and joined families), flags, keycaps.
_EMOJI = r"\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|[0-9#*]\ufe0f?\u20e3"


def canonical_emoji(text: str) -> str:
    """One emoji in one spelling: with or without U+FE0F it is the same reaction. ValueError if it is none."""
    import regex  # a person reacts seldom: kept off a cold start

    if len(text) > 32 or not regex.fullmatch(r"\X", text) or not regex.search(_EMOJI, text):
        raise ValueError("is not one emoji")
    bare = text.replace(_VARIATION, "")
    needs_variation = len(bare) == 1 and not regex.match(r"\p{Emoji_Presentation}", bare)
    return bare + _VARIATION if needs_variation else bare


Emoji = Annotated[str, AfterValidator(canonical_emoji), Field(max_length=32, description="One emoji.", examples=["🔥"])]


def _most_first(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


ReactionCounts = Annotated[
    dict[str, int],
    AfterValidator(_most_first),
    Field(description="How many people put each emoji on it, most first.", examples=[{"🔥": 3, "❤️": 1}]),
]


class Reactions(BaseModel):
    """The reactions on a post."""

    model_config = ConfigDict(frozen=True)

    reactions: ReactionCounts
