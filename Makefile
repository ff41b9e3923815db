# Everything runs from .venv, installed from the lock files in requirements/.
PYTHON ?= python3
BIN := .venv/bin
LOCKS := $(wildcard requirements/*.lock)

# Tests run in so many processes, each with its files, the longest first; three fill two cores,
# as some wait for servers (docs/benchmarks.md).
WORKERS ?= 3
PYTEST = $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
COVERED := --cov=nightshift --cov=deployments --cov=flows --cov=subflows --cov=tasks --cov=utils

.DEFAULT_GOAL := help

help: ## Say what can be made.
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/ready ## Install everything into .venv (LIGHT=1: without torch, faster-whisper only).

.venv/ready: $(LOCKS) pyproject.toml scripts/install.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Night Shift needs Python 3.11 or newer: make setup PYTHON=python3.11")'
	$(PYTHON) scripts/install.py $(if $(LIGHT),--light) .venv
	@touch $@

demo: setup ## Set up, then process samples/.
	$(BIN)/nightshift setup
	@# One sample is broken on purpose: exit code 1, but a run that came to its end.
	$(BIN)/nightshift run samples/ || $(BIN)/nightshift report --json | grep -q '"status": "partial"'

test: setup lint ## Lint, types, layers and all tests.
	$(BIN)/nightshift setup
	$(PYTEST)

test-unit: setup ## The unit tests alone, in three to four minutes.
	$(PYTEST) -m unit tests/unit

test-flows: setup ## Stories of whole flows on one Prefect server.
	$(BIN)/nightshift setup
	$(PYTEST) -m flows

test-e2e: setup ## Commands, services and models as a person meets them.
	$(BIN)/nightshift setup
	$(PYTEST) -m e2e

coverage: setup ## All tests, and which lines of the packages they execute.
	$(BIN)/nightshift setup
	$(PYTEST) $(COVERED) --cov-report=term-missing:skip-covered

check: test ## The same as test.

lint: setup ## ruff, mypy (strict), import-linter.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

build: setup ## Build the wheel and the source distribution into dist/.
	rm -rf build dist
	$(BIN)/python -m build --no-isolation --outdir dist

wheel-check: build ## Install the wheel from the lock into an empty environment, and run it there.
	rm -rf build/empty
	$(PYTHON) scripts/install.py --production --light --wheel dist/*.whl build/empty
	cd build && empty/bin/nightshift --version
	cd build && empty/bin/nightshift --help > empty/help.txt
	cd build && NIGHTSHIFT_HOME=empty/home empty/bin/nightshift run ../samples/lighthouse.mp3

audit: setup ## Look the locked versions up in the database of known holes.
	$(BIN)/python scripts/audit.py

lock: setup ## Write requirements/ again after pyproject.toml changed (needs uv; UPGRADE=1: newest).
	$(BIN)/python scripts/lock.py $(if $(UPGRADE),--upgrade)

hooks: setup ## Have git run ruff, mypy and import-linter before each commit.
	$(BIN)/pre-commit install

bench: setup ## Run the benchmarks and print their ratios.
	$(BIN)/python -m benchmarks

migration: setup ## Make a migration of what the tables have new (NAME="items have a colour").
	$(BIN)/python scripts/make_migration.py "$(NAME)"
	$(BIN)/ruff format --quiet utils/db/migrations/versions
	$(BIN)/ruff check --fix --quiet utils/db/migrations/versions

serve: setup ## Serve the flows without a pool: jobs on demand (wants a Prefect server that runs).
	$(BIN)/nightshift serve --flows

client: ## Build clients/typescript and run its tests (needs Node 20 and npm).
	cd clients/typescript && npm ci && npm test

samples: setup ## Make samples/ again (needs espeak-ng).
	$(BIN)/python scripts/make_samples.py

clean: ## Remove .venv and all caches; data/ stays.
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache *.egg-info

.PHONY: help setup demo test test-unit test-flows test-e2e coverage check lint build wheel-check audit \
  lock hooks bench migration client serve samples clean
