# Two commands for a newcomer: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check format docs lock clean system

help: ## say what each command does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

demo: $(STAMP) ## load real and generated data, score, serve (ARGS=--once asks and exits)
	$(BIN)/renmai demo $(ARGS)

test: $(STAMP) system check ## everything: checks, unit, conformance, integration (real Neo4j), browser
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(STAMP) ## format, lint, types, layers, dependencies, dead code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright --level error
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/vulture

format: $(STAMP) ## put the code in order
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(STAMP) ## write the reference pages and the schema anew from the code
	$(BIN)/renmai schema --write api/graphql/schema.graphql
	$(BIN)/python -m graph.model.reference > docs/reference/graph-model.md
	$(BIN)/python -m api.graphql.reference > docs/reference/graphql.md
	$(BIN)/python -m api.cli.reference > docs/reference/cli.md

lock: $(STAMP) ## resolve the dependencies anew
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --python-version 3.11 --extra demo --extra dev pyproject.toml -o requirements.lock

clean: ## remove what was built, keep the data
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache

system: $(STAMP) # what pip cannot bring: a JDK, Maven, Chromium, Redis, a Chinese font
	@sh scripts/system_packages.sh
	@test -n "$$NEO4J_URI" || $(BIN)/python scripts/neo4j_server.py install >/dev/null

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Renmai needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@
