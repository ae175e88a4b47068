"""The events that functions exchange through the outbox. Ids and keys only: never what a person wrote."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.models.post import Visibility


class PostAccepted(BaseModel):
    """A post was accepted. Written by `private.accept_post_v1` in the post's own transaction."""

    model_config = ConfigDict(frozen=True)

    event: Literal["post.accepted"] = "post.accepted"
    post_id: UUID
    person_id: str
    visibility: Visibility
    key: str | None


class PostDeleted(BaseModel):
    """A post was deleted by its author. Written by `private.delete_post_v1`."""

    model_config = ConfigDict(frozen=True)

    event: Literal["post.deleted"] = "post.deleted"
    post_id: UUID
    person_id: str
    key: str | None
