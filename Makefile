# One door: every task of this repository. `make` alone lists them.
# Two environments: .venv holds the package alone (so the demo shows that it runs without any development tool),
# .venv-dev holds everything that tests and lint need. Both take their versions from constraints.txt.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test lint format docs bench flowers digits coverage constraints clean

PYTHON ?= python3.11
ifeq (, $(shell command -v $(PYTHON) 2>/dev/null))
PYTHON := python3
endif

USER_BIN := .venv/bin
DEV_BIN := .venv-dev/bin
SOURCES := florilegium tests benchmarks tools
INSTALL := -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# The real data lies beside some checkouts; without it the tests that need it are skipped and say so.
DATA := $(wildcard ../shared/data)
export FLORILEGIUM_DATA ?= $(if $(DATA),$(abspath $(DATA)))
# One process of tests more than cores, since many wait for a server or a browser; a file's tests stay together, since
# they share what is dear to make; long files come first (tests/conftest.py), where xdist would begin with full ones.
CORES := $(shell nproc 2>/dev/null || echo 2)
IN_PARALLEL := -n $(shell expr $(CORES) + 1) --dist loadfile --no-loadscope-reorder
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

help: ## list the tasks
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

demo: .venv/installed ## the whole way on embedded data: audit, baselines, training, verdict, report, model file
	$(USER_BIN)/florilegium demo -o demo-out

test: .venv-dev/installed chromium postgres ## all tests, with those in docstrings and pages
	$(DEV_BIN)/python -m pytest $(if $(ARGS),$(ARGS),$(IN_PARALLEL))

coverage: .venv-dev/installed chromium postgres ## all tests once more, and how much of the code they reach (takes twice as long)
	$(DEV_BIN)/python -m pytest $(IN_PARALLEL) --cov --cov-report=term --cov-fail-under=93

lint: .venv-dev/installed ## format, lint, types, architecture, spelling; changes nothing
	$(DEV_BIN)/ruff format --check $(SOURCES)
	$(DEV_BIN)/ruff check $(SOURCES)
	$(DEV_BIN)/mypy
	PYTHONPATH=. $(DEV_BIN)/lint-imports --no-logo
	$(DEV_BIN)/codespell $(SOURCES) docs *.md
	$(DEV_BIN)/interrogate --quiet tests

format: .venv-dev/installed ## put code into shape, where a tool can
	$(DEV_BIN)/ruff check --fix-only --quiet $(SOURCES)
	$(DEV_BIN)/ruff format $(SOURCES)

docs: .venv-dev/installed ## print anew what the pages say about the code (commands, settings, checks, errors, modules)
	$(DEV_BIN)/python -m tools.reference

bench: .venv-dev/installed ## measure, each with its peer beside it; `make bench ONLY=mnist` for one
	$(DEV_BIN)/python -m benchmarks "$(ONLY)" $(ARGS)

flowers: .venv-dev/installed ## train, judge and ship the flower model, from the mirror of real data (about an hour)
	$(DEV_BIN)/python -m tools.flowers $(ARGS)

digits: .venv-dev/installed ## train, judge and ship the digit model, from the four files of MNIST (about a quarter of an hour)
	$(DEV_BIN)/python -m tools.digits $(ARGS)

constraints: ## write constraints.txt anew from what a clean environment installs today
	tools/constraints.sh $(PYTHON)

clean: ## remove environments, caches and what the demo wrote
	rm -rf .venv .venv-dev demo-out .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ------------------------------------------------------------------------------------------------------- environments

# The stamps are newer than what they were made from, so a second `make` installs nothing.
.venv/installed: pyproject.toml constraints.txt
	tools/venv.sh $(PYTHON) .venv $(SUDO)
	$(USER_BIN)/python $(INSTALL) --editable .
	@touch $@

.venv-dev/installed: pyproject.toml constraints.txt
	tools/venv.sh $(PYTHON) .venv-dev $(SUDO)
	$(DEV_BIN)/python $(INSTALL) --editable '.[test,lint,finetune]'
	@touch $@

.PHONY: chromium postgres
chromium:
	@tools/chromium.sh $(SUDO)

postgres:
	@tools/postgres.sh $(SUDO)
