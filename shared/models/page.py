"""A page of a list, and the place where the next one begins."""

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")

Limit = Annotated[int, Field(ge=1, le=100, description="How many at most.")]


class Page(BaseModel, Generic[Item]):
    """Newest first. Stable under inserts: what arrives later never shifts the pages behind a cursor."""

    model_config = ConfigDict(frozen=True)

    items: list[Item]
    next_cursor: str | None = Field(
        description="Send it as `cursor` for the next page; null on the last one.",
        examples=["AZjxwn1efDqbbj8dLEtaaW3hA9Yx0nQ4k2Vb7g"],
    )
