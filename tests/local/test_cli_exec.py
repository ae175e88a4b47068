"""`coincide exec`: the program gets the stack's variables, its caller gets the program's exit code."""

import json
import sys
from pathlib import Path

import pytest

from tests.support.stack import CommandLine

ASK = """
import json, os, psycopg, urllib.request
who = psycopg.connect(os.environ["DATABASE_URL"]).execute("select current_user").fetchone()[0]
there = urllib.request.urlopen(os.environ["COINCIDE_URL"] + "/fn/posting/readyz").status
print(json.dumps({"who": who, "there": there, **os.environ}))
raise SystemExit(7)
"""


@pytest.fixture
def coincide(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path / "stack")


def test_a_program_gets_a_stack_of_its_own_when_none_is_up_and_answers_its_exit_code(coincide: CommandLine) -> None:
    run = coincide("exec", "--", sys.executable, "-c", ASK)
    assert run.returncode == 7, run.stderr
    said = json.loads(run.stdout)
    assert (said["who"], said["there"]) == ("backend", 200)
    assert said["FIREBASE_AUTH_EMULATOR_HOST"] == said["COINCIDE_URL"].removeprefix("http://")
    assert coincide("status").returncode == 3


def test_a_program_gets_the_stack_that_is_up(coincide: CommandLine) -> None:
    with coincide.up("--no-reload") as up:
        run = coincide("exec", "--", sys.executable, "-c", ASK)
        assert run.returncode == 7, run.stderr
        assert json.loads(run.stdout)["COINCIDE_URL"] == up.record["urls"]["base"]
        assert coincide("exec", "--", "no-such-program").returncode == 127
        assert coincide("exec").returncode == 2
