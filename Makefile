# Everything starts here; `make` alone lists the commands. Needs only Python 3.11 to 3.13 and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo ui test fuzz lint check audit storms kills bench screenshots lock clean

help: ## List the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 13

install: $(INSTALLED) ## Make the environment in .venv from the lock file

$(INSTALLED): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install ## A day of four shops from IPOS to NetSuite, all systems simulated
	$(BIN)/ipos-pipeline demo

ui: install ## Dagster's UI on the demo's data
	$(BIN)/ipos-pipeline demo --ui

test: install ## All tests, or some: make test [DATABASE=postgresql] [TESTS=folder]
	$(if $(DATABASE),IPOS_TEST_DATABASE=$(DATABASE)) $(BIN)/pytest $(TESTS)

fuzz: install ## Many more hostile inputs for every parser: make fuzz [EXAMPLES=5000]
	IPOS_FUZZ_EXAMPLES=$(or $(EXAMPLES),5000) $(BIN)/pytest ipos_pipeline_tests/fuzz

lint: install ## Format, lint, types and layers
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test ## Lint, types, layers and tests

audit: install ## Known vulnerabilities of what is locked, and its bill of materials (build/sbom.cdx.json)
	@mkdir -p build
	$(BIN)/cyclonedx-py requirements requirements.lock --output-reproducible -o build/sbom.cdx.json
	$(BIN)/python -m ipos_pipeline_tests.security.audit

storms: install ## Seeded fault storms: make storms SEEDS=500 [START=1] [RESTORE=1]
	$(BIN)/python -m ipos_pipeline_tests.simulation.seeds --seeds $(or $(SEEDS),500) \
	  $(if $(START),--start $(START)) $(if $(RESTORE),--restore)

kills: install ## Runs killed at random moments: make kills KILLS=50 [START=1]
	$(BIN)/python -m ipos_pipeline_tests.processes.kills --kills $(or $(KILLS),50) \
	  $(if $(START),--start $(START))

bench: install ## What it costs: one table and benchmark.json: make bench [ONLY="posting stages"]
	$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

screenshots: install ## The README's pictures of the UI, taken anew (needs Chromium)
	$(BIN)/python -m ipos_pipeline_tests.browser.screenshots

COMPILE = uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
  --no-strip-extras --custom-compile-command "make lock" --quiet

lock: ## Resolve the dependencies anew into the lock files (needs uv)
	$(COMPILE) --upgrade pyproject.toml --extra kubernetes --group dev -o requirements.lock
	$(COMPILE) -c requirements.lock pyproject.toml --extra kubernetes -o deploy/requirements.lock
	$(COMPILE) -c requirements.lock --group pyproject.toml:simulators -o deploy/simulators.lock
	echo setuptools | $(COMPILE) -c requirements.lock - -o deploy/build.lock

clean: ## Remove the environment, the demo and caches
	rm -rf $(VENV) .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
