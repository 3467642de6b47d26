# make help tells what there is. Everything happens inside .venv and this folder.
PYTHON ?= python3.11
DATA ?=
FORCE ?=
PORT ?=
UI_PORT ?= 5000
METHOD ?=

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
INSTALLED_SPARK := $(VENV)/.installed-spark
# Three processes on two cores, as many tests wait. A module stays in one, since its tests share servers;
# tests/conftest.py puts the long ones first.
PARALLEL := --numprocesses=3 --dist=loadscope --no-loadscope-reorder

# What .env says counts here as well; a variable of the caller's comes first.
TRACKING_IN_ENV_FILE := $(shell sed -n "s/^\(export  *\)\{0,1\}MLFLOW_TRACKING_URI=//p" .env 2>/dev/null | tail -n 1 | tr -d "\"'")
export MLFLOW_TRACKING_URI ?= $(or $(TRACKING_IN_ENV_FILE),sqlite:///mlflow.db)
export DATA METHOD
ifneq ($(PORT),)
export RECSYS_API__PORT := $(PORT)
endif
ifneq ($(DATA),)
export RECSYS_DATA__DIR := $(DATA)
endif
# An active virtual environment or PYTHONPATH of the caller has no say here. Without bytecode, every one of the many
# processes would compile the project again.
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export PATH := $(CURDIR)/$(BIN):$(PATH)
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help up train ui dev test coverage test-slow test-docker test-spark spark fuzz lint format bench lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  DATA=folder  a MovieLens dataset, or sample; make up remembers it in .env"
	@echo "  PORT=8000    of the API              METHOD=name  for make train"
	@echo "  UI_PORT=5000 of make ui              FORCE=1      for make up: serve data other than what is served"

up: $(INSTALLED) ## install, train if need be, and serve on 127.0.0.1:8000
	@echo "Looking for a model to serve"
	@python -m training up $${DATA:+--data-dir "$$DATA"} $(if $(FORCE),--force)
	@echo "Starting the service"
	@exec python -m serving

train: $(INSTALLED) ## train, evaluate, track and register a model
	@python -m training train $${METHOD:+--method "$$METHOD"}

ui: $(INSTALLED) ## MLflow's UI on port 5000, to compare runs and to move the alias
	@exec python -m training ui --port $(UI_PORT)

dev: $(INSTALLED_DEV) ## install what tests and benchmarks need

test: $(INSTALLED_DEV) ## run the tests
	@python -m pytest $(PARALLEL)

coverage: $(INSTALLED_DEV) ## run the tests and check how much of the code they run, its processes included
	@python -m pytest $(PARALLEL) --cov --cov-report=term:skip-covered

test-slow: $(INSTALLED_DEV) ## run the long tests: load, faults, other environments
	@python -m pytest -m slow

test-docker: $(INSTALLED_DEV) ## run the tests that need a Docker engine
	@python -m pytest -m docker

test-spark: $(INSTALLED_DEV) $(INSTALLED_SPARK) ## run the tests that start a Spark cluster; they need Java 17
	@python -m pytest -m spark

spark: $(INSTALLED) $(INSTALLED_SPARK) ## install what --engine spark needs, 490 MB

fuzz: $(INSTALLED_DEV) ## send ten thousand requests made up from the service's own schema
	@python -m pytest -m fuzz

lint: $(INSTALLED_DEV) ## ruff and mypy
	@ruff check .
	@ruff format --check .
	@mypy

format: $(INSTALLED_DEV) ## format the code
	@ruff check --fix .
	@ruff format .

bench: $(INSTALLED) ## measure quality and speed beside the peers (python -m benchmarks lists more)
	@python -m benchmarks leaderboard

lock: $(INSTALLED_DEV) ## pin the dependencies of pyproject.toml again
	@python scripts/lock.py

clean: ## remove the environment, runs, models and caches; data stays
	rm -rf $(VENV) .venv-bench mlflow.db mlruns mlartifacts model-cache logs .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is not on PATH; install Python 3.11, or make PYTHON=python3 with a newer one" >&2; exit 1; }
	@echo "Making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(INSTALLED): requirements.lock scripts/install.py | $(VENV)/bin/python
	@$(BIN)/python scripts/install.py requirements.lock
	@touch $@

# The lock for development holds all of the other one.
$(INSTALLED_DEV): requirements-dev.lock requirements.lock scripts/install.py | $(VENV)/bin/python
	@$(BIN)/python scripts/install.py requirements-dev.lock
	@touch $(INSTALLED) $@

$(INSTALLED_SPARK): requirements-spark.lock scripts/install.py | $(VENV)/bin/python
	@$(BIN)/python scripts/install.py requirements-spark.lock
	@touch $@
