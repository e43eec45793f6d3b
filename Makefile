# `make demo` plays the stories, `make test` proves the product. Everything else is a part of those two.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9

# A run starts hundreds of processes. Each would compile 600 modules anew where the environment says
# that no bytecode is written: a process of the hub then takes 1.6 s of processor time to start
# instead of 0.6 s, and every test file is rewritten by pytest at each run.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup lock lint unit process system check test fault faults demo interop apicurio rivals scaling bench

help: ## the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(VENV)/.ready ## install the locked packages into .venv

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v=sys.version_info; sys.exit(0 if v>=(3,11) else f"Python 3.11 or newer is needed, this is {v[0]}.{v[1]}; name another with PYTHON=...")'
	@echo "setup: creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet uv==$(UV_VERSION) || { echo "setup: uv could not be installed from the package registry; check the network and pip's settings"; exit 1; }
	@echo "setup: installing the locked packages"
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip sync --quiet --require-hashes requirements.lock || { echo "setup: a locked package could not be installed; see the line above"; exit 1; }
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

lock: ## resolve the dependencies anew, with hashes
	$(BIN)/uv pip compile --universal --generate-hashes --group dev --no-annotate --no-header --quiet --upgrade pyproject.toml -o requirements.lock

lint: setup ## format, lint, types, dependencies, dead code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/deptry hub adapters
	$(BIN)/vulture

unit: setup ## the tests of what computes
	$(BIN)/pytest -q -n 2 -m "not system and not process and not fault"

process: setup ## the tests of single processes: simulated systems, servers, time-outs
	$(BIN)/pytest -q -n 4 -m "process and not system"

system: setup ## the tests on a real Kafka
	$(BIN)/pytest -q -n 3 --dist loadfile -m system

fault: setup ## a few rows of the fault table, on a real Kafka
	$(BIN)/pytest -q -n 3 -m fault

check: lint unit process ## before each commit

test: lint unit process system fault ## everything

faults: setup ## the whole fault table (hours); goes on where it was broken off
	$(BIN)/python -m tests.faults

demo: setup ## play the stories of a province on a real Kafka; KEEP=1 leaves it running
	@$(BIN)/python -m ops.demo $(if $(KEEP),--keep)

interop: setup ## a stock SOAP client of another language (node) calls the hub from its WSDL
	$(BIN)/python -m ops.interop.node_soap

apicurio: setup ## the registry's contract suite against Apicurio 3.3.3 (downloads 158 MB)
	$(BIN)/pytest -q tests/registry/apicurio_suite.py

rivals: setup ## the hub beside what people would pick instead (an hour on a quiet machine)
	@mkdir -p .hub
	$(BIN)/python -m ops.bench.rivals --out .hub/rivals.json
	$(BIN)/python -m ops.bench.rivals.page .hub/rivals.json

scaling: setup ## processes, partitions, connectors, slow systems (two hours at most; goes on where it ended)
	$(BIN)/python -m ops.bench.scaling --out .hub/scaling.json; $(BIN)/python -m ops.bench.scaling.page .hub/scaling.json

bench: setup ## speed, memory and start-up against their targets, on this machine
	$(BIN)/python -m ops.bench
