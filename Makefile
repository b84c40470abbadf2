# Every target sets up what it needs in .venv; `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ADDRESS ?= 127.0.0.1:8000
SERVER ?= redis-server

.DEFAULT_GOAL := help
.PHONY: help demo test test-redis test-container bench soak lint format screenshots clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## Run the website with the live log at /logs on an embedded Valkey (ADDRESS=127.0.0.1:8000)
	@$(BIN)/python -m web --address $(ADDRESS)

test: $(VENV)/.dev $(VENV)/.chromium ## Run the whole test suite (PYTEST_ARGS="-k search")
	$(BIN)/python -m pytest --timeout 300 $(PYTEST_ARGS)

test-redis: $(VENV)/.dev $(VENV)/.redis ## Run the tests of the store on a redis-server and a Cluster of three (SERVER=redis-server)
	$(BIN)/python -m pytest tests/store --ignore tests/store/test_embedded.py --server $(SERVER) --timeout 300 $(PYTEST_ARGS)

test-container: $(VENV)/.dev ## Build the website's image for real and test it (Linux, as root; FIGURES=FILE)
	$(BIN)/python -m pytest tests/container $(PYTEST_ARGS)

bench: $(VENV)/.bench ## Measure everything beside others, and write docs/performance.md (BENCH="caller --profile")
	@$(BIN)/python -m benchmarks $(or $(BENCH),--write docs/performance.md)

soak: $(VENV)/.soak ## Break things for an hour, and write what came of it to docs/reliability.md (SOAK="outage load")
	@$(BIN)/python -m soak $(SOAK) --write docs/reliability.md

lint: $(VENV)/.dev ## Check style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.dev ## Rewrite the code in the project's style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

screenshots: $(VENV)/.dev $(VENV)/.chromium ## Take the pictures of the GUI that the documentation shows
	$(BIN)/python docs/screenshots/take.py

clean: ## Remove everything that the other targets made, except the demo's data
	rm -rf $(VENV) .cache build dist .mypy_cache .ruff_cache .pytest_cache

# Debian keeps what `venv` needs in a package of its own, which its pip can stand in for.
$(VENV)/.venv:
	@command -v $(PYTHON) >/dev/null && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Logster needs Python 3.11 or newer. Point PYTHON at one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 \
		|| { $(PYTHON) -m venv --without-pip $(VENV) \
			&& $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; } 2>/dev/null \
		|| { echo "$(PYTHON) cannot make a virtual environment. On Debian: apt-get install python3-venv"; exit 1; }
	@touch $@

# pip learned --group in 25.1; what ships with the interpreter is often older.
$(VENV)/.pip: | $(VENV)/.venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.demo: pyproject.toml | $(VENV)/.pip
	@echo "Setting up .venv, which takes a minute the first time ..."
	@$(BIN)/python -m pip install --quiet --editable '.[embedded]' --group web
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.pip
	@echo "Setting up .venv, which takes a minute the first time ..."
	@$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@ $(VENV)/.demo

$(VENV)/.bench: pyproject.toml | $(VENV)/.pip
	@echo "Setting up .venv, which takes a minute the first time ..."
	@$(BIN)/python -m pip install --quiet --editable . --group bench
	@touch $@

$(VENV)/.soak: pyproject.toml | $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --group soak
	@touch $@

$(VENV)/.chromium: | $(VENV)/.dev
	$(BIN)/python tests/browser/install_chromium.py
	@touch $@

$(VENV)/.redis: | $(VENV)/.dev
	$(BIN)/python tests/store/install_redis.py
	@touch $@
