"""Structured logs: one JSON object a line on standard output, ids and numbers only, never contents or tokens.

Written directly: the logging module costs as much as the rest of the line, on every request. Other libraries' loggers
are left to whoever runs the function.
"""

import json
import sys
import traceback
from contextvars import ContextVar

from shared.platform import clock

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that this code runs for."""


def info(message: str, **fields: object) -> None:
    """One line at INFO. `fields` are ids and numbers."""
    _write("INFO", message, fields=fields)


def warning(message: str, **fields: object) -> None:
    """One line at WARNING."""
    _write("WARNING", message, fields=fields)


def error(message: str, failure: BaseException | None = None, **fields: object) -> None:
    """One line at ERROR, with where `failure` came from: its type and stack, not its text, which may quote a person."""
    if failure is not None:
        frames = traceback.format_tb(failure.__traceback__)
        fields |= {"failure": type(failure).__name__, "stack": "".join(frames)}
    _write("ERROR", message, fields=fields)


def _write(severity: str, message: str, *, fields: dict[str, object]) -> None:
    line = {
        "time": clock.now().isoformat(timespec="milliseconds"),
        "severity": severity,
        "message": message,
        "request_id": request_id.get(),
        **fields,
    }
    sys.stdout.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()
