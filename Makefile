# Every target works first, alone, on a clean Debian with Python 3.11, make and git.
SHELL := /bin/sh
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST_ARGS ?=
TEST_WORKERS ?= 2
ARGS ?=
# Servers, their workers, parsers and tests are processes of their own: each would compile all that it imports anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo run test test-fast check bench lock clean
help:
	@echo "make demo   sample documents become a dataset, through the real server"
	@echo "make run    serve on 127.0.0.1:8000"
	@echo "make test   all tests          make test-fast   without the slow ones"
	@echo "make check  ruff, mypy, import-linter"
	@echo "make bench  the benchmarks: a table, and JSON"

# A stamp is newer than what it was made from, or its target runs again.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (set PYTHON=...)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "On Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(BIN)/python
	@echo "installing locked dependencies"
	@$(PIP) install --require-hashes --no-deps -r requirements/runtime.txt
	@$(PIP) install --require-hashes --no-deps -r requirements/build.txt
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "installing locked development tools"
	@$(PIP) install --require-hashes --no-deps -r requirements/dev.txt
	@touch $@

setup: $(VENV)/.runtime

demo: setup
	@$(BIN)/python scripts/demo.py

run: setup
	@$(BIN)/chunksmith serve

test: $(VENV)/.dev
	@$(BIN)/python -m pytest -n $(TEST_WORKERS) $(PYTEST_ARGS)

test-fast: $(VENV)/.dev
	@$(BIN)/python -m pytest -n $(TEST_WORKERS) -m "not slow" $(PYTEST_ARGS)

check: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.dev
	@$(BIN)/python scripts/bench.py $(ARGS)

# Hash-checked locks that name no download address.
lock: $(VENV)/.dev
	@$(BIN)/python scripts/lock.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
