"""Where things live, and which way imports point."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from shared.platform import queries
from tests.support.sources import FUNCTIONS, ROOT, imports_of, none_of, place, python_files

NAMED_AFTER_NOTHING = re.compile(
    r"_?(utils?|helpers?|managers?|services?|repositor(y|ies)|common|misc|base|core)(_.*)?"
)
# "How every function is put together", by the design's own name.
MAY_BE_CALLED_SERVICE = {ROOT / "shared" / "platform" / "service.py"}


def test_files_are_named_after_decisions() -> None:
    named = {
        path
        for path in python_files("shared", "functions", "infra", "tests")
        if NAMED_AFTER_NOTHING.fullmatch(path.stem)
    }
    none_of(place(path) for path in sorted(named - MAY_BE_CALLED_SERVICE))


def test_there_is_a_function() -> None:
    assert "posting" in FUNCTIONS
    folders = {path.name for path in (ROOT / "functions").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_the_same_shape(name: str) -> None:
    folder = ROOT / "functions" / name
    for file in ("main.py", "routes.py", "queries.sql"):
        assert (folder / file).is_file(), file
    main = (folder / "main.py").read_text()
    assert f'app = create_app("{name}"' in main
    assert f'{name} = cloud_function("{name}", app)' in main


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_imports_no_other_function(name: str) -> None:
    ours = f"functions.{name}"
    found = {
        f"{place(path)} imports {module}"
        for path in python_files(f"functions/{name}")
        for module in imports_of(path)
        if module.startswith("functions.") and not f"{module}.".startswith(f"{ours}.")
    }
    none_of(found)


def test_nothing_that_is_deployed_imports_infra_or_tests() -> None:
    found = {
        f"{place(path)} imports {module}"
        for path in python_files("functions", "shared")
        for module in imports_of(path)
        if module.split(".")[0] in ("infra", "tests")
    }
    none_of(found)


def test_the_import_contracts_are_kept() -> None:
    argv = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))",
    ]
    run = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"[1-9]\d* kept, 0 broken", run.stdout)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_statement_is_used_and_every_statement_that_is_used_is_there(name: str) -> None:
    folder = ROOT / "functions" / name
    text = (folder / "queries.sql").read_text()
    used = {
        node.attr
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "_sql"
    }
    assert set(queries.parse(text)) == used
    # A name of another form would be taken for a comment of the statement above it.
    assert len(re.findall(r"^\s*--\s*name\s*:", text, re.MULTILINE | re.IGNORECASE)) == len(used)


def test_every_module_opens_with_what_it_is_for() -> None:
    trees = {path: ast.parse(path.read_text()) for path in python_files("shared", "functions")}
    none_of(place(path) for path, tree in trees.items() if tree.body and not ast.get_docstring(tree))


def undocumented(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    public_classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    candidates = [*tree.body, *(member for node in public_classes for member in node.body)]
    return [
        place(path, node)
        for node in candidates
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]


def test_public_functions_and_classes_of_shared_say_what_they_promise() -> None:
    none_of(where for path in python_files("shared") for where in undocumented(path))


def test_shared_knows_the_type_of_everything() -> None:
    none_of(place(path) for path in python_files("shared") if "typing.Any" in imports_of(path))


def test_what_is_deployed_is_what_there_is() -> None:
    deployed = yaml.safe_load((ROOT / "serverless.yml").read_text())["functions"]
    assert sorted(deployed) == FUNCTIONS
    rewrites = json.loads((ROOT / "firebase.json").read_text())["hosting"]["rewrites"]
    assert {rewrite["run"]["serviceId"] for rewrite in rewrites} == set(FUNCTIONS)
