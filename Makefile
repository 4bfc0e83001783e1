# popbase: `make` lists what can be made. Every target does its own set-up first.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-$(shell cat requirements.lock pyproject.toml scripts/setup.sh | sha256sum | cut -c1-16)
PERSONS ?= 20000
.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(STAMP): requirements.lock pyproject.toml scripts/setup.sh
	@PYTHON=$(PYTHON) VENV=$(VENV) WHEELHOUSE=$(WHEELHOUSE) scripts/setup.sh
	@rm -f $(VENV)/.installed-* && touch $@

.PHONY: setup
setup: $(STAMP) ## build .venv from the hashed lock

.PHONY: wheelhouse
wheelhouse: $(STAMP) ## download the lock's packages for a machine without network (WHEELHOUSE=)
	@VENV=$(VENV) WHEELHOUSE=$(WHEELHOUSE) scripts/wheelhouse.sh

.PHONY: demo
demo: $(STAMP) ## generate a county and run all of it through Airflow (PERSONS=20000)
	@$(BIN)/python -m scripts.demo --persons $(PERSONS)

.PHONY: airflow
airflow: $(STAMP) ## open Airflow on the demo's home, until Ctrl-C
	@scripts/airflow.sh

.PHONY: test
test: $(STAMP) ## run the tests
	@$(BIN)/python -m pytest -n auto --dist loadfile

.PHONY: test-long
test-long: $(STAMP) ## run the tests that take long
	@$(BIN)/python -m pytest -m long

FILES ?= 1000000
SEED ?= 1
.PHONY: fuzz
fuzz: $(STAMP) ## read 1,000,000 damaged deliveries (FILES=, SEED=)
	@$(BIN)/python -m tests.fuzz --files $(FILES) --seed $(SEED)

.PHONY: bench
bench: $(STAMP) ## measure five counties of 20,000 from files to publication
	@$(BIN)/python -m benchmarks.county --persons 20000 --seeds 1 2 3 4 5

.PHONY: drill
drill: $(STAMP) ## back up, destroy, restore to the second, compare (PERSONS=300)
	@$(BIN)/python -m scripts.drill --persons $(if $(filter command line,$(origin PERSONS)),$(PERSONS),300)

.PHONY: check
check: $(STAMP) ## lint, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: reference
reference: $(STAMP) ## write docs/reference and the contract schema anew
	@$(BIN)/python -m pipelines.documenting

.PHONY: lock
lock: ## resolve the lock anew (needs uv)
	@uv pip compile --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev --extra embedded \
	  pyproject.toml -o requirements.lock --upgrade --quiet

.PHONY: clean
clean: ## remove what was built, not what was published
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
