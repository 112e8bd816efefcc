# Needs Python 3.11 or 3.12, make and a C compiler; everything else goes into .venv and web/node_modules.

PYTHON ?= $(shell for p in python3 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null && echo "$$p" && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check

# The pages are built with the Node on the PATH where it is new enough, else with the one in .venv.
NODE_OK = const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)
NPM = $(shell command -v npm >/dev/null && node -e '$(NODE_OK)' 2>/dev/null && echo npm || echo 'PATH="$(CURDIR)/$(BIN):$$PATH" npm') --prefix web
WEB_INSTALLED := web/node_modules/.installed
WEB_BUILT := app/web/built/.stamp
WEB_SOURCES := $(shell find web -name node_modules -prune -o -type f -print)

PORT ?= 8000
DATA ?= .data
# More options for `usher serve`, for example ARGS="--api-processes 2".
ARGS ?=
# Test processes. Many tests wait for processes they killed, so there are more of them than cores.
JOBS ?= 4
# More options for pytest, for example TESTS="tests/orders -k refund".
TESTS ?=

.PHONY: setup web run test lint format bench check lock clean

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Usher needs Python 3.11 or 3.12; name one with PYTHON=..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

web: $(WEB_BUILT)

$(WEB_INSTALLED): web/package-lock.json web/package.json web/.npmrc | $(STAMP)
	$(NPM) ci --loglevel=error
	@touch $@

$(WEB_BUILT): $(WEB_SOURCES) $(WEB_INSTALLED)
	$(NPM) run build -- --logLevel=warn
	@touch $@

run: $(STAMP) $(WEB_BUILT)
	$(BIN)/usher serve --port $(PORT) --data-dir $(DATA) --demo $(ARGS)

test: $(STAMP) $(WEB_BUILT)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(TESTS)

lint: $(STAMP) $(WEB_INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NPM) run check

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)
	$(BIN)/usher bench

check: $(STAMP)
	$(BIN)/usher check --data-dir $(DATA)

# The locks name no registry host, so they work behind any mirror. The second one is what the image
# installs: the same versions without embedded servers and development tools.
COMPILE = $(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header --quiet
lock: $(STAMP)
	$(PIP) install --quiet uv
	$(COMPILE) --all-extras --output-file requirements.lock
	$(COMPILE) --constraint requirements.lock --output-file deploy/requirements.lock

clean:
	rm -rf $(VENV) $(DATA) web/node_modules app/web/built .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build *.egg-info
