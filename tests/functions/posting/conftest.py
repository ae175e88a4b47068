"""One function, one database and one issuer for each worker; a person for each test that asks for one."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.postgres import Server
from tests.support.database import Database, copied
from tests.support.posting import Caller, Issuer, Posting, issuing, serving


@pytest.fixture(scope="session")
def worker_folder(run_folder: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix="worker-", dir=run_folder))


@pytest.fixture(scope="session")
def issuer(worker_folder: Path) -> Iterator[Issuer]:
    with issuing(worker_folder) as issuer:
        yield issuer


@pytest.fixture(scope="session")
def store(server: Server) -> Iterator[Database]:
    """The database behind `posting`: whatever tests post stays in it."""
    with copied(server) as database:
        yield database


@pytest.fixture(scope="session")
def posting(worker_folder: Path, issuer: Issuer, store: Database) -> Iterator[Posting]:
    """The function with the settings that it has when nobody says otherwise."""
    with serving(worker_folder, issuer.environment(store.backend_url), issuer) as posting:
        yield posting


@pytest.fixture
def alice(posting: Posting) -> Caller:
    return posting.person("alice")


@pytest.fixture
def bob(posting: Posting) -> Caller:
    return posting.person("bob")


@pytest.fixture
def carol(posting: Posting) -> Caller:
    return posting.person("carol")


@pytest.fixture
def visitor(posting: Posting) -> Caller:
    """Nobody who signed in."""
    return posting.visitor()
