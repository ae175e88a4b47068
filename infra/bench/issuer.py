"""The local identity as a server of its own, for `uvicorn --factory`: the functions fetch its keys."""

import os
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette

from infra.local.identity import create_identity

PROJECT = "demo-coincide"


def create() -> Starlette:
    return create_identity(Path(os.environ["IDENTITY_FOLDER"]), project=PROJECT, now=lambda: datetime.now(UTC))
