"""What functions say about themselves: enough to call them without asking anybody."""

import re
from functools import cache
from importlib import import_module
from typing import Any

import jsonschema_rs
import pytest
import yaml

from shared.models.errors import CoincideError
from tests.support.sources import FUNCTIONS, ROOT, none_of

Json = dict[str, Any]
VERBS = {"get", "put", "post", "delete", "patch"}
# Any function may refuse a request that does not fit, or have lost its database.
ALWAYS = {"422", "503"}


@cache
def document(function: str) -> Json:
    described: Json = import_module(f"functions.{function}.main").app.openapi()
    return described


def operations() -> dict[str, tuple[str, str, str]]:
    return {
        f"{function} {verb.upper()} {path}": (function, path, verb)
        for function in FUNCTIONS
        for path, item in document(function)["paths"].items()
        for verb in item
        if verb in VERBS
    }


OPERATIONS = operations()
OURS = [name for name, (_, path, _) in OPERATIONS.items() if path.startswith("/v1/")]


def operation(name: str) -> Json:
    function, path, verb = OPERATIONS[name]
    found: Json = document(function)["paths"][path][verb]
    return found


def resolved(name: str, schema: Json) -> Json:
    """The schema behind a reference."""
    while "$ref" in schema:
        target = document(OPERATIONS[name][0])
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def unexampled(name: str, schema: Json, where: str = "") -> list[str]:
    """The values whose form nobody could guess: no example, and no type that says it all."""
    schema = resolved(name, schema)
    if {"examples", "example", "enum", "const", "format", "default"} & schema.keys():
        return []
    if schema.get("type") == "object" and "properties" in schema:
        inner = schema["properties"].items()
        return [found for part, one in inner for found in unexampled(name, one, f"{where}.{part}")]
    if schema.get("type") == "array":
        return unexampled(name, schema["items"], f"{where}[]")
    if "anyOf" in schema:
        options = [option for option in schema["anyOf"] if option.get("type") != "null"]
        return [found for option in options for found in unexampled(name, option, where)]
    return [] if schema.get("type") in ("boolean", "null", "object") else [where]


def json_of(content: Json) -> Json:
    found: Json = content["content"]["application/json"]
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_describes_itself_in_openapi_3_1(function: str) -> None:
    assert re.fullmatch(r"3\.1\.\d", document(function)["openapi"])
    assert document(function)["info"]["title"]
    for schema in document(function)["components"]["schemas"].values():
        assert jsonschema_rs.meta.is_valid({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_operations_have_ids_of_their_own() -> None:
    ids = [operation(name)["operationId"] for name in OURS]
    assert len(set(ids)) == len(ids)
    for function in FUNCTIONS:
        own = [operation(name)["operationId"] for name, (owner, _, _) in OPERATIONS.items() if owner == function]
        assert len(set(own)) == len(own)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_says_what_it_does(name: str) -> None:
    described = operation(name)
    assert described["summary"]
    assert described["description"]
    assert described["tags"]


@pytest.mark.parametrize("name", OURS)
def test_an_operation_documents_its_refusals_in_the_one_form(name: str) -> None:
    answers = operation(name)["responses"]
    assert answers.keys() >= ALWAYS
    assert any(status.startswith("2") for status in answers)
    known = {str(kind.status) for kind in known_errors()}
    for status, answer in answers.items():
        assert answer["description"]
        if not status.startswith("2"):
            assert status in known
            assert resolved(name, json_of(answer)["schema"])["required"] == ["code", "message", "details", "request_id"]


def known_errors() -> list[type[CoincideError]]:
    kinds, found = [CoincideError], []
    while kinds:
        found.append(kinds.pop())
        kinds += found[-1].__subclasses__()
    return found


@pytest.mark.parametrize("name", OURS)
def test_an_operation_says_who_may_call_it_and_refuses_others_with_401(name: str) -> None:
    described = operation(name)
    schemes = document(OPERATIONS[name][0])["components"]["securitySchemes"]
    assert {scheme for way in described["security"] for scheme in way} <= schemes.keys()
    assert "401" in described["responses"]


@pytest.mark.parametrize("name", [name for name in OURS if OPERATIONS[name][2] in ("post", "put", "patch")])
def test_a_body_is_described_by_example(name: str) -> None:
    if body := operation(name).get("requestBody"):
        assert unexampled(name, json_of(body)["schema"]) == []
        assert {"413", "415", "400"} <= operation(name)["responses"].keys()


def test_parameters_are_described_in_words_and_by_example() -> None:
    found = set()
    for name in OURS:
        for parameter in operation(name).get("parameters", []):
            schema = parameter["schema"]
            # A cursor is opaque: an example would be one that is refused.
            exampled = parameter["name"] == "cursor" or "example" in parameter or not unexampled(name, schema)
            described = parameter.get("description") or schema.get("description")
            found |= set() if exampled else {f"{name} {parameter['name']}: no example"}
            found |= set() if described else {f"{name} {parameter['name']}: no description"}
    none_of(found)


def test_answers_are_described_by_example() -> None:
    none_of(
        f"{name} {status} {found}: no example"
        for name in OURS
        for status, answer in operation(name)["responses"].items()
        if "content" in answer
        for found in unexampled(name, json_of(answer)["schema"])
    )


@pytest.mark.parametrize("function", FUNCTIONS)
def test_examples_are_valid(function: str) -> None:
    components = document(function)["components"]
    parts = [part for schema in components["schemas"].values() for part in schema.get("properties", {}).values()]
    parts += [
        one["schema"]
        for name in OURS
        if OPERATIONS[name][0] == function
        for one in operation(name).get("parameters", [])
    ]
    given = [(part, example) for part in parts for example in part.get("examples", [])]
    assert given
    wrong = [
        (part, example)
        for part, example in given
        if not jsonschema_rs.validator_for({**part, "components": components}).is_valid(example)
    ]
    assert wrong == []


def test_every_path_leads_to_its_function_and_every_rewrite_to_a_path() -> None:
    rewrites = yaml.safe_load((ROOT / "firebase.json").read_text())["hosting"]["rewrites"]
    patterns = [(re.escape(one["source"]).replace(r"/\*\*", "(/.*)?"), one["run"]["serviceId"]) for one in rewrites]
    paths = {(OPERATIONS[name][0], OPERATIONS[name][1]) for name in OURS}
    for function, path in paths:
        leads_to = next((service for pattern, service in patterns if re.fullmatch(pattern, path)), None)
        assert leads_to == function, path
    for pattern, service in patterns:
        assert any(re.fullmatch(pattern, path) and function == service for function, path in paths), pattern
