# Everything that is done with this project, by name. `make help` lists it.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 5000
DEMO ?= 1

# Many processes are started one after the other: what one has compiled the next need not.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
# Where there is memory to spare the tests' files lie in it: each commit would wait for a disk.
MEMORY := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 8000000 {print "/dev/shm"}')
PYTEST := $(if $(MEMORY),TMPDIR=$(MEMORY)) $(BIN)/python -m pytest -n 3 --dist worksteal
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-strip-extras $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: export DEMO := $(DEMO)
run: export HOST := $(HOST)
run: export PORT := $(PORT)
run: installed-run ## Start a demo city on http://127.0.0.1:5000 (HOST=, PORT=; DEMO=0: an empty city)
	@exec $(BIN)/flask serve --init

.PHONY: test
test: ## Check everything: style, types, floors, all tests on both databases (10 minutes)
	@$(MAKE) --no-print-directory -j 2 provided checked
	$(PYTEST) -m "not long"

.PHONY: test-fast
test-fast: checked ## Check what can be checked in a minute: no browser, SQLite only
	$(PYTEST) -q -m "not long and not slow and not browser and not postgresql"

.PHONY: test-long
test-long: provided ## Soak, chaos and hundred-round tests (an hour)
	$(PYTEST) -m long

.PHONY: lint
lint: checked ## Check style, types and floors

.PHONY: bench
bench: installed-dev ## Measure the main pages with 250 and 2,500 venues, the book with up to 20,000 entries, walks
	$(BIN)/python -m bench
	$(BIN)/python -m bench.book
	$(BIN)/python -m bench.walks
	$(BIN)/python -m bench.evidence

.PHONY: screenshots
screenshots: provided ## Take the pictures that the README shows
	$(BIN)/python -m tests.screenshots

.PHONY: assets
assets: ## Build the stylesheets and fonts from their sources (needs Node; the results are committed)
	charter/assets/build.sh

.PHONY: lock
lock: installed-dev ## Lock what setup.cfg asks for (UPGRADE=1: the newest versions it allows)
	$(COMPILE) --extra postgres setup.cfg requirements/build.in \
		-o requirements/run.txt
	$(COMPILE) --extra postgres --extra dev setup.cfg requirements/build.in \
		-c requirements/run.txt -o requirements/dev.txt
	$(COMPILE) requirements/postgres-server.in \
		-c requirements/dev.txt -o requirements/postgres-server.txt

# From here on: what the commands above need, each done only when it has to be.

.PHONY: checked
checked: installed-dev
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy charter
	$(BIN)/lint-imports --no-logo

.PHONY: provided
provided: installed-dev
	@$(BIN)/python tests/provision.py

# The locked packages and this one. What was installed last is kept beside them and compared.
.PHONY: installed-run installed-dev
installed-run installed-dev: installed-%: | $(BIN)/python
	@set -e; inputs="requirements/$*.txt setup.cfg pyproject.toml"; \
	if ! cat $$inputs | cmp -s - .venv/$*.installed; then \
		echo "Installing the locked packages: a minute or two, the first time only."; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check \
			--require-hashes -r requirements/$*.txt; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check \
			--no-deps --no-build-isolation -e .; \
		for each in run $*; do \
			cat requirements/$$each.txt setup.cfg pyproject.toml > .venv/$$each.installed; \
		done; \
	fi

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "This needs Python 3.11 or newer. $(PYTHON) is: $$($(PYTHON) --version 2>&1)"; \
		echo "If you have a newer one, name it: make PYTHON=python3.12 ..."; \
		exit 1; } >&2
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }
