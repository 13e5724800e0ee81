# make run    set up .venv and start the app on loopback      make test   everything that CI runs
# make setup  only install      make demo-model   rebuild the demo model      make benchmarks   print the figures

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 7860
BIN := .venv/bin

# A stamp is named after the content of the requirements, so that a second run installs nothing and a changed pin does.
SETUP := .venv/.installed-$(shell cksum < requirements.txt | tr ' ' '-')
SETUP_DEV := .venv/.installed-dev-$(shell cat requirements.txt requirements-dev.txt | cksum | tr ' ' '-')
# Two processes, each with one thread: the tests train small models, and wait for servers and browsers in between.
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet

.PHONY: help setup setup-dev run test lint chromium demo-model benchmarks clean

help:
	@sed -n '1,2s/^# //p' Makefile

setup: $(SETUP)

setup-dev: $(SETUP_DEV)

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON): install Python 3.11 or newer, or name one: make PYTHON=/path/to/python"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$$($(PYTHON) --version) is too old: Plumbline needs Python 3.11 or newer; name one: make PYTHON=/path/to/python"; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "$(PYTHON) cannot make a virtual environment: on Debian, apt-get install python3-venv"; exit 2; }
	$(PYTHON) -m venv .venv

$(SETUP): | $(BIN)/python
	@echo "Installing what the app needs into .venv: a few minutes the first time"
	$(INSTALL) -r requirements.txt
	@touch $@

# Python compiles what the tests import as they import it; pip would compile all 17,000 files, one after the other.
$(SETUP_DEV): | $(BIN)/python
	@echo "Installing what the app and its tests need into .venv: a few minutes the first time"
	$(INSTALL) --no-compile -r requirements-dev.txt
	@touch $@ $(SETUP)

run: $(SETUP)
	@exec $(BIN)/python app.py serve --host $(HOST) --port $(PORT)

lint: $(SETUP_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# CI runs every test; a machine that has no browser and may not install one leaves the browser tests out and says so.
test: lint chromium
	@if command -v chromium >/dev/null; then $(PYTEST); \
	else echo "No Chromium here: the browser tests are left out (apt-get install chromium brings them back)."; \
		$(PYTEST) -m "not browser"; fi

chromium:
	@command -v chromium >/dev/null && exit 0; \
	as_root=""; [ "$$(id -u)" = 0 ] || as_root="sudo -n"; \
	if command -v apt-get >/dev/null && $$as_root true 2>/dev/null; then \
		echo "Installing Debian's Chromium for the browser tests"; \
		{ $$as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			$$as_root apt-get install -y -qq --no-install-recommends chromium fonts-liberation; } >/dev/null || true; \
	fi; \
	hash -r; \
	if [ -n "$${CI:-}" ] && ! command -v chromium >/dev/null; then \
		echo "CI runs the browser tests, and Chromium could not be installed."; exit 1; fi

demo-model: $(SETUP)
	$(BIN)/python -m alignment.demo.build

benchmarks: $(SETUP)
	$(BIN)/python benchmarks/importing.py
	$(BIN)/python benchmarks/steering.py
	$(BIN)/python benchmarks/methods.py
	$(BIN)/python benchmarks/quality.py

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
