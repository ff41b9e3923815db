# Everything runs from .venv, installed from one lock file.
PYTHON ?= python3
BIN := .venv/bin
# What a light set-up goes without: torch (1.7 GB with CUDA) and openai-whisper.
HEAVY := ^(torch|openai-whisper|numba|llvmlite|sympy|mpmath)==

.DEFAULT_GOAL := help

help: ## Say what can be made.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: .venv/ready ## Install everything into .venv (LIGHT=1: without torch, faster-whisper only).

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Night Shift needs Python 3.11 or newer: make setup PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
ifdef LIGHT
	grep -vE '$(HEAVY)' requirements.lock > .venv/light.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r .venv/light.lock
	@echo 'Put this line into .env: NIGHTSHIFT_PIPELINE__TRANSCRIPTION__ENGINE=faster-whisper'
else
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
endif
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

demo: setup ## Set up, then process samples/.
	$(BIN)/nightshift setup
	@# One sample is broken on purpose: exit code 1, but a run that came to its end.
	$(BIN)/nightshift run samples/ || $(BIN)/nightshift report --json | grep -q '"status": "partial"'

test: setup lint ## Lint, types, layers and all tests.
	$(BIN)/nightshift setup
	$(BIN)/pytest

check: test ## The same as test.

lint: setup ## ruff, mypy (strict), import-linter.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## Run the benchmarks and print their ratios.
	$(BIN)/python -m benchmarks

migration: setup ## Make a migration of what utils/db/schema.py has new (NAME="items have a colour").
	$(BIN)/python scripts/make_migration.py "$(NAME)"
	$(BIN)/ruff format --quiet utils/db/migrations/versions
	$(BIN)/ruff check --fix --quiet utils/db/migrations/versions

samples: setup ## Make samples/ again (needs espeak-ng).
	$(BIN)/python scripts/make_samples.py

clean: ## Remove .venv and all caches; data/ stays.
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache *.egg-info

.PHONY: help setup demo test check lint bench migration samples clean
