# Everything here sets itself up. Needs make, git and Python 3.11 or newer.
.DEFAULT_GOAL := help
.PHONY: help demo test dev reset check bench clean setup

# Somebody else's environment must not leak into ours.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH

BIN := .venv/bin
STAMP := .venv/.synced
# The set-up runs again when the lock changed, and when the checkout was moved or its Python is gone.
ifneq ($(shell $(BIN)/python -c '' 2>/dev/null && cat $(STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
endif

help:
	@echo 'make demo    a story through the real backend, then everything stops'
	@echo 'make test    all tests (ARGS="-k feed" passes on to pytest)'
	@echo 'make dev     the backend stays up and reloads what you edit'
	@echo 'make reset   forget the data of make dev'
	@echo 'make check   format, lint, types, import contracts, limits of size'
	@echo 'make bench   measure; the result goes to infra/bench/RESULTS.md'
	@echo 'make clean   remove the environment, the stacks and their data'

setup: $(STAMP)

$(STAMP): uv.lock pyproject.toml infra/local/setup.sh
	@sh infra/local/setup.sh

demo: $(STAMP)
	@$(BIN)/coincide demo

test: $(STAMP)
	@$(BIN)/pytest $(ARGS)

dev: $(STAMP)
	@exec $(BIN)/coincide up $(ARGS)

reset: $(STAMP)
	@$(BIN)/coincide reset

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n0 tests/architecture/test_limits.py tests/architecture/test_layout.py

bench: $(STAMP)
	@$(BIN)/python -m infra.bench $(ARGS)

clean:
	@if [ -x $(BIN)/coincide ]; then $(BIN)/coincide down; $(BIN)/coincide down --state .coincide/demo; fi
	rm -rf .venv .coincide .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
