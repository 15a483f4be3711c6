# Two targets do everything: `make run` and `make test`. GNU make 3.81 is enough.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check -q
EMBEDDED := iotcore==0.4.0
DEMO_FROM ?= 2026-07-14T16:00

.PHONY: help run demo install test test-fast check bench docs clean

help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

run: $(VENV)/.run ## everything on this machine; open the address it says
	@$(BIN)/nypower up

demo: $(VENV)/.run ## the same on a simulated grid, five minutes in five seconds
	@scripts/demo $(BIN)/nypower $(DEMO_FROM)

install: $(VENV)/.run $(VENV)/.test ## only set up what run and test need, in .venv

test: $(VENV)/.test ## all tests that this machine can run
	@$(BIN)/python -m pytest

check: $(VENV)/.test ## lint and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(VENV)/.test ## the benchmarks, as ratios
	@$(BIN)/python bench/all.py

docs: $(VENV)/.run ## the pages of docs/ that are made from the code
	@$(BIN)/python -m scripts.docs

clean: ## forget what was set up and built
	rm -rf $(VENV) build dist src/nypower/web/static src/nypower/web/frontend/node_modules

$(VENV)/.python: scripts/make-venv
	@scripts/make-venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.python pyproject.toml constraints.txt setup.py $(shell find src/nypower/web/frontend -path '*/node_modules' -prune -o -type f -print)
	@echo "Installing into $(VENV) …"
	@$(PIP) install -c constraints.txt -e .
	@$(PIP) install --only-binary :all: -c constraints.txt $(EMBEDDED) 2>/dev/null || \
	  echo "There is no wheel of $(EMBEDDED) for this system: install mosquitto 2 and run 'nypower up --broker mosquitto'."
	@touch $@

$(VENV)/.test: $(VENV)/.run
	@echo "Installing what the tests need …"
	@$(PIP) install -c constraints.txt -e '.[test]'
	@touch $@
