"""The statements of a function, by name, from the `queries.sql` beside it.

    -- name: get_post
    select …

Comments below a name belong to the statement. Loaded once at import: a missing name fails at start, not at a request.
"""

import re
from importlib.resources import files
from types import SimpleNamespace

_NAME = re.compile(r"^-- name:(.*)$", re.MULTILINE)


def parse(text: str) -> dict[str, str]:
    """`{name: statement}` of a queries.sql. ValueError where a name is missing, bad or given twice."""
    before, *parts = _NAME.split(text)
    if any(line and not line.startswith("--") for line in before.splitlines()):
        raise ValueError("a statement stands before the first `-- name:` line")
    names, statements = [part.strip() for part in parts[::2]], [part.strip() for part in parts[1::2]]
    if not all(re.fullmatch("[a-z_]+", name) for name in names):
        raise ValueError("a name is lower-case letters and underscores")
    if len(set(names)) != len(names):
        raise ValueError("a name is given twice")
    return dict(zip(names, statements, strict=True))


def load(package: str) -> SimpleNamespace:
    """The statements of `package` as attributes."""
    return SimpleNamespace(**parse(files(package).joinpath("queries.sql").read_text("utf-8")))
