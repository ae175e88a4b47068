"""The demo is what a stranger sees first: it plays to the end, says what it must, and leaves nothing running."""

from pathlib import Path

from tests.support.stack import CommandLine

LINES = (
    "Listening to Lover by Taylor Swift",
    "You are the only one, right now.",
    "3 others are doing this, right now.",
    "422 invalid_request",
    "The same post, the same answer. Nothing is there twice.",
    "The feed, newest first, without anybody's name.",
    "teaching my parrot to whistle Bach   🦜 2",
    "13 posts, half of them answered within",
)


def test_the_demo_plays_its_story_and_stops_everything(tmp_path: Path) -> None:
    coincide = CommandLine(tmp_path / "demo")
    for _ in range(2):  # the same again works
        run = coincide("demo")
        assert run.returncode == 0, run.stdout + run.stderr
        assert [line for line in LINES if line not in run.stdout] == []
        assert "\x1b" not in run.stdout
        assert max(map(len, run.stdout.splitlines())) <= 80
    assert coincide("status").returncode == 3
