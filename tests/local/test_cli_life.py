"""A stack's life as its user sees it: up, asked, stopped, started again, killed; nothing stays behind."""

import json
import os
import signal
import socket
from pathlib import Path

import httpx
import pytest

from tests.support.stack import CommandLine, Up, alive, eventually, family, feed, post, sign_in


@pytest.fixture
def coincide(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path / "stack")


def _pids(up: Up) -> set[int]:
    return family(up.process.pid) | set(up.record["pids"].values())


def _refuses(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) != 0


def test_a_stack_says_where_it_is_and_how_every_part_is_and_goes_down(coincide: CommandLine) -> None:
    assert coincide("status").returncode == 3
    with coincide.up() as up:
        asked = coincide("status", "--json")
        assert asked.returncode == 0
        status = json.loads(asked.stdout)
        assert {name: part["well"] for name, part in status["health"].items()} == dict.fromkeys(
            ("gateway", "posting", "identity", "postgres"), True
        )
        assert status["urls"] == up.record["urls"]
        again = coincide("up")
        assert again.returncode == 0
        assert "already up" in again.stdout
        assert up.record["urls"]["base"] in again.stdout
        pids = _pids(up)
        assert coincide("down").returncode == 0
        assert up.process.wait(timeout=10) == 0
        assert not alive(pids)
    assert coincide.status()["state"] == "down"


def test_ctrl_c_leaves_no_process_no_port_and_no_pid_file(coincide: CommandLine) -> None:
    with coincide.up() as up:
        pids = _pids(up)
        assert len(pids) > 3
        assert up.stop(signal.SIGINT) == 0
        assert not alive(pids)
        assert all(_refuses(port) for port in up.record["ports"].values())
    assert not (coincide.state / "stack.json").exists()
    assert not list(coincide.state.rglob("*.pid"))


def test_data_addresses_and_keys_survive_a_restart_and_a_reset_forgets_the_data_only(coincide: CommandLine) -> None:
    with coincide.up() as up:
        post(up.http, up.sign_in(), "Baking sourdough")
        first = up.record
    assert coincide("up", "--detach", "--no-reload").returncode == 0
    second = coincide.status()
    try:
        assert second["urls"]["base"] == first["urls"]["base"]
        assert second["keys"] == first["keys"]
        with httpx.Client(base_url=second["urls"]["base"], trust_env=False) as http:
            assert feed(http) == ["Baking sourdough"]
            assert coincide("reset").returncode == 0
            assert feed(http) == []
            assert post(http, sign_in(http), "Baking sourdough")["others"] == 0
    finally:
        coincide("down")
    assert coincide("reset").returncode == 0
    with coincide.up() as up:
        assert feed(up.http) == []


def test_after_a_supervisor_was_killed_the_server_ends_and_down_ends_the_rest(coincide: CommandLine) -> None:
    with coincide.up() as up:
        pids = _pids(up)
        up.stop(signal.SIGKILL)
        assert "remainder" in coincide("status", "--json").stdout
        assert coincide("down").returncode == 0
        eventually(lambda: not alive(pids))
        with coincide.up() as again:
            assert feed(again.http) == []


def test_postgres_that_was_killed_is_started_again_with_its_data(coincide: CommandLine) -> None:
    with coincide.up("--no-reload") as up:
        post(up.http, up.sign_in(), "Baking sourdough")
        os.kill(up.record["pids"]["postgres"], signal.SIGKILL)
        eventually(lambda: coincide.status()["pids"]["postgres"] != up.record["pids"]["postgres"])
        assert feed(up.http) == ["Baking sourdough"]


def test_two_stacks_live_side_by_side_and_know_nothing_of_each_other(tmp_path: Path) -> None:
    with CommandLine(tmp_path / "one").up("--no-reload") as one, CommandLine(tmp_path / "two").up("--no-reload") as two:
        assert not set(one.record["ports"].values()) & set(two.record["ports"].values())
        post(one.http, one.sign_in(), "Baking sourdough")
        assert feed(one.http) == ["Baking sourdough"]
        assert feed(two.http) == []
        stranger = two.http.post("/v1/posts", json={"content": "x", "visibility": "public"}, headers=one.sign_in())
        assert stranger.status_code == 401


def test_a_port_that_is_asked_for_and_taken_is_a_clear_refusal(coincide: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = coincide("up", "--json", "--port", str(port))
    assert refused.returncode == 1
    assert f"Port {port} is taken" in refused.stderr
    assert not (coincide.state / "stack.json").exists()
