# Everything a person does here, by name; `make help` lists it.

PYTHON  ?= python3
IMAGES  ?= examples/images
CSV     ?= verdicts.csv
WORKERS ?=
PORT    ?=
TESTS   ?= tests
JOBS    ?= 2
ITEMS   ?= 1000000
DATABASES ?= postgres sqlite
SEEDS   ?= 5
QUICK   ?=
ROUNDS  ?=

VENV        := .venv
BIN         := $(VENV)/bin
RUNTIME     := $(VENV)/.runtime-installed
DEV         := $(VENV)/.dev-installed
BENCH       := $(VENV)/.bench-installed
LOCK_VENV   := build/lock-venv
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PIP_COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(LOCK_VENV)/bin/pip-compile --quiet \
	--strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links \
	--no-emit-trusted-host --annotation-style line
CATALOGS    := api/pages/translations
# A build of torch for one kind of device names it (`+cpu`); the locks are for all of them.
ANY_DEVICE  := sed -i.bak -E 's/^(torch==[0-9.]+)\+[a-z0-9.]+/\1/'

.DEFAULT_GOAL := help
.PHONY: help setup dev scan up test screenshots chaos check bench bench-gpu bench-size fmt docs translations lock browser clean
.DELETE_ON_ERROR:

help: ## List the targets (this page)
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' \
		$(MAKEFILE_LIST)

setup: $(RUNTIME) ## Create .venv with everything that fakesweep needs to run

dev: $(DEV) ## Add what checks and tests need

scan: $(RUNTIME) ## Scan a folder or a file: make scan IMAGES=photos CSV=verdicts.csv
	@$(BIN)/fakesweep scan "$(IMAGES)" $(if $(CSV),--csv "$(CSV)") \
		$(if $(WORKERS),--workers $(WORKERS))

up: $(RUNTIME) ## Run the API, the web pages and the workers: make up WORKERS=2 PORT=8780
	@$(BIN)/fakesweep up $(if $(WORKERS),--workers $(WORKERS)) $(if $(PORT),--port $(PORT))

test: $(DEV) browser ## Run the tests: make test TESTS=tests/unit
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --durations 15 $(TESTS)

screenshots: $(DEV) browser ## Take the pictures of the web pages that docs/pages.md shows
	SCREENSHOTS=docs/screenshots $(BIN)/python -m pytest tests/e2e/test_shipped_model.py

chaos: $(DEV) ## Break a running system on purpose, in many ways: make chaos SEEDS=5
	@mkdir -p build
	SEEDS=$(SEEDS) $(BIN)/python -m pytest -n $(JOBS) -m "" --basetemp build/chaos tests/e2e/chaos

check: $(DEV) ## Lint, format, types and import floors, without changing anything
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: $(BENCH) ## Measure inference beside bare loops and peers: make bench QUICK=1
	$(BIN)/python -m bench.side_by_side $(if $(QUICK),--quick) $(if $(ROUNDS),--rounds $(ROUNDS))

bench-gpu: $(DEV) ## Measure passes, transfers and decoding on this machine's GPU
	$(BIN)/python -m bench.gpu --out bench/results/gpu.json

bench-size: $(DEV) ## Measure the job engine: make bench-size ITEMS=1000000 DATABASES=postgres
	@for database in $(DATABASES); do \
		$(BIN)/python -m bench.size --database $$database --items $(ITEMS) || exit 1; \
	done

fmt: $(DEV) ## Format the code and apply the safe fixes of the linter
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

docs: $(RUNTIME) ## Write docs/settings.md from the settings
	$(BIN)/python -m cli.reference > docs/settings.md.new
	mv docs/settings.md.new docs/settings.md

translations: $(DEV) ## Bring the catalogs of the web pages up to what the pages say
	@mkdir -p build
	$(BIN)/pybabel --quiet extract --mapping-file pyproject.toml --keywords counted:1,2 \
		--add-comments Translators: --strip-comments --add-location file --sort-by-file \
		--omit-header --output-file build/messages.pot api
	$(BIN)/pybabel --quiet update --input-file build/messages.pot --output-dir $(CATALOGS) \
		--ignore-obsolete --ignore-pot-creation-date --width 100
	@echo "Put what is new into each language, and take the \"fuzzy\" off: $(CATALOGS)"

lock: ## Resolve every dependency anew into requirements/*.lock
	@rm -rf $(LOCK_VENV) && $(PYTHON) -m venv $(LOCK_VENV)
	@$(LOCK_VENV)/bin/python -m pip install --quiet --disable-pip-version-check "pip-tools>=7.5,<8"
	@rm -f requirements/*.lock
	$(PIP_COMPILE) --extra dev --extra openvino -c requirements/constraints.txt \
		-o requirements/dev.lock pyproject.toml
	@$(ANY_DEVICE) requirements/dev.lock
	$(PIP_COMPILE) --extra openvino -c requirements/dev.lock -o requirements/runtime.lock pyproject.toml
	@$(ANY_DEVICE) requirements/runtime.lock
	$(PIP_COMPILE) --extra bench -c requirements/dev.lock -o requirements/bench.lock pyproject.toml
	@$(ANY_DEVICE) requirements/bench.lock
	@rm -f requirements/*.bak

browser: ## Install the browser that the tests of the web pages use, where that is possible
	@command -v chromium > /dev/null && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		echo "Installing chromium, which the tests of the web pages use."; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; \
	else \
		echo "The tests of the web pages use chromium, which is not on PATH; install it" \
			"with the system's package manager (Debian: apt-get install chromium)." >&2; \
		exit 1; \
	fi

clean: ## Remove .venv, caches and build output; data in var/ stays
	rm -rf $(VENV) build ./*.egg-info .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "fakesweep needs Python 3.11 or newer, and '$(PYTHON)' is not;" \
			"install one and name it: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { \
		echo "'$(PYTHON)' cannot create virtual environments; install its venv module" \
			"(Debian: apt-get install python3-venv)." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements/runtime.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing fakesweep into $(VENV) (torch is large; this takes some minutes)."
	@$(PIP_INSTALL) -r requirements/runtime.lock
	@$(PIP_INSTALL) --no-build-isolation --no-deps -e .
	@touch $@

$(DEV): requirements/dev.lock $(RUNTIME)
	@$(PIP_INSTALL) -r requirements/dev.lock
	@touch $@

$(BENCH): requirements/bench.lock $(DEV)
	@echo "Installing the systems that fakesweep is compared with (Ray is large)."
	@$(PIP_INSTALL) -r requirements/bench.lock
	@touch $@
