PYTHON ?= python3.11
BIN := .venv/bin
RUN := OMP_NUM_THREADS=1 SCIPY_ARRAY_API=1 MPLBACKEND=Agg $(BIN)/python
CSV ?=
WORKERS ?= 2

.PHONY: help test test-slow lint demo doc bench bench-deep clean

help:
	@echo "make demo [CSV=table.csv]  compare, sample, judge and plot on a real table"
	@echo "make test                  install and run the tests"
	@echo "make test-slow             the long statistical tests"
	@echo "make doc                   the documentation and its gallery; pages go to doc/_build/html"
	@echo "make bench [DATA=folder]   the benchmarks; tables go to benchmarks/results/"
	@echo "make bench-deep            those of the deep models, which take hours without a GPU"

.venv/.ready: pyproject.toml constraints.txt setup.py
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[test]"
	touch $@

test: .venv/.ready lint
	$(RUN) -m pytest -q -n $(WORKERS) --dist worksteal -m "not slow"

test-slow: .venv/.ready
	$(RUN) -m pytest -q -n $(WORKERS) --dist worksteal -m slow

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

demo: .venv/.ready
	OMP_NUM_THREADS=1 MPLBACKEND=Agg $(BIN)/python demo/demo.py $(if $(CSV),"$(CSV)",)

.venv/.doc-ready: .venv/.ready
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[test,doc]"
	touch $@

doc: .venv/.doc-ready
	OMP_NUM_THREADS=1 MPLBACKEND=Agg $(BIN)/python -m sphinx -W --keep-going -b html doc doc/_build/html

bench: .venv/.ready
	MPLBACKEND=Agg $(BIN)/python benchmarks/classic.py --write
	MPLBACKEND=Agg $(BIN)/python benchmarks/quality.py --write $(if $(DATA),--data "$(DATA)",)
	MPLBACKEND=Agg $(BIN)/python benchmarks/networks.py --write $(if $(DATA),--data "$(DATA)",)
	MPLBACKEND=Agg $(BIN)/python benchmarks/tables.py --write --given $(if $(DATA),--data "$(DATA)",)
	MPLBACKEND=Agg $(BIN)/python benchmarks/comparison.py --write $(if $(DATA),--data "$(DATA)",)
	MPLBACKEND=Agg $(BIN)/python benchmarks/roles.py --write $(if $(DATA),--data "$(DATA)",)
	$(BIN)/python benchmarks/command_line.py --write $(if $(DATA),--data "$(DATA)",)

bench-deep: .venv/.ready
	MPLBACKEND=Agg $(BIN)/python benchmarks/deep.py --write
	MPLBACKEND=Agg $(BIN)/python benchmarks/toys.py --write
	MPLBACKEND=Agg $(BIN)/python benchmarks/modes.py --write
	MPLBACKEND=Agg $(BIN)/python benchmarks/binary.py --write $(if $(DATA),--data "$(DATA)",)
	MPLBACKEND=Agg $(BIN)/python benchmarks/images.py --minutes 120 --jobs 2 --write $(if $(DATA),--data "$(DATA)",)
	MPLBACKEND=Agg $(BIN)/python benchmarks/tables.py --models floors deep --sets adult magic --seeds 0 --slow 30 --report tables_deep --write $(if $(DATA),--data "$(DATA)",)

clean:
	rm -rf .venv build dist *.egg-info
