"""A JSON body read without FastAPI, for the one route of a function where FastAPI's own way would be felt."""

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from shared.models.errors import UnsupportedMediaType
from shared.platform.refusals import invalid

Model = TypeVar("Model", bound=BaseModel)


async def read_json(request: Request, model: type[Model]) -> Model:
    """The body as a `model`. UnsupportedMediaType, InvalidJson, or InvalidRequest with the problem of each field."""
    if "json" not in request.headers.get("content-type", "json"):
        raise UnsupportedMediaType
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        raise invalid([(("body", *problem["loc"]), problem) for problem in problems]) from None


def body_of(model: type[BaseModel]) -> dict[str, object]:
    """`openapi_extra` of a route that calls `read_json`."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
