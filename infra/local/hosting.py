"""Which function answers which path: the rewrites of firebase.json, read as Firebase Hosting reads them.

The gateway and the front page use the same file that a deployment uses, so a route cannot exist in only one place.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Rewrite:
    """One rewrite: paths that match `source` go to the function."""

    source: str
    function: str
    pattern: re.Pattern[str]


def read_rewrites(file: Path) -> list[Rewrite]:
    """The rewrites to functions, in order; the first match wins. Raises ValueError for what it cannot read."""
    try:
        hosting = json.loads(file.read_text())["hosting"]
        return [_rewrite(entry) for entry in hosting["rewrites"] if "run" in entry or "function" in entry]
    except json.JSONDecodeError as error:
        raise ValueError(f"{file.name}: {error}") from error
    except (KeyError, TypeError) as error:
        raise ValueError(f"{file.name}: hosting.rewrites is not there, or of another shape") from error


def _rewrite(entry: dict[str, object]) -> Rewrite:
    target = entry.get("run") or entry.get("function")
    name = target if isinstance(target, str) else None
    if isinstance(target, dict):
        name = target.get("serviceId") or target.get("functionId")
    if not isinstance(name, str):
        raise ValueError(f"firebase.json: no function named in {entry}")
    source = entry["source"]
    if not isinstance(source, str):
        raise ValueError(f"firebase.json: no source in {entry}")
    return Rewrite(source, name, _pattern(source))


def _pattern(glob: str) -> re.Pattern[str]:
    """`*` is a part of one segment, `**` any number of segments."""
    if unknown := set(glob) & set("{}[]()!@+|?:"):
        raise ValueError(f"firebase.json: {glob}: {''.join(sorted(unknown))} is not understood here")
    parts = re.split(r"(\*\*|\*)", glob)
    return re.compile("".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts))
