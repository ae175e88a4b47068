"""What a person reads in the terminal of `coincide up`."""

import io
import json
from pathlib import Path

import pytest

from infra.local.logs import Log, Pipe, render


def _request(**fields: object) -> str:
    line = {"message": "request", "function": "posting", "method": "POST", "path": "/v1/posts", "ms": 3.214}
    return json.dumps(line | {"status": 201, "request_id": "req_5f0c7d9b21aa43e0"} | fields)


def _columns(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))


def test_a_request_is_one_aligned_line_also_at_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    _columns(monkeypatch, 80)
    log = Log(io.StringIO())
    short = render(_request(), log)
    long = render(_request(path="/v1/posts/{post_id}/reactions/{emoji}", status=404, ms=1234.5), log)
    assert short.split() == ["posting", "POST", "/v1/posts", "201", "3.2", "ms", "req_5f0c7d9b21aa43e0"]
    assert len(short) == len(long) == 80
    assert short.index("req_") == long.index("req_")


def test_an_error_keeps_its_stack_and_says_so_first() -> None:
    said = {"severity": "ERROR", "message": "It broke.", "function": "posting", "request_id": "req_1", "stack": "a\nb"}
    first, *rest = render(json.dumps(said), Log(io.StringIO())).splitlines()
    assert first.split() == ["posting", "ERROR", "It", "broke.", "req_1"]
    assert [row.strip() for row in rest] == ["a", "b"]


@pytest.mark.parametrize("line", ["Traceback (most recent call last):", "{no json", '{"status": "done"}', ""])
def test_any_other_line_passes_through(line: str) -> None:
    assert render(line, Log(io.StringIO())).endswith(line)


def test_a_pipe_of_no_colour_has_none_and_a_terminal_that_asks_for_none_neither(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b" in render(_request(), Log(Terminal()))
    assert "\x1b" not in render(_request(), Log(io.StringIO()))
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in render(_request(), Log(Terminal()))


def test_raw_lines_are_kept_and_rendered_ones_written_in_order(tmp_path: Path) -> None:
    out = io.StringIO()
    with Pipe(Log(out), tmp_path) as pipe, open(pipe.entrance, "w", closefd=False) as child:
        child.write(f"{_request()}\nhello\n")
    assert (tmp_path / "server.log").read_text() == f"{_request()}\nhello\n"
    assert [line.split()[0] for line in out.getvalue().splitlines()] == ["posting", "server"]
