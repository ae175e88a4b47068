"""How long a thing may be."""

import ast
from pathlib import Path

import pytest

from tests.support.sources import ROOT, body_lines_of, functions_of, lines_of, none_of, place, python_files

FILE, FUNCTION, PARAMETERS, BY_PLACE, MAIN, ROUTE = 300, 40, 5, 2, 15, 8
CODE = ["shared", "functions", "infra"]
ROUTE_VERBS = {"get", "post", "put", "patch", "delete"}
# Whose order of arguments is given by what calls them: ASGI.
PROTOCOLS = [["scope", "receive", "send"]]


def line_count(path: Path) -> int:
    return len(path.read_text().splitlines())


def files() -> list[Path]:
    present = [path for end in ("queries.sql", "*.py") for path in ROOT.glob(f"functions/*/{end}")]
    return [*python_files("shared", "infra", "tests"), *present, *ROOT.glob("supabase/schemas/*.sql")]


def test_no_file_is_longer_than_300_lines() -> None:
    none_of(f"{place(path)}: {line_count(path)}" for path in files() if line_count(path) > FILE)


@pytest.mark.parametrize("folder", [*CODE, "tests"])
def test_no_function_is_longer_than_40_lines(folder: str) -> None:
    found = [
        (place(path, function), lines_of(function)) for path in python_files(folder) for function in functions_of(path)
    ]
    none_of(f"{where}: {lines}" for where, lines in found if lines > FUNCTION)


def parameters(arguments: ast.arguments) -> tuple[list[str], list[str]]:
    """Those that may be given by place, and those that must be named."""
    by_place = [argument.arg for argument in arguments.posonlyargs + arguments.args]
    return [name for name in by_place if name not in ("self", "cls")], [one.arg for one in arguments.kwonlyargs]


@pytest.mark.parametrize("folder", CODE)
def test_no_function_takes_more_than_5_parameters(folder: str) -> None:
    found = []
    for path in python_files(folder):
        for function in functions_of(path):
            by_place, named = parameters(function.args)
            if len(by_place) + len(named) > PARAMETERS:
                found.append(f"{place(path, function)}: {by_place + named}")
    none_of(found)


@pytest.mark.parametrize("folder", CODE)
def test_parameters_after_the_second_are_given_by_name(folder: str) -> None:
    found = []
    for path in python_files(folder):
        for function in functions_of(path):
            by_place, _ = parameters(function.args)
            if len(by_place) > BY_PLACE and by_place not in PROTOCOLS:
                found.append(f"{place(path, function)}: {by_place[BY_PLACE:]}")
    none_of(found)


def test_a_main_is_wiring_of_15_lines() -> None:
    none_of(
        f"{place(path)}: {line_count(path)}" for path in ROOT.glob("functions/*/main.py") if line_count(path) > MAIN
    )


def is_route(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr in ROUTE_VERBS
    )


def test_a_route_is_a_door_of_8_lines() -> None:
    routes = [
        (path, function)
        for path in python_files("functions", "shared")
        for function in functions_of(path)
        if any(map(is_route, function.decorator_list))
    ]
    assert routes
    none_of(f"{place(*route)}: {body_lines_of(route[1])}" for route in routes if body_lines_of(route[1]) > ROUTE)
