"""Where everything of a stack is, and which variables it hands out: to functions what a deployment gives them."""

from dataclasses import dataclass

from infra.local import prepare
from infra.local.hosting import Rewrite, read_rewrites
from infra.local.postgres import Server
from infra.local.stack import CHECKOUT, PROJECT, Stack

ISSUER = f"https://securetoken.google.com/{PROJECT}"
JWKS_PATH = "/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"
CLOCK_PATH = "/local/clock"
HOSTING = CHECKOUT / "firebase.json"


@dataclass(frozen=True)
class Addresses:
    """A stack's addresses while it is up."""

    stack: Stack
    server: Server
    port: int
    clock: bool

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def urls(self) -> dict[str, str]:
        urls = {
            "base": self.base_url,
            "identity": f"{self.base_url}/identitytoolkit.googleapis.com/v1",
            "jwks": self.base_url + JWKS_PATH,
            "database": prepare.function_url(self.server),
            "database_owner": prepare.owner_url(self.server),
        }
        return urls | ({"clock": self.base_url + CLOCK_PATH} if self.clock else {})

    def functions(self) -> dict[str, dict[str, str]]:
        """Each function's own door and paths, as firebase.json says now."""
        return function_addresses(read_rewrites(HOSTING), self.base_url)

    def for_functions(self) -> dict[str, str]:
        """The settings of every function (shared/platform/settings.py), and nothing else."""
        return {
            "DATABASE_URL": prepare.function_url(self.server),
            "IDENTITY_ISSUER": ISSUER,
            "IDENTITY_AUDIENCE": PROJECT,
            "IDENTITY_JWKS_URL": self.base_url + JWKS_PATH,
            "SIGNING_SECRET": self.stack.secrets().signing_secret,
            "PUBLIC_URL": self.base_url,
            "TRUSTED_PROXIES": "1",
        }

    def for_programs(self) -> dict[str, str]:
        """What `coincide exec` gives a program: the functions' variables, and those that clients and tools read."""
        secrets = self.stack.secrets()
        return {
            "COINCIDE_URL": self.base_url,
            "COINCIDE_STATE": str(self.stack.folder),
            "FIREBASE_AUTH_EMULATOR_HOST": f"127.0.0.1:{self.port}",
            "FIREBASE_API_KEY": "local",  # the stand-in takes any; Firebase's clients refuse to start without one
            "GCLOUD_PROJECT": PROJECT,
            "SUPABASE_PUBLISHABLE_KEY": secrets.publishable_key,
            "SUPABASE_SECRET_KEY": secrets.secret_key,
            "OWNER_DATABASE_URL": prepare.owner_url(self.server),
            # For psql and its kin, which then need no argument.
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.server.port),
            "PGUSER": "postgres",
            "PGPASSWORD": self.server.password,
            "PGDATABASE": prepare.DATABASE,
            **self.for_functions(),
        }


def function_addresses(rewrites: list[Rewrite], base_url: str) -> dict[str, dict[str, str]]:
    """Each function's own door on the gateway, and the paths that the hosting rewrites give it."""
    addresses: dict[str, dict[str, str]] = {}
    for rewrite in rewrites:
        door = f"{base_url}/fn/{rewrite.function}"
        known = addresses.setdefault(
            rewrite.function,
            {"docs": f"{door}/docs", "openapi": f"{door}/openapi.json", "ready": f"{door}/readyz", "paths": ""},
        )
        known["paths"] = f"{known['paths']} {rewrite.source}".strip()
    return addresses
