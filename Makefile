# Two commands on a bare machine: `make run` and `make test`. Everything they need is set up on the way.
.DEFAULT_GOAL := help
PY := .venv/bin/python
TARGETS ?=

.PHONY: help setup run test check bench gate

help:            ## this list
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

setup:           ## .venv, pinned dependencies, Chromium, a Chinese font (done once)
	@deploy/setup.sh

test: setup      ## every test: SQLite and PostgreSQL, a real browser, kill -9
	@$(PY) -m pytest

check: setup     ## lint, types, import contracts, rule examples
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
