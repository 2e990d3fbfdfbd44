# Everything that a person or a machine does with a clean clone. Needs Python >= 3.11 with venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What is installed, so that nothing is installed twice; remade when pyproject.toml changes.
RUNTIME := $(VENV)/.installed
TESTING := $(VENV)/.installed-test
WRITING := $(VENV)/.installed-docs

.PHONY: help demo night test lint docs bench bench-peers clean

help:  ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("icestream needs Python 3.11 or newer, found %d.%d; say which to use: make PYTHON=python3.12 ..." % v[:2])'
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(TESTING): $(RUNTIME)
	$(BIN)/python -m pip install --quiet --group test
	@touch $@

$(WRITING): $(RUNTIME)
	$(BIN)/python -m pip install --quiet --group docs
	@touch $@

demo: $(RUNTIME)  ## Process a simulated session while it is written (a few minutes)
	$(BIN)/icestream demo

night: $(RUNTIME)  ## Rehearse a night of 2,000 exposures with accidents and changes (half an hour)
	$(BIN)/python benchmarks/night.py

test: lint docs  ## Run every check and every test, and build the documentation
	$(BIN)/python -m pytest

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
	rm -rf $(VENV) docs/_build demo-session night-session .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
