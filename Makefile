# Everything that a person or a machine does with a clean clone. Needs Python >= 3.11 with venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What is installed, so that nothing is installed twice; remade when pyproject.toml changes.
RUNTIME := $(VENV)/.installed
TESTING := $(VENV)/.installed-test
WRITING := $(VENV)/.installed-docs
NODE := $(VENV)/.installed-node
# The plugins that are kept here: separate packages, tested with icestream and shown in its docs.
PLUGINS := $(wildcard plugins/*/pyproject.toml)
# Those whose tests run real programs, or need more than icestream's do.
WITH_GROUPS := $(shell grep -l '^\[dependency-groups\]' $(PLUGINS) /dev/null)
# The front end: the last that is built of it, and what it is built of.
UI := src/icestream/report/static/report.js
UI_SOURCES := $(shell find frontend/src frontend/viewer frontend/report frontend/building frontend/public -type f 2>/dev/null) $(wildcard frontend/*.ts frontend/*.json frontend/index.html)
NPM := $(BIN)/python frontend/node.py

# Tests wait for processes and browsers a third of their time: one more than there are cores. A file
# is tested by one process, since its tests share servers and browsers. In the order of the folders,
# long single tests come before the many short ones, and no process waits for them at the end.
WORKERS := $(shell $(PYTHON) -c 'import os; print(min(4, 1 + (os.cpu_count() or 1)))')
PARALLEL := -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# Tests start many processes. What the first has compiled is kept for the others, even where the
# environment, of a container say, wants nothing kept.
export PYTHONDONTWRITEBYTECODE :=

# Tests run beside each other, one for each core: threads of a linear algebra library would only wait
# for each other, at full speed. Workers of a session have the same setting from their executor.
export OPENBLAS_NUM_THREADS := 1
export OMP_WAIT_POLICY := passive

.PHONY: help image demo night campaign ui ui-if-possible ui-check schema test check lint docs bench bench-peers clean

help:  ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("icestream needs Python 3.11 or newer, found %d.%d; say which to use: make PYTHON=python3.12 ..." % v[:2])'
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(TESTING): $(RUNTIME) $(PLUGINS)
	$(BIN)/python -m pip install --quiet --group test $(PLUGINS:%/pyproject.toml=--editable %) $(WITH_GROUPS:%=--group %:test)
	@touch $@

$(WRITING): $(RUNTIME) $(PLUGINS)
	$(BIN)/python -m pip install --quiet --group docs $(PLUGINS:%/pyproject.toml=--editable %)
	@touch $@

$(NODE): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --group node
	@touch $@

# Without what only checks need; `make ui-check` adds that.
frontend/node_modules/.installed: frontend/package-lock.json | $(NODE)
	$(NPM) npm ci --omit=dev --no-audit --no-fund --loglevel=error
	@touch $@

frontend/node_modules/.installed-checks: frontend/package-lock.json | $(NODE)
	$(NPM) npm ci --no-audit --no-fund --loglevel=error
	@touch $@ frontend/node_modules/.installed

$(UI): $(UI_SOURCES) frontend/node_modules/.installed
	$(NPM) vite build --logLevel warn
	$(NPM) vite build --config viewer/vite.config.ts --logLevel warn
	$(NPM) vite build --config report/vite.config.ts --logLevel warn

ui: $(UI)  ## Build the web application and the page of reports into src/icestream

ui-check: $(RUNTIME) frontend/node_modules/.installed-checks  ## Check the web application: types, style, tests
	$(BIN)/icestream serve --openapi frontend/openapi.json
	$(NPM) node building/schema.ts openapi.json --check
	$(NPM) tsc
	$(NPM) eslint . --max-warnings 0
	$(NPM) prettier --check --log-level warn .
	$(NPM) vitest run

schema: $(RUNTIME) frontend/node_modules/.installed-checks  ## Write the front end's types anew, from what the server says
	$(BIN)/icestream serve --openapi frontend/openapi.json
	$(NPM) node building/schema.ts openapi.json

# Before icestream is installed: where the bundle is there, that needs no Node.js.
ui-if-possible:
	@$(MAKE) --no-print-directory ui || echo "the web application could not be built; the demo goes on without it"

demo: ui-if-possible $(RUNTIME)  ## Process a simulated session while it is written (a few minutes)
	$(BIN)/icestream demo

night: $(RUNTIME)  ## Rehearse a night of 2,000 exposures with accidents and changes (half an hour)
	$(BIN)/python benchmarks/night.py

campaign: $(TESTING)  ## Run the campaigns of faults, bad input, load and a facility (HOURS=1)
	$(BIN)/python -m pip install --quiet --group campaign
	$(BIN)/python benchmarks/campaign.py --hours $(or $(HOURS),1)

# The front end is built in it; nothing has to be installed here.
image:  ## Build the container image "icestream", with docker or podman
	@builder=$$(command -v docker || command -v podman) || { \
	  echo "make image needs docker or podman, and neither is installed; without them: pip install ." >&2; exit 1; }; \
	echo "$$builder build --tag icestream ." && "$$builder" build --tag icestream . || { \
	  echo "the image was not built: $$builder says why above; where its service is not running, start it" >&2; exit 1; }

test: ui $(TESTING) $(WRITING) frontend/node_modules/.installed-checks  ## Run every check and every test, and build the documentation
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint docs ui-check
	$(BIN)/python -m pytest $(PARALLEL)

check: lint  ## Check style and types, and run the tests of what changed (SINCE=a commit or branch)
	@tests=$$(.ci/changed $(SINCE)) && echo "$$tests" && $(BIN)/python -m pytest -q $$tests && \
	case "$$tests" in *test_front_end*) $(MAKE) --no-print-directory ui-check ;; esac

lint: $(TESTING)  ## Check style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(WRITING)  ## Build the documentation into docs/_build/html
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

bench: $(TESTING)  ## Measure speed (benchmarks/README.md)
	$(BIN)/python -m benchmarks

bench-peers: $(WRITING)  ## Measure against RELION and the truth, and write the tables of the gallery (hours)
	.ci/install relion
	$(BIN)/python -m benchmarks --write

clean:  ## Remove what make made
	rm -rf $(VENV) frontend/node_modules src/icestream/server/static src/icestream/report/static docs/_build demo-session night-session .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
