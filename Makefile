# `make demo` and `make test` need Python 3.11 or newer and make; everything else is fetched into .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
JOBS   ?= 2
PYTEST := $(BIN)/python -m pytest

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export MPLBACKEND := Agg
export LC_ALL := C.UTF-8
export COLUMNS := 100
export NO_COLOR := 1
# One thread for BLAS: results must not depend on how many cores there are.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
# Tests and workers start many processes: what one compiles, the others find, whatever the caller's shell says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check docs tutorials notebooks format lint types soak bench clean

$(VENV)/core: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/dev: $(VENV)/core
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(VENV)/core  ## plan, simulate and report the Kazakhstan programme
	$(BIN)/demilsim run scenarios/kazakhstan --out out/kazakhstan
	@echo "The report is out/kazakhstan/report.html"

test: $(VENV)/dev  ## the fast suite
	$(PYTEST) -n $(JOBS) --dist worksteal -m "not soak"

check: $(VENV)/dev  ## what CI runs: format, lint, types, tests, and what is written about it
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) test
	$(MAKE) docs
	$(MAKE) tutorials
	$(MAKE) notebooks

docs: $(VENV)/dev  ## the documentation site, in out/site; nothing is fetched
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	$(BIN)/python docs/_site/check.py out/site

tutorials: $(VENV)/dev  ## every command of the tutorials and how-to pages, as written
	$(BIN)/python docs/_site/run.py --jobs $(JOBS)

notebooks: $(VENV)/dev  ## the notebooks of the shipped questions, on few replications
	$(BIN)/python experiments/notebooks/run.py --jobs $(JOBS)

format: $(VENV)/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/dev
	$(BIN)/ruff check .

types: $(VENV)/dev
	$(BIN)/mypy

soak: $(VENV)/dev  ## the long tests
	$(PYTEST) -n $(JOBS) -m soak --timeout 3600

bench: $(VENV)/dev  ## speed and quality, printed as JSON
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf $(VENV) out
