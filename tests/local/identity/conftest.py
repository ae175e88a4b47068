"""A local identity of its own for every test, all with one key: making a key takes longer than most tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.identity import load_signer
from tests.support.people import PROJECT, Clock, IdentityCalls, open_identity


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("identity-key")
    load_signer(folder, project=PROJECT)
    return folder


@pytest.fixture
def folder(key_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(key_folder, tmp_path / "identity"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def identity(folder: Path, clock: Clock) -> Iterator[IdentityCalls]:
    with open_identity(folder, clock) as calls:
        yield calls
