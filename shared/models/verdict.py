"""The answer to a post: who else is doing it."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class VerdictKind(StrEnum):
    """How many others; `unknown` where a post says nothing comparable."""

    ONLY_ONE = "only_one"
    FEW = "few"
    MANY = "many"
    UNKNOWN = "unknown"


class Count(BaseModel):
    """How many other people share a key, as the database counted: `exact`, or an estimate."""

    model_config = ConfigDict(frozen=True)

    others: int = Field(ge=0)
    exact: bool


class Verdict(BaseModel):
    """Who else is doing it, in numbers and in a sentence."""

    model_config = ConfigDict(frozen=True)

    kind: VerdictKind
    others: int = Field(
        ge=0,
        description="Distinct other people who said the same in public within the window; 0 where unknown.",
        examples=[12],
    )
    exact: bool = Field(description="False: `others` is an honest approximation, or (unknown) nobody was compared.")
    window_hours: int = Field(examples=[24])
    headline: str = Field(examples=["12 others are doing this, right now."])
    trend: None = Field(default=None, description="What the world does about it; null until trends are known.")
