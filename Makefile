# Every task a person needs. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TS := examples/typescript
TESTS_NODE := tests/node
RUST_DESK := tests/rust/worker
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV_STAMP := $(VENV)/.stamp
NODE_PACKAGES_STAMP := $(TS)/node_modules/.packages
NODE_STAMP := $(TS)/node_modules/.stamp
TESTS_NODE_STAMP := $(TESTS_NODE)/node_modules/.stamp
RUST_STAMP := target/.stamp
VECTORS_STAMP := target/.vectors
TESTS_GO := tests/go
GO_BIN := $(CURDIR)/build/go
GO_STAMP := $(GO_BIN)/.stamp

.PHONY: help setup setup-python setup-node setup-node-packages setup-rust setup-go codegen codegen-check demo test test-fast test-grpc-clients faults soak kill-test lint types format \
	bench bench-codec bench-codegen bench-engine bench-gateway bench-rpc bench-streams fuzz build clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 18

setup: setup-python setup-node setup-rust ## Build .venv and the node and cargo parts

setup-python: $(VENV_STAMP)
$(VENV_STAMP): pyproject.toml requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=23.2'
	$(BIN)/python -m pip install --quiet --editable '.[all]' --requirement requirements-dev.txt
	@touch $@

# Without node or cargo the demo runs labelled stand-ins and the tests fail: setup itself only says so.
setup-node:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(NODE_STAMP) $(TESTS_NODE_STAMP); \
	else echo "npm was not found: the TypeScript worker is not built (Node 20 or newer is needed)"; fi
$(NODE_PACKAGES_STAMP): $(TS)/package.json $(TS)/package-lock.json
	cd $(TS) && npm ci --no-audit --no-fund
	@touch $@
$(NODE_STAMP): $(NODE_PACKAGES_STAMP) $(TS)/tsconfig.json $(shell find $(TS)/src -name '*.ts' 2>/dev/null)
	cd $(TS) && npm run --silent build
	@touch $@
# What generates, and nothing that has to compile before it is generated.
setup-node-packages:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(NODE_PACKAGES_STAMP); fi
$(TESTS_NODE_STAMP): $(TESTS_NODE)/package.json $(TESTS_NODE)/package-lock.json
	cd $(TESTS_NODE) && npm ci --no-audit --no-fund
	@touch $@

setup-rust:
	@if command -v cargo >/dev/null; then $(MAKE) --no-print-directory $(RUST_STAMP); \
	else echo "cargo was not found: the Rust worker is not built"; fi
# Contracts and the catalogue are built in.
RUST_SOURCES := $(shell find proto examples/rust tests/rust tests/vectors/rust tests/vectors/proto -type f \
	\( -name '*.rs' -o -name '*.toml' -o -name '*.proto' -o -name '*.json' \))
$(RUST_STAMP): Cargo.toml Cargo.lock $(RUST_SOURCES) examples/data/catalogue.json $(VECTORS_STAMP)
	cargo build --locked --quiet --workspace
	@touch $@

# Too large to be committed: the schemas of every kind of field, six times over.
$(VECTORS_STAMP): $(VENV_STAMP) $(shell find codegen/iii_codegen proto/iii_bridge tests/vectors/proto -name '*.py' -o -name '*.rs' -o -name '*.proto') \
		tests/vectors/pyproject.toml
	$(BIN)/iii-bridge codegen --project tests/vectors
	@mkdir -p $(@D) && touch $@

codegen: setup-python setup-node-packages ## Generate stubs, schemas, TypeScript and Rust from proto/
	$(BIN)/iii-bridge codegen
	$(BIN)/iii-bridge codegen --project $(RUST_DESK)
	$(BIN)/python -m iii_codegen.own

codegen-check: setup-python setup-node-packages ## Fail when generated files are stale; writes nothing
	$(BIN)/iii-bridge codegen --check
	$(BIN)/iii-bridge codegen --project $(RUST_DESK) --check
	$(BIN)/python -m iii_codegen.own --check

demo: setup ## Engine, three workers in three languages, typed calls, violations caught
	$(BIN)/iii-bridge demo

test: setup ## Run every test
	$(BIN)/python -m pytest

test-grpc-clients: setup setup-go ## Call the gateway with clients written in Go, and load it; needs Go
	$(BIN)/python -m pytest tests/gateway/go_clients.py

setup-go:
	@command -v go >/dev/null || { echo "go was not found: the gRPC clients written in Go need it (1.26 or newer)" >&2; exit 1; }
	@$(MAKE) --no-print-directory $(GO_STAMP)
$(GO_STAMP): $(TESTS_GO)/go.mod $(TESTS_GO)/go.sum $(wildcard $(TESTS_GO)/*.go)
	GOBIN=$(GO_BIN) go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3
	GOBIN=$(GO_BIN) go install github.com/bojand/ghz/cmd/ghz@v0.121.0
	cd $(TESTS_GO) && go vet ./... && go build -o $(GO_BIN)/grpc-client .
	@touch $@

faults: setup-python ## Calls of every kind while connections break and the engine is killed
	$(BIN)/python -m tests.faults

soak: setup-python ## Five minutes of calls and streams, watched for growth
	$(BIN)/python -m tests.faults.soak

kill-test: setup-python ## Kill the engine 200 times under load; nothing acknowledged may be lost
	$(BIN)/python -m tests.engine.killing --kills 200

lint: setup-python $(VECTORS_STAMP) ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@if command -v cargo-clippy >/dev/null; then cargo clippy --locked --quiet --workspace -- -D warnings; \
	else echo "cargo clippy was not found: the Rust code is not linted" >&2; [ -z "$${CI:-}" ]; fi

format: setup-python ## Rewrite to the style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: setup-python ## Run both type checkers in their strict modes
	$(BIN)/mypy
	$(BIN)/pyright

bench: bench-codec bench-codegen bench-engine bench-gateway bench-rpc bench-streams ## Run every benchmark

bench-codec: setup-python ## The codec beside betterproto2's own, json_format, protobuf-py and untyped JSON
	$(BIN)/python benchmarks/bench_codec.py

bench-codegen: setup-python ## Generated messages per second, and how time grows with size
	$(BIN)/python benchmarks/bench_codegen.py

bench-engine: setup-python ## Routed calls, http, durable writes, memory and start-up of the embedded engine
	$(BIN)/python benchmarks/bench_engine.py

bench-gateway: setup-python ## A call through the gateway beside a bare gRPC call and a direct one
	$(BIN)/python benchmarks/bench_gateway.py

bench-rpc: setup-python ## A typed call beside the official SDK and a bare loop
	$(BIN)/python benchmarks/bench_rpc.py

bench-streams: setup-python ## Streamed messages per second beside the official SDK's channels
	$(BIN)/python benchmarks/bench_streams.py

# Outside of CI, and with a library that nothing else needs.
FUZZ_SECONDS ?= 600
fuzz: setup-python ## Fuzz the codec for FUZZ_SECONDS with atheris; findings and corpus are kept in build/fuzz
	@mkdir -p build/fuzz
	$(BIN)/python -m pip install --quiet 'atheris>=3,<4'
	$(BIN)/python -m tests.fuzz.codec build/fuzz/corpus -artifact_prefix=build/fuzz/ -max_total_time=$(FUZZ_SECONDS)

build: setup-python ## Build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## Remove everything that was built
	rm -rf $(VENV) dist build target $(TS)/node_modules $(TS)/dist $(TESTS_NODE)/node_modules tests/vectors/rust/src/contracts .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
