# Everything runs from here, with relative paths only: the checkout may lie anywhere. `make` alone lists the targets.
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup setup-gcp setup-emulators demo up emulators test check format generate lock clean \
	unit architecture contract adapters flow e2e chaos chaos-short security security-short bench bench-short

VENV := .venv
PY := $(VENV)/bin/python
PYTEST := $(PY) -m pytest -q
# Most tests wait more than they work; files stay whole, because their tests share what is slow to start.
TOGETHER := -n 4 --dist loadfile
# These compute more than they wait: no more of them at once than there are cores.
COMPUTING := -n logical --maxprocesses 4 --dist loadfile
# Whoever tests starts hundreds of processes: each would compile the whole tree again.
unexport PYTHONDONTWRITEBYTECODE
OFFLINE := --disable-socket --allow-unix-socket
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
# Looked up only when something must be installed; `make PYTHON=/path/to/python3.12 setup` decides otherwise.
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
	"$$p" -c '$(NEW_ENOUGH)' 2>/dev/null && { command -v "$$p"; break; }; done)

help:
	@awk -F ':.*## ' '/^##@ / {print "\n" substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' Makefile

##@ Use it
setup: $(VENV)/.setup ## install into .venv exactly what requirements.lock names
	@echo "Ready: make demo, make up, or $(VENV)/bin/headrace --help"
setup-gcp: $(VENV)/.setup-gcp ## install Google's clients too, for the profiles `emulators` and `gcp`
	@echo "Ready: $(VENV)/bin/headrace demo --profile emulators"
setup-emulators: $(VENV)/.setup-gcp ## install emulators of Google's services, each into an environment of its own
	@$(VENV)/bin/headrace emulators --install
demo: $(VENV)/.setup ## a moving console in a minute; no cloud account
	@$(VENV)/bin/headrace demo
up: $(VENV)/.setup ## the whole system on this machine, at http://127.0.0.1:8080
	@$(VENV)/bin/headrace up
emulators: $(VENV)/.setup-gcp ## Pub/Sub, Cloud Storage and BigQuery on this machine, for any client of theirs
	@$(VENV)/bin/headrace emulators

##@ Change it
test: check unit architecture contract flow e2e chaos-short security-short bench-short ## all proofs in their short form
check: $(VENV)/.setup-dev ## style, types, import rules, generated files
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check --quiet .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports --config .importlinter --no-logo
	@$(VENV)/bin/headrace generate --check
format: $(VENV)/.setup-dev ## put the code into its one form
	@$(VENV)/bin/ruff check --fix --quiet . ; $(VENV)/bin/ruff format .
generate: $(VENV)/.setup-dev ## write what is made from code: schemas, OpenAPI, tables of the READMEs
	@$(VENV)/bin/headrace generate

##@ Prove it, one kind at a time
unit: $(VENV)/.setup-dev ## rules and shapes, without any network
	@$(PYTEST) $(OFFLINE) $(COMPUTING) tests/unit -m "not slow"
architecture: $(VENV)/.setup-dev ## the tree and who may import whom
	@$(PYTEST) $(TOGETHER) tests/architecture
contract: $(VENV)/.setup-dev ## every adapter of a port against the same promises
	@$(PYTEST) $(TOGETHER) tests/contract -m "not slow"
adapters: $(VENV)/.setup-dev ## which adapter keeps which promise, embedded and behind emulators, in one table
	@$(PYTEST) $(TOGETHER) -p tests.contract.table -r f tests/contract/bus tests/contract/lake tests/contract/warehouse -m "not slow"
flow: $(VENV)/.setup-dev ## use cases and events together
	@$(PYTEST) $(TOGETHER) tests/flow -m "not slow"
e2e: $(VENV)/.setup-dev ## the running system, seen from outside
	@$(PYTEST) $(TOGETHER) tests/e2e -m "not slow"
chaos: $(VENV)/.setup-dev ## kill -9, cuts and stalls, the long form
	@$(PYTEST) tests/chaos
chaos-short: $(VENV)/.setup-dev
	@$(PYTEST) -n 3 --dist loadfile tests/chaos -m "not slow"
