# From a fresh clone: `make demo` and `make test`, each on its own and in either order.
# Needed on the machine: Python 3.11 or newer with `venv`, git and make. All else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
EXTRAS := anyio,executors,laws,mypy,offline,openai,otel,rich

# `make test ARGS="tests/unit -k pipe"` runs a part of the suite, COVERAGE=1 measures what it covers.
ARGS ?=
COVERAGE ?=
PYTEST := -m pytest --numprocesses auto --maxprocesses 8 --dist loadgroup $(ARGS)

# These cover floors 0 to 3 whole, every line and every branch; to follow the others takes too long.
MEASURED := combinators tests/unit tests/running

# Nothing is downloaded but packages: no Python by uv, no newer self by pyright.
export UV_PYTHON_DOWNLOADS := never
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types floors fuzz laws mutants mypys figures speed soak races format coverage constraints build clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## answer questions with a retrieval chain, offline, and show its timing
	$(BIN)/python -m combinators demo

test: $(INSTALLED) ## run the whole suite, the README, the documentation and the docstrings
ifdef COVERAGE
	$(BIN)/coverage erase
	$(BIN)/coverage run $(PYTEST) $(MEASURED)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=100
	$(BIN)/python $(PYTEST) tests docs README.md $(MEASURED:%=--ignore=%)
else
	$(BIN)/python $(PYTEST)
endif

check: lint types floors ## lint, check the types and the floors

lint: $(INSTALLED) ## ruff: the rules and the format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED) ## mypy and pyright, both strict
	$(BIN)/python -m mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

floors: $(INSTALLED) ## import-linter: a module imports only from floors below its own
	$(BIN)/lint-imports --no-logo

fuzz: $(INSTALLED) ## check 10,000 malformed sources: the plugin must not make mypy break
	$(BIN)/python -m tests.robustness $(ARGS)

laws: $(INSTALLED) ## try every law on 100,000 examples in all, and every wrong system
	$(BIN)/python -m tests.laws $(ARGS)

mutants: $(INSTALLED) ## change floors 0 to 3 in every small way: a test must fail each time
	$(BIN)/python -m tests.mutants $(ARGS)

mypys: $(INSTALLED) ## test the plugin with every mypy that it supports, on every Python found here
	$(BIN)/python -m tests.robustness.mypys $(ARGS)

figures: $(INSTALLED) ## the static check: what it finds beside LangChain, what it costs
	$(BIN)/python -m tests.benchmarks.static_peers
	@echo
	$(BIN)/python -m tests.typesafety --pipelines 1000 --twins 1 --seed 77
	@echo
	$(BIN)/python -m tests.benchmarks.static_speed

speed: $(INSTALLED) ## what running costs, beside the code by hand and other libraries
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --group peers
	$(BIN)/python -m tests.benchmarks.speed $(ARGS)

soak: $(INSTALLED) ## an hour of mixed load, 200 times Ctrl-C, and dask with workers that are killed
	$(BIN)/python -m tests.running.soak $(ARGS)
	$(BIN)/python -m tests.running.interrupting
	$(BIN)/python -m tests.running.dask_soak

races: $(INSTALLED) ## repeat the tests of races a thousand times
	$(BIN)/python -m tests.running.races $(ARGS)

format: $(INSTALLED) ## let ruff mend and format what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

coverage: ## run the suite and measure: floors 0 to 3 must be covered whole
	$(MAKE) test COVERAGE=1

constraints: $(INSTALLED) ## pin the newest versions that fit together
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --all-extras --group dev --group peers \
		--no-header --no-annotate --output-file constraints.txt pyproject.toml

build: $(INSTALLED) ## make the wheel and the source distribution in dist/
	$(BIN)/uv build --out-dir dist

clean: ## remove the environment and all that the tools have written
	rm -rf $(VENV) build dist htmlcov mutants .coverage .coverage.* .benchmarks .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache
	find combinators tests stubs docs -type d -name __pycache__ -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; asked for its version, $(PYTHON) says:" >&2; \
		$(PYTHON) --version >&2; \
		echo "Name another one, such as: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraint constraints.txt \
		--editable '.[$(EXTRAS)]' --group dev
	@touch $@
