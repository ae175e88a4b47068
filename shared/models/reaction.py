"""One emoji that one person puts on one post."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_VARIATION = "\ufe0f"
# As Unicode builds them: flags, keycaps, tagged flags, and pictographs with a skin tone or joined to families. Nothing
# else may ride along: a mark on an emoji could be stacked over the posts around it.
_PICTURE = r"\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?"
_EMOJI = (
    r"\p{Regional_Indicator}{2}|[0-9#*]\ufe0f?\u20e3|\U0001f3f4[\U000e0030-\U000e007a]{2,6}\U000e007f"
    rf"|{_PICTURE}(?:\u200d{_PICTURE}){{0,4}}"
)


def canonical_emoji(text: str) -> str:
    """One emoji in one spelling: with or without U+FE0F it is the same reaction. ValueError if it is none."""
    import regex  # a person reacts seldom: kept off a cold start

    if len(text) > 32 or not regex.fullmatch(_EMOJI, text):
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
