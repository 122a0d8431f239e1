# make demo | test | test-scheduler | check | bench | mwaa | constraints | clean. Needs git, make and Python 3.11, 3.12 or 3.13.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo demo-history test test-scheduler check bench mutants rules-diff schema constraints clean

help:
	@grep -hE '^[a-z_-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(READY): requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info < (3, 14); sys.exit(None if ok else \
	  "Wirewatch needs Python 3.11, 3.12 or 3.13; this is %d.%d. Try: make PYTHON=python3.12 …" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt -r requirements.txt -e '.[dev]'
	@touch $@

demo: $(READY) ## the whole pipeline twice, on a made-up newsroom, with everything on loopback
	@$(BIN)/python -m tests.demo

demo-history: $(READY) ## a week of the newsroom's past through a real scheduler, and a new rule tried on it
	@$(BIN)/python -m tests.demo.history

# Three processes on two cores: many tests wait for servers.
test: $(READY) ## the suite
	@$(BIN)/python -m pytest -m "not scheduler" --numprocesses 3 --dist loadfile --no-loadscope-reorder

test-scheduler: $(READY) ## the tests that start Airflow's own processes: a killed backfill, deadlines, init, the page
	@$(BIN)/python -m pytest -m scheduler

check: $(READY) ## lint and types
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: $(READY) ## CPU beside what you would use instead, as ratios
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt -e '.[dev,bench]'
	@$(BIN)/python -m tests.benchmarks

mutants: $(READY) ## break the rule engine on purpose, and see which test notices
	@$(BIN)/python -m tests.match.mutants

DAYS ?= 7
RULES ?= include/config/rules.yaml
RANGE = import datetime as d; t = d.datetime.now(d.timezone.utc).date(); print(t - d.timedelta($(DAYS) - 1), t)
rules-diff: $(READY) ## what your uncommitted change of rules.yaml gains and loses in the last 7 days (DAYS=…, ARCHIVE=a copy)
	@set -- $$($(BIN)/python -c "$(RANGE)") && $(BIN)/wirewatch backtest $(RULES) --against git:HEAD --from $$1 --to $$2 \
	  $(if $(ARCHIVE),--archive $(ARCHIVE))

schema: $(READY) ## the JSON Schemas: of the configuration files, for editors; of webhooks, for their receivers
	@$(BIN)/python -m include.wirewatch.config.schema
	@$(BIN)/python -m include.wirewatch.deliver.event > docs/webhook.schema.json

constraints: ## renew constraints.txt: the newest releases that work together, for every supported Python
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header --no-annotate \
	  --extra dev --extra bench pyproject.toml -o constraints.txt

clean: ## remove what make made
	rm -rf $(VENV) .demo .airflow dist build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

-include deploy/deploy.mk
-include tests/chaos/chaos.mk
