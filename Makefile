# Two commands on a bare machine: `make run` and `make test`. Everything they need is set up on the way.
.DEFAULT_GOAL := help
PY := .venv/bin/python
TARGETS ?=
FOLDER ?=

.PHONY: help setup run test check bench gate

help:            ## this list
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

setup:           ## .venv, pinned dependencies, Chromium, a Chinese font (done once)
	@deploy/setup.sh

run: setup       ## one night over TARGETS=file.csv, or over the sample web on loopback
	@$(PY) -m examples.run_night $(if $(TARGETS),--targets "$(TARGETS)")

test: setup      ## every test: SQLite and PostgreSQL, a real browser, kill -9
	@echo "running every test: 25-35 minutes on two cores" >&2
	@$(PY) -m pytest -n auto --dist loadfile --no-loadscope-reorder

check: setup     ## lint, types, import contracts, rule examples
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	.venv/bin/yiguang lexicon check

bench: setup     ## speed of reading, judging, crawling and recording; FOLDER=pages for real pages
	@$(PY) -m benchmarks.bench $(FOLDER)

gate: setup      ## quality floors of the classifier; fails when one is not reached
	@$(PY) -m benchmarks.gate
