"""What every test may ask for. The run, which owns processes, belongs to the process that pytest was started as."""

import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from xdist.workermanage import WorkerController

from infra.local.postgres import Server
from tests.support.database import Database, begin_run, copied, end_run, shared_server

RUN_FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        config.stash[RUN_FOLDER] = Path(config.workerinput["run_folder"])
        return
    # A run that is told to end (by a time limit, say) ends as by Ctrl-C, so that it cleans up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run = begin_run()
    config.stash[RUN_FOLDER] = run.folder
    config.add_cleanup(lambda: end_run(run))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    node.workerinput["run_folder"] = str(node.config.stash[RUN_FOLDER])


@pytest.fixture(scope="session")
def run_folder(pytestconfig: pytest.Config) -> Path:
    """For servers: whatever Postgres is started below it is ended with the run, however the run ends."""
    return pytestconfig.stash[RUN_FOLDER]


@pytest.fixture(scope="session")
def server(run_folder: Path) -> Server:
    """The Postgres server that all workers share."""
    return shared_server(run_folder)


@pytest.fixture(scope="session")
def database(server: Server) -> Iterator[Database]:
    """The worker's copy of the migrated template, for tests that leave it as it was."""
    with copied(server) as database:
        yield database


@pytest.fixture
def fresh_database(server: Server) -> Iterator[Database]:
    """A copy of the migrated template for one test that commits."""
    with copied(server) as database:
        yield database


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection]:
    """A transaction as `postgres`, rolled back after the test."""
    with psycopg.connect(database.url) as connection:
        yield connection
        connection.rollback()
