"""What the parts of a stack say, for a person to read: one aligned line a request, errors that stand out.

The server's output arrives through a pipe that outlives every server child. The raw lines are kept in logs/server.log.
"""

import json
import os
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

KEPT_BYTES = 10_000_000
NAME_WIDTH = 9
# Columns of a request's line that are not its path: name, method, status, time, request id.
OTHER_COLUMNS = 53
PATH_COLUMNS = (18, 38)

DIM, RED, GREEN, YELLOW, CYAN = "2", "1;31", "32", "33", "36"


def wants_colour(out: TextIO) -> bool:
    """A terminal that nobody told not to (no-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (out.isatty() and os.environ.get("TERM") != "dumb")


class Log:
    """Where the supervisor writes, from its loop and from the thread that reads the pipe."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._colour = wants_colour(out)
        self._writing = threading.Lock()

    def paint(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._colour else text

    def say(self, text: str, *, style: str = DIM) -> None:
        """A line, or several, of the supervisor itself."""
        for line in text.splitlines():
            self.write(self.prefix("coincide") + self.paint(line, style))

    def complain(self, text: str) -> None:
        self.say(text, style=RED)

    def prefix(self, name: str) -> str:
        return self.paint(f"{name:<{NAME_WIDTH}} ", CYAN)

    def write(self, line: str) -> None:
        # A reader that went away (a closed pipe or terminal) must not end the stack.
        with self._writing, suppress(OSError, ValueError):
            self._out.write(line + "\n")
            self._out.flush()


class Pipe:
    """The way in: `entrance` is the output of every child. Leave it when the last of them has ended."""

    def __init__(self, log: Log, folder: Path) -> None:
        self._log = log
        self._file = folder / "server.log"

    def __enter__(self) -> "Pipe":
        if self._file.exists() and self._file.stat().st_size > KEPT_BYTES:
            self._file.replace(self._file.with_suffix(".log.1"))
        exit_, self.entrance = os.pipe()
        self._thread = threading.Thread(target=self._read, args=[exit_], daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.entrance)
        # A process that a function left behind may hold the pipe open for ever; what was said has been read by then.
        self._thread.join(timeout=2)

    def _read(self, exit_: int) -> None:
        with os.fdopen(exit_, "rb") as lines, self._file.open("ab", buffering=0) as raw:
            for line in lines:
                with suppress(OSError):  # a full disk must not make the children wait for us
                    raw.write(line)
                self._log.write(render(line.decode(errors="replace").rstrip("\n"), self._log))


def render(line: str, log: Log) -> str:
    """A function's JSON line for people; any other line, and JSON of another shape, as it is, behind a prefix."""
    if line.startswith("{"):
        with suppress(ValueError, TypeError):
            said = json.loads(line)
            name = str(said.get("function", "server"))
            return log.prefix(name) + (_request if "status" in said else _message)(said, log.paint)
    return log.prefix("server") + line


def _request(said: dict[str, Any], paint: Callable[[str, str], str]) -> str:
    status = int(said["status"])
    style = RED if status >= 500 else YELLOW if status >= 400 else GREEN
    path, width = str(said.get("path", "")), _path_columns()
    path = path if len(path) <= width else path[: width - 1] + "…"
    words = f"{said.get('method', ''):<6} {path:<{width}} "
    line = (paint(words, RED) if status >= 500 else words) + paint(str(status), style)
    line += f" {float(said.get('ms', 0)):>6.1f} ms"
    return f"{line}  {paint(str(said['request_id']), DIM)}" if said.get("request_id") else line


def _path_columns() -> int:
    """As many as the terminal has left, so that a line is a line; plenty where there is no terminal."""
    narrowest, widest = PATH_COLUMNS
    return max(narrowest, min(widest, shutil.get_terminal_size((120, 24)).columns - OTHER_COLUMNS))


def _message(said: dict[str, Any], paint: Callable[[str, str], str]) -> str:
    severity = str(said.get("severity", "INFO"))
    style = {"ERROR": RED, "CRITICAL": RED, "WARNING": YELLOW}.get(severity)
    known = ("time", "severity", "message", "function", "request_id", "stack")
    rest = " ".join(f"{name}={value}" for name, value in said.items() if name not in known)
    text = " ".join(filter(None, (str(said.get("message", "")), rest, str(said.get("request_id") or ""))))
    if style:
        text = paint(f"{severity} {text}", style)
    rows = str(said.get("stack", "")).splitlines()
    return text + "".join(f"\n{' ' * NAME_WIDTH} {paint(row, DIM)}" for row in rows)
