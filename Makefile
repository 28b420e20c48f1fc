# Every command of this repository. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
export PORT ?= 8080
export DATA ?= data
# As images set it; here every process that is started would compile all that it loads again.
unexport PYTHONDONTWRITEBYTECODE

##@ Use it
.PHONY: help
help:  ## List these commands
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(VENV)/.complete  ## Build .venv from the hashed locks, again only when they change (PYTHON=)
$(VENV)/.complete: requirements/dev.lock $(wildcard libs/*/pyproject.toml) $(wildcard services/*/pyproject.toml) scripts/setup
	@scripts/setup $(VENV) $(PYTHON)

.PHONY: run
run: setup  ## Serve on 127.0.0.1:8080 with everything embedded (PORT=, DATA=)
	@exec $(BIN)/wheelyard serve --port "$(PORT)" --data "$(DATA)"

.PHONY: demo
demo: setup  ## Publish real distributions, and install an application from them alone
	@$(BIN)/python -m scripts.demo

.PHONY: up
up:  ## Serve on 127.0.0.1:8080 in containers, and print the first credentials (docker compose down)
	@docker compose up --build --wait
	@docker compose exec -T api wheelyard-admin credentials

##@ Check it
.PHONY: test
test: setup  ## Run every test on real servers; what is missing is named at the end
	@# Four on two cores, for much of it waits; in the order of folders, which has what is quick at the end.
	@$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder --cov --cov-report=term --cov-fail-under=95 $(ARGS)

.PHONY: compose-test
compose-test: setup  ## Run the containers, kill each in turn, check that nothing is lost
	@scripts/compose-test $(ARGS)

.PHONY: cluster-test
cluster-test: setup  ## Run the chart on a real cluster, under load (ARGS="--only=STEP,… --keep")
	@scripts/cluster-test $(ARGS)

.PHONY: images
images: setup  ## Build the image and its bill of materials (ARGS=--twice: check that the build is reproducible)
	@scripts/images $(ARGS)

.PHONY: fuzz
fuzz: setup  ## Send far more odd requests than `make test` does (EXAMPLES= of each kind)
	@WHEELYARD_TEST_FUZZ=$${EXAMPLES:-300} $(BIN)/pytest -n 2 --timeout 3600 tests/fuzz tests/e2e/test_described_api.py $(ARGS)
	@$(BIN)/python -m tests.fuzz.guided $$(( $${EXAMPLES:-300} * 100 ))

.PHONY: clients-matrix
clients-matrix: setup  ## Run every client in every cell, print the matrix, write docs/CLIENTS.md
	@$(BIN)/pytest -n 2 -m "not compose" --deselect tests/e2e/clients/test_matrix.py::test_the_page_is_the_tables $(ARGS) tests/e2e/clients
	@$(BIN)/python -m tests.e2e.clients.page

.PHONY: alerts-drill
alerts-drill: setup  ## Break a running Wheelyard until its alerts fire in a real Prometheus; print them
	@$(BIN)/pytest -n 0 -m drill $(ARGS) tests/alerts

.PHONY: dashboards-preview
dashboards-preview: setup  ## Draw the dashboards of a Wheelyard that runs for a minute, in build/dashboards
	@$(BIN)/python -m scripts.dashboards.preview

.PHONY: lint
lint: setup  ## ruff, mypy, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

.PHONY: restore-drill
restore-drill: setup  ## Back up a real registry, wipe it, restore it, compare every digest (FILES=)
	@$(BIN)/python -m scripts.restore_drill $${FILES:-50}

.PHONY: bench
bench: setup  ## Measure uploads, reads, refusals and memory (ARGS=--distributed)
	@$(BIN)/python -m bench $(ARGS)

.PHONY: fmt
fmt: setup  ## Format, and fix what ruff can fix
	@$(BIN)/ruff check --fix . || true
	@$(BIN)/ruff format .

##@ Maintain it
.PHONY: generate
generate: setup  ## Generate docs/ERRORS.md, the chart's README and the dashboards
	@$(BIN)/python -m scripts.refusals
	@$(BIN)/python -m scripts.chart_docs
	@$(BIN)/python -m scripts.dashboards

.PHONY: chart-package
chart-package:  ## Package the Helm chart into dist/, for `helm push` (IMAGE=ghcr.io/acme/wheelyard, VERSION=)
	@IMAGE="$(IMAGE)" VERSION="$(VERSION)" scripts/chart-package

.PHONY: lock
lock: setup  ## Resolve requirements/*.in again into hashed locks
	@for f in runtime dev build $(patsubst requirements/%.in,%,$(wildcard requirements/clients/*.in)); do $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --custom-compile-command 'make lock' --no-annotate requirements/$$f.in -o requirements/$$f.lock; done
