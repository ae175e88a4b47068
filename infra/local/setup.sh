#!/bin/sh
# Builds .venv from uv.lock. Needs Python 3.11 or newer; uv is taken from the path, or put into the checkout.
# Run by make; writes nothing outside the checkout but uv's cache of downloads.
set -eu
cd "$(dirname "$0")/../.."
here=$(pwd -P)

UV_VERSION=0.13.8 # the oldest that is good enough, and the one that is installed where there is none
STAMP=.venv/.synced # holds the path that .venv was built for

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

find_python() {
  for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    # Asked, not looked up: a version manager's stand-in may be there without a Python behind it.
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  fail "Coincide needs Python 3.11, 3.12, 3.13 or 3.14, and none is on the path." \
    "Debian and Ubuntu: apt install python3 python3-venv.  macOS: brew install python.  Or: https://www.python.org"
}

good_uv() {
  "$1" --version 2>/dev/null | awk -v wanted="$UV_VERSION" '
    { split($2, have, "."); split(wanted, want, ".") }
    END { exit !(NR && (have[1] * 1e6 + have[2] * 1e3 + have[3] >= want[1] * 1e6 + want[2] * 1e3 + want[3])) }'
}

install_uv() {
  echo "Installing uv $UV_VERSION into .coincide/uv" >&2
  fresh=.coincide/uv.$$
  trap 'rm -rf "$fresh"' EXIT
  mkdir -p "$fresh"
  log=$fresh/log
  if "$1" -m venv "$fresh/venv" >"$log" 2>&1; then
    "$fresh/venv/bin/python" -m pip install --quiet "uv==$UV_VERSION" >>"$log" 2>&1 || fail "$(cat "$log")"
    found=$fresh/venv/bin/uv
  else
    "$1" -m pip install --quiet --target "$fresh/lib" "uv==$UV_VERSION" >>"$log" 2>&1 || fail "$(cat "$log")" "" \
      "uv could not be installed: this Python has neither venv nor pip." \
      "Debian and Ubuntu: apt install python3-venv.  Or install uv itself: https://docs.astral.sh/uv"
    found=$fresh/lib/bin/uv
  fi
  # One file, moved in one step: two set-ups at once do each other no harm.
  mkdir -p .coincide/uv
  mv "$found" .coincide/uv/uv
  rm -rf "$fresh"
}

python=$(find_python)
uv=uv
if ! good_uv uv; then
  uv=.coincide/uv/uv
  good_uv "$uv" || install_uv "$python"
fi

# Scripts and the link to our own code hold absolute paths: a checkout that was moved needs a new environment.
if [ -f "$STAMP" ] && [ "$(cat "$STAMP")" != "$here" ]; then rm -rf .venv; fi
[ -f "$STAMP" ] || echo "Setting up .venv (once; needs the network)" >&2

if [ -z "${UV_CACHE_DIR:-}" ] && ! { [ -n "${HOME:-}" ] && mkdir -p "$HOME/.cache" 2>/dev/null && [ -w "$HOME/.cache" ]; }; then
  export UV_CACHE_DIR="$here/.coincide/cache"
fi
export UV_PROJECT_ENVIRONMENT=.venv UV_PYTHON_DOWNLOADS=never
unset VIRTUAL_ENV UV_PYTHON
"$uv" sync --quiet --locked --compile-bytecode --python "$python"
printf "%s\n" "$here" >"$STAMP"
