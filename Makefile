# Every target sets up what it needs in .venv; `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ADDRESS ?= 127.0.0.1:8000

.DEFAULT_GOAL := help
.PHONY: help demo test lint format clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## Run the website with the live GUI at /logs on an embedded Valkey
	$(BIN)/python -m web --address $(ADDRESS)

test: $(VENV)/.dev $(VENV)/.chromium ## Run the whole test suite
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.dev ## Check style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.dev ## Rewrite the code in the project's style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove everything that the other targets made, except the demo's data
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache

# pip learned --group in 25.1; what ships with the interpreter is often older.
$(VENV)/.pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Logster needs Python 3.11 or newer; point PYTHON at one: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.demo: pyproject.toml | $(VENV)/.pip
	$(BIN)/pip install --quiet --editable '.[embedded]' --group web
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.pip
	$(BIN)/pip install --quiet --editable . --group dev
	@touch $@ $(VENV)/.demo

$(VENV)/.chromium: | $(VENV)/.dev
	$(BIN)/python tests/browser/install_chromium.py
	@touch $@
