# Ardoise: « make demo » starts everything and shows the journey; « make test » proves it; « make down » stops it.
# Wanted on the machine: Python 3.11 or later with venv, make, git. No compiler, no root, no container.

PYTHON ?= python3
TOOLS := .venv-tools
UV := $(TOOLS)/bin/uv
HUB := .venv
CKAN := .venv-ckan
CKAN_TESTS := .venv-ckan-tests
ARDOISE := $(HUB)/bin/ardoise

COMPILE := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
EXTENSION := $(shell find catalog/ckanext/ckanext -type f -not -path '*/__pycache__/*')

UNIT := tests/unit

export UV_PYTHON_DOWNLOADS ?= never
# Bytecode is made here, once, rather than at every start: as root no process writes any.
export UV_COMPILE_BYTECODE ?= 1

.PHONY: demo test prove check lock down clean environments help

help: ## say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

demo: environments ## start the stack and watch three feeds travel to the catalogue
	@$(ARDOISE) demo

test: environments $(CKAN_TESTS)/.ready ## every test: unit, properties, vectors, integration, end to end
	@$(ARDOISE) doctor --tests --install
	@$(HUB)/bin/python -m tests.parts

prove: environments $(CKAN_TESTS)/.ready ## longer proofs: fuzzing, brute force, large data, benchmarks
	@$(ARDOISE) doctor --tests --install
	@$(HUB)/bin/python -m tests.parts --prove

check: $(HUB)/.ready ## formatting, types, import rules, unit tests: under a minute
	@$(HUB)/bin/ruff check .
	@$(HUB)/bin/ruff check catalog/ckanext
	@$(HUB)/bin/mypy
	@$(HUB)/bin/lint-imports
	@$(HUB)/bin/python -m pytest -q -n 2 --dist loadfile $(UNIT)

lock: $(UV) ## renew the lock files from pyproject.toml and catalog/ckanext's
	@$(UV) pip compile pyproject.toml --extra test $(COMPILE) -o requirements.lock
	@cd catalog/ckanext && ../../$(UV) pip compile requirements.in --override overrides.txt $(COMPILE) -o requirements.lock
	@cd catalog/ckanext && ../../$(UV) pip compile tests.in --constraint requirements.lock $(COMPILE) -o tests.lock

down: ## stop everything, no process left
	@test ! -x $(ARDOISE) || $(ARDOISE) down

clean: down ## forget everything: state folder and environments
	@test ! -x $(ARDOISE) || $(ARDOISE) forget --yes
	rm -rf $(HUB) $(CKAN) $(CKAN_TESTS) $(TOOLS)

environments: $(UV)
	@$(MAKE) --no-print-directory -j2 $(HUB)/.ready $(CKAN)/.ready

$(UV): bootstrap.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(TOOLS) || { echo "Python's venv module is incomplete: on Debian, apt-get install python3-venv"; exit 1; }
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bootstrap.lock
	@touch $(UV)

$(HUB)/.ready: requirements.lock pyproject.toml | $(UV)
	@echo "Environnement de la plateforme ($(HUB))…"
	@test -x $(HUB)/bin/python || $(UV) venv --quiet --python $(PYTHON) $(HUB)
	@$(UV) pip sync --quiet --python $(HUB)/bin/python --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(HUB)/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

$(CKAN)/.ready: catalog/ckanext/requirements.lock catalog/ckanext/pyproject.toml $(EXTENSION) | $(UV)
	@echo "Environnement de CKAN ($(CKAN))…"
	@test -x $(CKAN)/bin/python || $(UV) venv --quiet --python $(PYTHON) $(CKAN)
	@$(UV) pip sync --quiet --python $(CKAN)/bin/python --require-hashes catalog/ckanext/requirements.lock
	@$(UV) pip install --quiet --python $(CKAN)/bin/python --no-deps --no-build-isolation --reinstall ./catalog/ckanext
	@touch $@

$(CKAN_TESTS)/.ready: catalog/ckanext/tests.lock | $(CKAN)/.ready
	@echo "Outils des tests de CKAN ($(CKAN_TESTS))…"
	@rm -rf $(CKAN_TESTS)
	@$(UV) pip install --quiet --python $(CKAN)/bin/python --require-hashes --target $(CKAN_TESTS) -r catalog/ckanext/tests.lock
	@touch $@
