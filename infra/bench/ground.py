"""What all measurements stand on: a durable Postgres, an issuer of tokens, people with tokens; gone afterwards."""

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from infra.bench import serving, traffic
from infra.bench.issuer import PROJECT
from infra.bench.serving import CHECKOUT, WORKERS, BenchError, Service
from infra.local import migrate, postgres
from infra.local.identity import load_signer, mint_id_token
from infra.local.identity.app import JWKS_PATH

FOLDER = CHECKOUT / ".coincide" / "bench" / "run"
SIGNING_SECRET = "of a benchmark, which keeps no secrets"  # noqa: S105
# Tokens are taken, and there are always enough.
THROTTLE = "1000/second burst 100000"


@dataclass(frozen=True)
class Ground:
    """`people` is a file for the load generator; `issuer` serves the keys."""

    folder: Path
    server: postgres.Server
    issuer: Service
    traffic: Path
    token: str

    def environment(self, database: str) -> dict[str, str]:
        """What a deployed function gets."""
        return {
            "DATABASE_URL": self.server.url(database, "backend"),
            "IDENTITY_ISSUER": f"https://securetoken.google.com/{PROJECT}",
            "IDENTITY_AUDIENCE": PROJECT,
            "IDENTITY_JWKS_URL": f"http://127.0.0.1:{self.issuer.port}{JWKS_PATH}",
            "SIGNING_SECRET": SIGNING_SECRET,
            "PUBLIC_URL": "https://api.example.com",
            "TRUSTED_PROXIES": "1",
            "POSTS_PER_PERSON": THROTTLE,
            "POSTS_PER_ADDRESS": THROTTLE,
        }

    @contextmanager
    def posting(self, database: str) -> Iterator[Service]:
        """The function on this database."""
        log = self.folder / f"posting-{database}.log"
        workers = ("--workers", str(WORKERS))
        with serving.uvicorn("functions.posting.main:app", self.environment(database), *workers, log=log) as service:
            yield service

    @contextmanager
    def sketch(self) -> Iterator[Service]:
        """The bare sketch on the database of its own."""
        environment = {"DATABASE_URL": self.server.url("sketch")}
        workers = ("--workers", str(WORKERS))
        with serving.uvicorn(
            "infra.bench.sketch:app", environment, *workers, log=self.folder / "sketch.log"
        ) as service:
            yield service

    def execute(self, database: str, statement: str) -> None:
        """As the administrator, outside of a transaction."""
        with psycopg.connect(self.server.url(database, postgres.ADMIN), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def open_ground() -> Iterator[Ground]:
    """Postgres and issuer up, with the databases `posting` (migrated, empty) and `sketch`; one benchmark at a time."""
    with _alone():
        _remove()
        FOLDER.mkdir()
        try:
            server = _start_server()
            make_database(server, "posting")
            _make_sketch(server)
            identity = FOLDER / "identity"
            token = _mint_tokens(identity, FOLDER / "traffic.json")
            environment = {"IDENTITY_FOLDER": str(identity)}
            log = FOLDER / "issuer.log"
            with serving.uvicorn("infra.bench.issuer:create", environment, "--factory", log=log) as issuer:
                yield Ground(FOLDER, server, issuer, FOLDER / "traffic.json", token)
        finally:
            _remove()


def _start_server() -> postgres.Server:
    # Checkpoints come when a measurement asks for one: else they would hit one of two neighbours by chance. Buffers as
    # a server of this size would have them: a million posts and their indexes take about a gigabyte.
    settings = {"checkpoint_timeout": "1h", "max_wal_size": "4GB", "shared_buffers": "1GB"}
    return postgres.start(FOLDER / "postgres", settings=settings)


def make_database(server: postgres.Server, database: str) -> None:
    """As hosted, with every migration applied."""
    postgres.create(server, database)
    postgres.bootstrap(server, database)
    migrate.apply(server.url(database))
    postgres.allow_login(server, "backend")


def _make_sketch(server: postgres.Server) -> None:
    postgres.create(server, "sketch")
    with psycopg.connect(server.url("sketch")) as connection:
        connection.execute(Path(__file__).with_name("sketch.sql").read_bytes())


def _mint_tokens(identity: Path, file: Path) -> str:
    """People with tokens and what they say, for the load generator; answers the token of one more person."""
    signer = load_signer(identity, project=PROJECT)
    now = datetime.now(UTC)
    people = [traffic.person(number) for number in range(traffic.PEOPLE)]
    tokens = [mint_id_token(signer, person, now=now) for person in people]
    contents = [saying.content for saying in traffic.sayings()]
    file.write_text(json.dumps({"people": list(zip(people, tokens, strict=True)), "contents": contents}))
    return mint_id_token(signer, "bench-alone", now=now)


@contextmanager
def _alone() -> Iterator[None]:
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with FOLDER.with_name("lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BenchError(f"Another benchmark runs in {FOLDER}; two at once would measure each other.") from None
        yield


def _remove() -> None:
    postgres.stop_folder(FOLDER / "postgres")
    shutil.rmtree(FOLDER, ignore_errors=True)
