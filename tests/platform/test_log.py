"""Logs: one JSON object a line, that tells where a failure came from and not what a person wrote."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from shared.platform import log

POST = UUID("0198f1c2-7d5e-7c3a-9b6e-3f1d2c4b5a69")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out == "" or printed.out.endswith("\n")
    return [json.loads(line) for line in printed.out.splitlines()]


def test_a_line_is_one_object_with_time_severity_message_request_and_fields(capsys: pytest.CaptureFixture[str]) -> None:
    log.info("A post was accepted.", post_id=POST, ms=1.5)
    [line] = lines(capsys)
    assert datetime.fromisoformat(line.pop("time")).tzinfo is not None
    assert line == {
        "severity": "INFO",
        "message": "A post was accepted.",
        "request_id": None,
        "post_id": str(POST),
        "ms": 1.5,
    }


def test_each_severity_has_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    log.info("one")
    log.warning("two")
    log.error("three")
    assert [(line["severity"], line["message"]) for line in lines(capsys)] == [
        ("INFO", "one"),
        ("WARNING", "two"),
        ("ERROR", "three"),
    ]


def test_what_would_break_a_line_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    log.info('two\nlines and a "quote"\r', field="three\nlines\x00\x1b[31m")
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert "\x1b" not in printed
    assert json.loads(printed)["message"] == 'two\nlines and a "quote"\r'


def test_a_line_names_the_request_that_it_belongs_to(capsys: pytest.CaptureFixture[str]) -> None:
    context = log.request_id.set("req_1")
    try:
        log.info("within")
    finally:
        log.request_id.reset(context)
    log.info("after")
    assert [line["request_id"] for line in lines(capsys)] == ["req_1", None]


def test_a_failure_is_told_by_its_type_and_place_and_not_by_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    written = " ".join(["what", "alice", "wrote"])

    def break_down() -> None:
        raise ValueError(f"cannot read {written}")

    try:
        break_down()
    except ValueError as failure:
        log.error("It broke.", failure, post_id=POST)
    [line] = lines(capsys)
    assert (line["failure"], line["post_id"]) == ("ValueError", str(POST))
    assert "break_down" in line["stack"]
    assert written not in json.dumps(line)
