# Every target sets up what it needs: a virtual environment in .venv with exactly the versions of
# requirements.lock. Needed beforehand: Python 3.11 or newer with venv, make and git.

PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
STAMP := .venv/.ready
export OPENBLAS_NUM_THREADS = 1
export OMP_NUM_THREADS = 1
export PYTHONHASHSEED = 0

.PHONY: help report test lint refresh lab check docs benchmark taguette lock clean

help:  ## say what each target does
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

report: $(STAMP)  ## set up, then write the reports of the synthetic example study
	@echo "== Running every notebook of every wave of the example study"
	$(BIN)/themewave run

test: $(STAMP) lint  ## set up, then run every check and test
	@echo "== Unit, property, reference, acceptance and browser tests"
	$(BIN)/python -m pytest -n auto --dist loadfile tests
	@echo "== Notebooks: every committed output is computed again and compared to the letter"
	$(BIN)/python -m pytest -n auto --dist loadfile -p tests.nbval_plugin --nbval --nbval-current-env --nbval-cell-timeout=300 \
		-o filterwarnings=default notebooks

lint: $(STAMP)
	@echo "== Style and types"
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@echo "== Nothing of a participant in what git would commit"
	$(BIN)/themewave guard $(shell test -e .git || echo analysis_lib data_schema notebooks tests)

lab: $(STAMP)  ## set up, then open JupyterLab on the example study
	$(BIN)/themewave lab

check: $(STAMP)  ## set up, then check the data of the example study
	$(BIN)/themewave check data_schema/example_study

refresh: $(STAMP)  ## for developers: execute the committed notebooks again and store their outputs
	$(BIN)/python tests/refresh_notebooks.py

docs: $(STAMP)  ## for developers: write the generated pages again
	$(BIN)/python tests/data_schema_page.py
	$(BIN)/python tests/errors_page.py
	$(BIN)/python tests/imports_page.py
	$(BIN)/python tests/api_page.py

benchmark: $(STAMP)  ## for developers: measure runs, statistics and imports beside what others take
	$(BIN)/python tests/benchmarks/run_against_naive.py
	$(BIN)/python tests/benchmarks/statistics_speed.py
	$(BIN)/python tests/benchmarks/refi_import.py
	$(BIN)/python tests/benchmarks/report_rendering.py
	$(BIN)/python tests/benchmarks/scale.py
	$(BIN)/python tests/benchmarks/many_waves.py
	$(BIN)/python tests/benchmarks/explorer.py

taguette:  ## for developers: a Taguette of its own in .venv-taguette, which a test drives over loopback
	$(PYTHON) -m venv .venv-taguette
	.venv-taguette/bin/python -m pip install --quiet --disable-pip-version-check taguette==1.5.2 'setuptools<80'

lock: $(STAMP)  ## for developers: solve the versions of pyproject.toml again
	$(BIN)/uv pip compile -q pyproject.toml --extra test --universal --generate-hashes --no-header \
		--no-emit-index-url -o requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "== Making the virtual environment .venv"
	@$(PYTHON) -m venv .venv || { echo "Python lacks venv; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "== Installing the versions of requirements.lock, each checked by its hash (about half a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $(STAMP)

clean:  ## remove the virtual environment and what tools leave behind
	rm -rf .venv .venv-taguette .pytest_cache .mypy_cache .ruff_cache .hypothesis