security: $(VENV)/.setup-dev ## what attackers try; the range of captured pages takes root, iproute2 and Chromium
	@$(PYTEST) tests/security
security-short: $(VENV)/.setup-dev
	@$(PYTEST) tests/security -m "not slow"
bench: $(VENV)/.setup-dev ## measurements beside the peers; RQ and Dramatiq join in after apt-get install redis-server
	@$(PYTEST) tests/benchmarks -s
bench-short: $(VENV)/.setup-dev
	@$(PYTEST) tests/benchmarks -s -m "not slow"

##@ Keep it
lock: $(VENV)/.setup ## resolve the lock files anew, as near as possible to what they say
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && $(PY) -m venv "$$tools" && "$$tools/bin/pip" install --quiet uv \
	&& compile() { "$$tools/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate --emit-build-options pyproject.toml --output-file "$$@"; } && compile requirements.lock --extra build \
	&& compile requirements-gcp.lock --extra build --extra gcp && compile requirements-dev.lock --extra build --extra gcp --extra dev \
	&& cd infra/local/emulators && for one in storage:3.11 bqemulator:3.11 local-bigquery:3.13; do "$$tools/bin/uv" pip compile --quiet \
	--universal --python-version "$${one#*:}" --generate-hashes --no-emit-index-url --no-header --no-annotate "$${one%:*}.in" \
	--output-file "$${one%:*}.lock" || exit; done
clean: ## remove .venv, emulators and caches; data stays
	@rm -rf $(VENV) .emulators .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Of two makes at once, one installs and the other waits for it; then its inner make finds nothing left to do.
ONE_AT_A_TIME := import fcntl, subprocess, sys; lock = open("Makefile"); fcntl.flock(lock, fcntl.LOCK_EX); sys.exit(subprocess.call(sys.argv[1:]))
VENV_PACKAGE = $(shell "$(PYTHON)" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
# Some tests look at pages; without a browser they fail and say so.
CHROMIUM := command -v chromium >/dev/null || command -v google-chrome >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	&& apt-get update -q && apt-get install -qy --no-install-recommends chromium fonts-noto-core; } \
	|| echo "There is no Chromium: tests that capture pages will fail until there is one (sudo apt-get install chromium)" >&2
PIP := $(PY) -m pip --disable-pip-version-check --no-input --quiet

$(VENV)/.setup: requirements.lock pyproject.toml
$(VENV)/.setup-gcp: requirements-gcp.lock pyproject.toml
$(VENV)/.setup-dev: requirements-dev.lock pyproject.toml
ifndef INSTALLING
$(VENV)/.setup $(VENV)/.setup-gcp $(VENV)/.setup-dev:
	@test -n "$(PYTHON)" || { echo "Headrace needs Python 3.11 or newer and found none: install it, or name it with make PYTHON=/path/to/python3 setup" >&2; exit 1; }
	@"$(PYTHON)" -c '$(NEW_ENOUGH)' || { echo "$(PYTHON) is older than Python 3.11" >&2; exit 1; }
	@"$(PYTHON)" -c '$(ONE_AT_A_TIME)' $(MAKE) --silent INSTALLING=1 "PYTHON=$(PYTHON)" $@
else
$(VENV)/.setup $(VENV)/.setup-gcp $(VENV)/.setup-dev:
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	&& apt-get update -q && apt-get install -qy $(VENV_PACKAGE); } \
	|| { echo "$(PYTHON) cannot make virtual environments: install $(VENV_PACKAGE) (sudo apt-get install $(VENV_PACKAGE)), then run make again" >&2; exit 1; }
	@$(PY) -m pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear $(VENV)
	@echo "Installing what $< names; the first time takes a minute."
	@$(PIP) install --require-hashes -r $<
	@$(PIP) install --no-deps --no-build-isolation -e .
	@$(if $(filter %-dev,$@),$(CHROMIUM),:)
	@touch $(VENV)/.setup $(if $(filter %-dev,$@),$(VENV)/.setup-gcp) $@
endif
