# Every target makes .venv when it is missing or older than pyproject.toml and constraints.txt, and else leaves it alone.
# Only Python 3.11 or newer, its pip and make are needed.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check serve bench constraints docs

VENV ?= .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
INSTALLED_BENCH := $(VENV)/.installed-bench
PIP_INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check -c constraints.txt

# Checkpoints hold plain values only, and no trace of a run leaves the machine.
export LANGGRAPH_STRICT_MSGPACK := true
export LANGSMITH_TRACING := false

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: $(INSTALLED) ## a quarter of a seeded market in about a minute; no keys, no network
	$(VENV)/bin/salesos demo

serve: $(INSTALLED) ## API, console and worker in one process, on http://127.0.0.1:8700
	$(VENV)/bin/salesos serve

test: $(INSTALLED) ## all tests; the ones whose server is not here say so and skip
	$(PYTHON) -m pytest -n auto --dist loadfile --no-loadscope-reorder

check: $(INSTALLED) ## what CI checks beside the tests: style, types, layers, docs
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(VENV)/bin/lint-imports
	$(PYTHON) docs/generate.py --check
	@if grep -nE '[a-z]+://|@ ?file:' constraints.txt; then echo "constraints.txt holds a URL: run 'make constraints'." >&2; exit 1; fi

docs: $(INSTALLED) ## write again the pages that are made from code
	$(PYTHON) docs/generate.py

bench: $(INSTALLED_BENCH) ## rows a second of each stage, beside stock peers
	$(PYTHON) -m bench

constraints: $(INSTALLED) ## choose the newest versions that pyproject.toml allows
	$(PYTHON) -m pip install --quiet --disable-pip-version-check uv
	{ echo "# Exact versions of every package, for a repeatable install. Made by 'make constraints'; holds no URL."; \
	  $(VENV)/bin/uv pip compile --upgrade --python-version 3.11 --group dev --group bench \
	    --no-annotate --no-header --no-emit-index-url pyproject.toml; } > constraints.new
	mv constraints.new constraints.txt

$(INSTALLED): pyproject.toml constraints.txt
	@if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  for name in $(or $(BASE_PYTHON),python3.11 python3.12 python3.13 python3.14 python3); do \
	    if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then base=$$name; break; fi; \
	  done; \
	  if [ -z "$${base:-}" ]; then \
	    echo "SalesOS needs Python 3.11 or newer, and none is on PATH. Install one, or name it: make BASE_PYTHON=/path/to/python3.12 …" >&2; \
	    exit 1; \
	  fi; \
	  echo "Making $(VENV) with $$($$base --version) …"; \
	  $$base -m venv --clear $(VENV) || { rm -rf $(VENV); echo "python -m venv failed; on Debian: apt install python3-venv" >&2; exit 1; }; \
	fi
	@echo "Installing into $(VENV) …"
	@# `pip install --group` came with pip 25.1.
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	@$(PIP_INSTALL) -e . --group dev
	@touch $@

$(INSTALLED_BENCH): $(INSTALLED)
	@$(PIP_INSTALL) --group bench
	@touch $@
