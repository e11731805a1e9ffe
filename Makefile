# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
REPORT := ketaqsp-demo/report.html

QUICK := tests/unit tests/property
# What loads JAX comes last: libRoadRunner's compiler crashes in a process that has run JAX.
REST  := tests/reference tests/cross tests/evidence tests/e2e tests/derivatives

# The names of the stamps carry a checksum of what was installed: a changed lock is a new stamp.
sum        = $(shell cat $(1) | cksum | cut -d' ' -f1)
RUN_STAMP  := $(VENV)/installed-$(call sum,requirements.lock pyproject.toml)
TEST_STAMP := $(RUN_STAMP)-test-$(call sum,requirements-test.lock)
# Benchmarks have an environment of their own: nothing in it can reach the tests.
BENCH       := $(VENV)-bench
# One program has no wheels: where a Fortran compiler is found it is built, the one exception.
FORTRAN     := $(shell command -v gfortran)
BENCH_STAMP := $(BENCH)/installed-$(call sum,requirements-bench.lock pyproject.toml)$(if \
               $(FORTRAN),-source-$(call sum,requirements-source.lock))

PIP_LOCKED := $(BIN)/python -m pip install --quiet --disable-pip-version-check \
              --require-hashes --only-binary :all:

.PHONY: demo test check quick rest docs bench clean lock

demo: $(RUN_STAMP)
	$(BIN)/ketaqsp demo
	@test -s $(REPORT) && echo "Report: $(CURDIR)/$(REPORT)"

test:
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory quick
	@$(MAKE) --no-print-directory rest

check: $(TEST_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

quick: $(TEST_STAMP)
	$(BIN)/python -m pytest -rsx $(QUICK)

rest: $(TEST_STAMP)
	$(BIN)/python -m pytest -rsx $(REST)

docs: $(TEST_STAMP)
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html
	@echo "Pages: $(CURDIR)/docs/_build/html/index.html"

bench: $(BENCH_STAMP)
	$(BENCH)/bin/python benchmarks/engines.py $(BENCH_OPTIONS)
	$(BENCH)/bin/python benchmarks/gradients.py
	$(BENCH)/bin/python benchmarks/fuzz.py

clean:
	rm -rf build dist src/*.egg-info docs/_build ketaqsp-demo
	rm -rf .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Needs uv on the path. Afterwards the next `make` builds the environment anew.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --only-binary :all: \
        --custom-compile-command "make lock"
lock:
	echo "setuptools>=77" | $(LOCK) pyproject.toml - -o requirements.lock
	echo "setuptools>=77" | $(LOCK) pyproject.toml - --extra jax --extra test --extra docs \
		-c requirements.lock -o requirements-test.lock
	echo "setuptools>=77" | $(LOCK) pyproject.toml requirements-bench.in - --extra jax --extra test \
		-c requirements-test.lock -o requirements-bench.lock
	$(LOCK) requirements-source.in --no-deps --no-binary numbalsoda -o requirements-source.lock

$(RUN_STAMP):
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v < (3, 14) or sys.exit( \
		"Python %d.%d found; ketaqsp needs 3.11 to 3.13: make PYTHON=python3.12" % v)'
	@echo "Building $(VENV) from requirements.lock (once per change of the lock)"
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP_LOCKED) -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index \
		--no-deps --no-build-isolation -e .
	@touch $@

$(TEST_STAMP): $(RUN_STAMP)
	$(PIP_LOCKED) -r requirements-test.lock
	@touch $@

$(BENCH_STAMP):
	@echo "Building $(BENCH) from requirements-bench.lock (once per change of the lock)"
	$(PYTHON) -m venv --clear $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --only-binary :all: -r requirements-bench.lock
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --no-index \
		--no-deps --no-build-isolation -e .
ifeq ($(FORTRAN),)
	@echo "No gfortran: going on without what requirements-source.in names"
else
	PATH="$(abspath $(BENCH))/bin:$$PATH" $(BENCH)/bin/python -m pip install --quiet \
		--disable-pip-version-check --require-hashes --no-binary numbalsoda --no-deps \
		--no-build-isolation -r requirements-source.lock \
		|| echo "requirements-source.lock could not be built: going on without"
endif
	@touch $@
