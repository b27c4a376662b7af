# segcap: `make help` says what there is. Every target sets up what it needs first.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.NOTPARALLEL:

ROOT := $(CURDIR)/
# One profile for programs, tests and clippy: the dependencies, r2r above all, are compiled once.
CARGO_FLAGS := --release --locked
CORE := --no-default-features
# Tests are compiled with overflow checks and debug assertions of segcap's own code.
CHECKS := --config "$(ROOT).cargo/checks.toml"
PYTHON_FOLDERS = $(wildcard scripts demo examples tests benches training tools launch)
# `$(IN_ENV) COMMAND` runs it in the shell that `source env.sh` gives; `$(TIMED) TITLE COMMAND` prints how long it took.
IN_ENV := SEGCAP_QUIET=1; source "$(ROOT)env.sh";
TIMED := "$(ROOT)scripts/timed.sh"

.PHONY: help setup setup-test build build-test demo example test test-core test-setup test-rust test-ros test-packaging test-vision bench lint reference train train-smoke eval eval-everything clean distclean

help: ## this text
	@echo "segcap tells a robot what is where in its camera image, in words. Needs cargo, g++, make, python3 with venv."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  make demo IMAGE=photo.jpg     ask about a photograph of yours"
	@echo "  make demo CAMERA=live         stay up until Ctrl-C, to look around"
	@echo "  make demo RVIZ=1              the same, with RViz where it is installed"
	@echo "  make eval SEED=7 LIMIT=50     on fresh scenes; also BUNDLE=folder OUT=folder CARD=1 (writes the model card)"
	@echo "  source env.sh                 a shell with segcap_node, segcap, cargo, and a python with rclpy"
	@echo
	@echo "Start with: make demo"

setup: ## ROS 2, ONNX Runtime and segcap's interfaces (no root; uses a ROS 2 that is sourced)
	@scripts/setup.sh

setup-test: ## what tests and linters need beside that: pytest, ruff, colcon
	@scripts/setup.sh --test

build: setup ## segcap_node and segcap, optimised
	@$(IN_ENV) $(TIMED) "build" cargo build $(CARGO_FLAGS) --bins

# With the features that `cargo test` gives its dependencies, so that these are compiled once in `make test`.
build-test: setup-test ## the same and the examples in Rust, for the tests
	@$(IN_ENV) $(TIMED) "build" cargo build $(CARGO_FLAGS) --bins --examples

demo: build ## a camera, the node and a client: a table of regions, pictures in demo_out/
	@$(IN_ENV) python demo/run.py

example: build-test ## a program of examples/ against the demo's camera (NAME=wait_for ARGS="yellow banana" RUST=1)
	@$(IN_ENV) python demo/example.py $(if $(RUST),--rust) $(or $(NAME),wait_for) $(ARGS)

test: setup-test test-setup test-core test-rust test-ros test-packaging ## every test
	@$(TIMED) --summary

test-core: ## the core alone, without ROS and ONNX Runtime
	@$(TIMED) "core tests" cargo test $(CARGO_FLAGS) $(CHECKS) $(CORE)

test-setup: setup-test ## set-up itself, against a package index of the tests' own
	@$(IN_ENV) $(TIMED) "set-up tests" python -m pytest -q tests/setup

test-rust: setup ## every Rust test
	@$(IN_ENV) $(TIMED) "rust tests" cargo test $(CARGO_FLAGS) $(CHECKS)

test-ros: build-test ## a real ROS 2 client against the real node
	@$(IN_ENV) $(TIMED) "ros tests" python -m pytest -q tests/integration

test-packaging: setup-test ## colcon with and without --symlink-install, and the Docker files
	@$(IN_ENV) $(TIMED) "packaging tests" python -m pytest -q -ra tests/packaging

test-vision: setup-test ## the node with vision_msgs, whose sources lie in VISION_MSGS=folder
	@$(TIMED) "vision_msgs tests" scripts/test_vision_msgs.sh "$(VISION_MSGS)"

bench: build-test ## speed, as ratios against named baselines
	@$(IN_ENV) $(TIMED) "benches" cargo bench --locked
	@$(IN_ENV) $(TIMED) "node vs python" python benches/node_vs_python/run.py
	@$(IN_ENV) $(TIMED) "query under load" python benches/query_load.py
	@$(IN_ENV) $(TIMED) "caption reuse" python benches/caption_reuse.py
	@$(IN_ENV) $(TIMED) "endings" python benches/endings.py
	@$(TIMED) --summary

lint: setup-test ## rustfmt, clippy, layering, ruff
	@$(TIMED) "rustfmt" cargo fmt --check
	@$(TIMED) "clippy, core" cargo clippy $(CARGO_FLAGS) $(CORE) --all-targets -- -D warnings
	@$(IN_ENV) $(TIMED) "clippy" cargo clippy $(CARGO_FLAGS) --all-targets -- -D warnings
	@$(TIMED) "layering" cargo test $(CARGO_FLAGS) $(CORE) --quiet --test architecture
	@$(IN_ENV) $(TIMED) "ruff" python -m ruff check --quiet --no-cache $(PYTHON_FOLDERS)
	@$(IN_ENV) $(TIMED) "python syntax" python -m compileall -q $(PYTHON_FOLDERS)
	@$(TIMED) --summary

reference: build ## docs/reference.md, from what the node says of itself
	@$(IN_ENV) python scripts/reference.py

train: ## the built-in model, from nothing to models/builtin and its card (MINUTES=95 SHARDS=200 SEED=1 INIT=checkpoint)
	@$(TIMED) "training" sh training/train.sh

train-smoke: ## the whole training path, small (PyTorch in an environment of its own)
	@$(TIMED) "training" bash training/smoke.sh

eval: ## how good the model is: tables, sheets in eval_out/
	@$(TIMED) "evaluation" sh training/evaluate.sh

eval-everything: build ## how much everything-mode finds, for several grids and thresholds
	@$(IN_ENV) $(TIMED) "everything-mode" sh training/everything.sh

clean: ## what was compiled; keeps the wheels
	rm -rf target build install log out demo_out eval_out .cache/setup/interfaces* .cache/timed

distclean: clean ## everything that is not in git's history
	rm -rf .venv .cache
