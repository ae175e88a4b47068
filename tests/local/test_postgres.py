"""The embedded server lives and dies as it should: one per folder, for one person, whatever happened before."""

import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from infra.local import postgres

ROOT = Path(__file__).parents[2]

START = "import sys; from pathlib import Path; from infra.local import postgres as p; s = p.start(Path(sys.argv[1]));"


@pytest.fixture
def folder(run_folder: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="server-", dir=run_folder))
    yield folder
    postgres.stop_folder(folder)


@pytest.fixture
def closed_folder(run_folder: Path) -> Iterator[Path]:
    """A folder below one that only root may enter, as a checkout in root's home is."""
    closed = Path(tempfile.mkdtemp(prefix="closed-", dir=run_folder))
    closed.chmod(0o700)
    yield closed / "server"
    postgres.stop_folder(closed / "server")


def alive(server: postgres.Server) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", server.port)) == 0


def run_as_admin(server: postgres.Server, *statements: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.url("postgres", postgres.ADMIN)) as connection:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def test_data_survives_a_restart_and_nothing_is_left_running(folder: Path) -> None:
    server = postgres.start(folder)
    run_as_admin(server, "create table kept as select 1 as one")
    postgres.stop(server)
    assert not alive(server)
    assert run_as_admin(postgres.start(folder), "select one from kept") == [(1,)]


def test_stopping_what_does_not_run_does_nothing(folder: Path) -> None:
    postgres.stop_folder(folder)
    postgres.stop_folder(folder / "never made")


def test_processes_that_start_it_at_once_get_one_server(folder: Path) -> None:
    def start(_: int) -> str:
        argv = [sys.executable, "-c", f"{START} print(s.pid, s.port)", str(folder)]
        return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(start, range(4)))) == 1


def test_what_was_committed_survives_a_kill(folder: Path) -> None:
    server = postgres.start(folder)
    run_as_admin(server, "create table kept as select 1 as one")
    os.kill(server.pid, signal.SIGKILL)
    again = postgres.start(folder)
    assert again.pid != server.pid
    assert run_as_admin(again, "select one from kept") == [(1,)]


def test_a_pid_file_that_names_a_stranger_does_not_prevent_a_start(folder: Path) -> None:
    """As after a reboot, when the pid has gone to another process of the same user."""
    server = postgres.start(folder)
    pid_file = folder / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    postgres.stop(server)
    with subprocess.Popen(["sleep", "60"], user="nobody" if os.geteuid() == 0 else None) as stranger:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert alive(postgres.start(folder))
        assert stranger.poll() is None
        postgres.stop_folder(folder)
        assert stranger.poll() is None
        stranger.kill()


def test_a_start_that_was_killed_half_way_is_made_good(folder: Path) -> None:
    half = folder / "data.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    assert alive(postgres.start(folder, durable=False))


def test_the_data_of_another_version_is_refused_and_named(folder: Path) -> None:
    postgres.stop(postgres.start(folder, version=16, durable=False))
    with pytest.raises(postgres.PostgresError, match="made by Postgres 16, and 18 was asked for"):
        postgres.start(folder)


def test_why_it_does_not_start_is_told(folder: Path) -> None:
    postgres.stop(postgres.start(folder, durable=False))
    (folder / "data" / "postgresql.conf").write_text("work_mem = banana\n")
    with pytest.raises(postgres.PostgresError, match="banana"):
        postgres.start(folder)


def test_a_long_path_with_spaces_is_as_good_as_any(folder: Path) -> None:
    deep = folder / ("a long name with spaces " * 5).strip() / ("ü" * 60)
    server = postgres.start(deep, durable=False)
    assert run_as_admin(server, "select 1") == [(1,)]
    postgres.stop(server)


def test_only_who_may_read_the_folder_gets_in(folder: Path) -> None:
    server = postgres.start(folder, durable=False)
    assert stat.S_IMODE((folder / "password").stat().st_mode) == 0o600
    for user in (postgres.ADMIN, "postgres"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(f"postgresql://{user}@127.0.0.1:{server.port}/postgres")
    assert run_as_admin(server, "show listen_addresses") == [("127.0.0.1",)]
    assert run_as_admin(server, "show unix_socket_directories") == [("",)]


def test_text_and_time_do_not_depend_on_the_machine(folder: Path) -> None:
    server = postgres.start(folder, durable=False)
    assert run_as_admin(server, "select lower('ÄÉ'), 'a' > 'B', current_setting('timezone')") == [("äé", True, "UTC")]


def test_durability_is_given_up_only_when_asked(folder: Path) -> None:
    postgres.stop(postgres.start(folder, durable=False))
    server = postgres.start(folder)
    assert run_as_admin(server, "select current_setting('fsync'), current_setting('synchronous_commit')") == [
        ("on", "on")
    ]


def test_it_outlives_the_process_that_started_it(folder: Path) -> None:
    subprocess.run([sys.executable, "-c", START, str(folder)], cwd=ROOT, check=True)
    assert run_as_admin(postgres.start(folder), "select 1") == [(1,)]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_runs_it_as_somebody_else_even_below_a_closed_folder(closed_folder: Path) -> None:
    server = postgres.start(closed_folder, durable=False)
    assert (closed_folder / "data").stat().st_uid == pwd.getpwnam("nobody").pw_uid
    assert run_as_admin(server, "select 1") == [(1,)]
    if sys.platform == "linux":
        status = Path(f"/proc/{server.pid}/status").read_text()
        effective = int(next(line for line in status.splitlines() if line.startswith("CapEff")).split()[1], 16)
        assert effective.bit_count() == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_does_not_change_what_belongs_to_whom_outside_of_the_data(folder: Path) -> None:
    postgres.start(folder, durable=False)
    assert {path.name for path in folder.iterdir() if path.stat().st_uid != 0} == {"data", "password"}


@pytest.mark.skipif(os.geteuid() == 0, reason="to root nothing is closed")
def test_the_folder_of_somebody_else_is_refused_and_named(folder: Path) -> None:
    folder.chmod(0o500)
    with pytest.raises(postgres.PostgresError, match="belongs to another user"):
        postgres.start(folder)
    folder.chmod(0o700)
