"""Structured logs: one JSON object a line on standard output, ids and numbers only, never contents or tokens."""

import json
import logging
import sys
from contextvars import ContextVar

from shared.platform import clock

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that this code runs for."""

_SEVERITY = {logging.DEBUG: "DEBUG", logging.INFO: "INFO", logging.WARNING: "WARNING", logging.ERROR: "ERROR"}


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": clock.now().isoformat(timespec="milliseconds"),
            "severity": _SEVERITY.get(record.levelno, record.levelname),
            "message": record.getMessage(),
        }
        if (current := request_id.get()) is not None:
            line["request_id"] = current
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["stack_trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


_log = logging.getLogger("coincide")


def configure() -> None:
    """Send our log lines to standard output as JSON. Idempotent; other libraries' loggers are left alone."""
    if not _log.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(_JsonLines())
        _log.addHandler(handler)
        _log.propagate = False
        _log.setLevel(logging.INFO)


def info(message: str, **fields: object) -> None:
    """One line at INFO. `fields` are ids and numbers."""
    _log.info(message, extra={"fields": fields})


def warning(message: str, **fields: object) -> None:
    """One line at WARNING."""
    _log.warning(message, extra={"fields": fields})


def error(message: str, failure: BaseException | None = None, **fields: object) -> None:
    """One line at ERROR, with the stack of `failure`."""
    _log.error(message, exc_info=failure, extra={"fields": fields})
