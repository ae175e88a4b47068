"""The project's own source files, as text and as trees."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(path.parent.name for path in ROOT.glob("functions/*/__init__.py"))

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*folders: str) -> list[Path]:
    """Every Python file below the folders."""
    return sorted(path for folder in folders for path in (ROOT / folder).glob("**/*.py"))


def place(path: Path, node: ast.stmt | None = None) -> str:
    """Where to look: file, line and name."""
    where = str(path.relative_to(ROOT))
    return where if node is None else f"{where}:{node.lineno} {getattr(node, 'name', '')}".rstrip()


def functions_of(path: Path) -> Iterator[Function]:
    """Every function and method of a file, nested ones too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function):
            yield node


def lines_of(function: Function) -> int:
    """From `def` to the end, the docstring not counted."""
    whole = (function.end_lineno or function.lineno) - function.lineno + 1
    return whole - _docstring_lines(function)


def body_lines_of(function: Function) -> int:
    """The statements alone."""
    statements = function.body[1:] if _docstring_lines(function) else function.body
    return (statements[-1].end_lineno or 0) - statements[0].lineno + 1 if statements else 0


def _docstring_lines(function: Function) -> int:
    first = function.body[0]
    is_docstring = ast.get_docstring(function) is not None
    return (first.end_lineno or first.lineno) - first.lineno + 1 if is_docstring else 0


def imports_of(path: Path) -> set[str]:
    """The dotted names of every module that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


def none_of(found: Iterable[str]) -> None:
    """Fail with a line for each place that was found."""
    if lines := sorted(found):
        pytest.fail("\n".join(lines), pytrace=False)
