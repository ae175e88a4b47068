"""The settable clock: it moves the functions and identity together, and only where it was asked for."""

from pathlib import Path

import httpx
import pytest

from infra.local.clock import Clock
from infra.local.pages import create_pages
from tests.support.people import InProcess
from tests.support.stack import CommandLine, post

DAY_AND_AN_HOUR = 25 * 3600


@pytest.fixture
def coincide(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path / "stack")


def test_a_post_of_25_hours_ago_no_longer_counts(coincide: CommandLine) -> None:
    with coincide.up("--clock", "--no-reload") as up:
        assert post(up.http, up.sign_in(), "Taylor Swift - Lover")["kind"] == "only_one"
        assert post(up.http, up.sign_in(), "Listening to Lover by Taylor Swift")["others"] == 1
        moved = up.http.post("/local/clock", json={"advance_seconds": DAY_AND_AN_HOUR})
        assert moved.json()["offset_seconds"] == DAY_AND_AN_HOUR
        assert post(up.http, up.sign_in(), "Taylor Swift - Lover")["kind"] == "only_one"


def test_an_id_token_expires_when_the_clock_passes_its_hour(coincide: CommandLine) -> None:
    with coincide.up("--clock", "--no-reload") as up:
        headers = up.sign_in()
        assert up.http.get("/v1/me/posts", headers=headers).status_code == 200
        up.http.post("/local/clock", json={"advance_seconds": 3700})
        assert up.http.get("/v1/me/posts", headers=headers).json()["code"] == "token_expired"
        assert up.http.post("/local/clock", json={"reset": True}).json()["offset_seconds"] == 0
        assert up.http.get("/v1/me/posts", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "move",
    ["", "{}", '{"at": "2026-11-20T18:00:00"}', '{"advance_seconds": 1e300}', '{"reset": true, "at": null, "x": 1}'],
)
def test_a_move_that_means_nothing_is_refused_and_moves_nothing(move: str, tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    with _pages(clock) as http:
        answer = http.post("/local/clock", content=move)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
        assert http.get("/local/clock").json()["offset_seconds"] == 0


def test_the_clock_is_set_to_an_instant_and_two_who_map_its_file_agree(tmp_path: Path) -> None:
    clock, other = Clock(tmp_path / "clock"), Clock(tmp_path / "clock")
    with _pages(clock) as http:
        assert (
            http.post("/local/clock", json={"at": "2031-05-17T12:00:00+02:00"})
            .json()["now"]
            .startswith("2031-05-17T10")
        )
    assert other.offset == clock.offset


def test_without_the_option_there_is_no_clock_to_move() -> None:
    with _pages(None) as http:
        assert http.post("/local/clock", json={"reset": True}).status_code == 404


def _pages(clock: Clock | None) -> httpx.Client:
    return httpx.Client(transport=InProcess(create_pages([], clock)), base_url="http://stack")
