# codex: `make help` lists what there is. CI runs the same commands (.ci/run).

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Compiled dependencies are shared between clones. Delete the cache at any time.
CODEX_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/codex
CARGO_TARGET_DIR ?= $(CODEX_CACHE)/target
export CODEX_CACHE CARGO_TARGET_DIR

# FEATURES=bundled compiles DuckDB into the binary.
export FEATURES ?=

# Where `make install` puts codex, and under which name.
PREFIX ?= /usr/local
NAME ?= codex

# scripts/cargo.sh is cargo with DuckDB found.
CARGO := scripts/cargo.sh

.PHONY: help build demo check install test lint clients bench soak clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "make %-7s %s\n", $$1, $$2}' Makefile

build: ## target/release/codex, with libduckdb beside it: runs from any directory
	$(CARGO) build --locked --release --bin codex
	@scripts/place.sh "$(CARGO_TARGET_DIR)/release/codex" target/release

demo: ## build codex and run the sample diary through every cycle (under a minute after the build)
	$(CARGO) build --locked --bin codex
	@scripts/demo.sh "$(CARGO_TARGET_DIR)/debug/codex"

check: ## formatting, clippy and the fast tests, for while you work (the slow ones need a server, a daemon or random histories)
	cargo fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(CARGO) nextest run --locked --workspace --lib --test layering --test lint --test project --test run

install: build ## codex and its DuckDB library below PREFIX (default /usr/local), as NAME (default codex: OpenAI's client is called so too)
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/lib/$(NAME)"
	install -m 755 target/release/codex "$(DESTDIR)$(PREFIX)/lib/$(NAME)/codex"
	@for library in target/release/libduckdb.*; do if [ -e "$$library" ]; then install -m 644 "$$library" "$(DESTDIR)$(PREFIX)/lib/$(NAME)/"; fi; done
	ln -sf "../lib/$(NAME)/codex" "$(DESTDIR)$(PREFIX)/bin/$(NAME)"

test: ## all tests, with totals
	@scripts/test.sh

lint: ## formatting, clippy, documentation, licences and dependencies
	cargo fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" $(CARGO) doc --locked --workspace --no-deps --document-private-items
	@scripts/deny.sh

clients: ## the Python client as a wheel, in target/clients
	python3 -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir target/clients clients/python

bench: ## the promised figures, measured (SIZES="10000 100000 1000000"; default 10000 100000; PARTS="diary daemon postgres enrichment"; PYTORCH=python with sentence-transformers)
	SIZES="$(SIZES)" PARTS="$(PARTS)" $(CARGO) bench --locked --bench figures

soak: ## the property and crash tests with many more cases
	CODEX_SOAK=1 $(CARGO) test --locked --release --test invariants --test crash --test daemon
	CODEX_SOAK=1 $(CARGO) test --locked --release -p codex-import --test exports

clean: ## remove what was built in this clone (the shared cache stays: $(CODEX_CACHE))
	rm -rf target
