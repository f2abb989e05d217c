# The two commands: `make run` and `make test`. Both set up what they need in .venv first.
.DEFAULT_GOAL := help
SHELL := /bin/sh

SERVICES := fetcher deduplicator tagger alerter
PACKAGES := shared/core shared/judging $(SERVICES:%=services/%)
BIN := .venv/bin
READY := .venv/.ready
CODE := shared services tests requirements $(wildcard benchmarks)
# Nothing is written outside this folder, pip's cache included.
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-cache-dir --quiet

help:  ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "make %-12s %s\n", $$1, $$2}'

run: $(READY)  ## Watch the seed feeds and sample articles; data in .demo; Ctrl-C stops
	@exec $(BIN)/newswatch run seeds --sample --data .demo --log-style text

run-kafka: $(READY)  ## The same with each service in a process of its own, on a Kafka and a PostgreSQL of the moment
	@exec $(BIN)/python -m tests.support.run_kafka seeds --sample --log-style text

clean-demo:  ## Forget what `make run` has seen, so that it alerts again
	rm -rf .demo

test: $(READY)  ## Run all tests
	$(BIN)/pytest $(ARGS)

twins: $(READY)  ## Two replicas of each service against one process: the same alerts of ARTICLES=2000 articles
	NEWSWATCH_TEST_ARTICLES=$(or $(ARTICLES),2000) $(BIN)/pytest tests/e2e/test_replicas.py

KILLS ?= 300
MINUTES ?= 30
RATE ?= 200

crash: $(READY)  ## Kill, stop and freeze everything on Kafka KILLS times (SEED=n; ARGS="--resume FOLDER"); 45 minutes
	$(BIN)/python -m tests.crash --kills $(KILLS) $(if $(SEED),--seed $(SEED)) $(ARGS)

outages: $(READY)  ## The broker killed 20 times, once away for two minutes (SEED=n)
	$(BIN)/python -m tests.crash --outages $(if $(SEED),--seed $(SEED)) $(ARGS)

soak: $(READY)  ## A steady flow for MINUTES at RATE articles a second, something restarted every minute
	$(BIN)/python -m tests.crash.soak --minutes $(MINUTES) --rate $(RATE) $(if $(SEED),--seed $(SEED)) $(ARGS)

RELOADS ?= 1000

reloads: $(READY)  ## A desk that changes RELOADS times under a flow of articles, a third of it broken; both runtimes
	$(BIN)/python -m tests.reload --reloads $(RELOADS) $(if $(SEED),--seed $(SEED)) $(ARGS)

bench-kafka: $(READY)  ## Measure the stages on Kafka against plain aiokafka in the same run (ARGS="--quick", "--latency")
	$(BIN)/python -m benchmarks.kafka_stage $(ARGS)

lint: $(READY)  ## Check style and format
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

types: $(READY)  ## Check types (mypy strict)
	$(BIN)/mypy $(foreach package,$(PACKAGES),-p newswatch_$(notdir $(package)))

judge: $(READY)  ## How well the seeds judge the hard cases: precision, recall and F1 (ARGS=--wrong lists the wrong ones)
	@$(BIN)/python -m tests.support.judgement $(ARGS)

schemas: $(READY)  ## Check that shared/schemas is up to date
	$(BIN)/newswatch schemas shared/schemas --check

check: $(READY)  ## Check the desk in seeds/
	$(BIN)/newswatch check seeds

format: $(READY)  ## Bring the code into the common format
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

isolation: $(READY)  ## Install each service alone and import it
	$(BIN)/python tests/support/isolation.py $(SERVICES)

pins: $(READY)  ## Make the hashed pins in requirements/ anew (ARGS=--upgrade for newer versions)
	$(BIN)/python requirements/compile.py $(ARGS)

setup: $(READY)  ## Make .venv with all of newswatch

$(READY): requirements/dev.txt $(PACKAGES:%=%/pyproject.toml)
	@python=$$(for name in python3.13 python3.12 python3.11 python3; do \
		$$name -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$name && break; \
	done); \
	if [ -z "$$python" ]; then echo "newswatch needs Python 3.11 or newer with venv: install python3 and python3-venv" >&2; exit 1; fi; \
	echo "newswatch: setting up .venv with $$($$python --version) (once; about a minute)"; \
	$$python -m venv --clear .venv
	@echo "newswatch: installing the pinned packages of requirements/dev.txt"
	@$(PIP) install --require-hashes --no-deps -r requirements/dev.txt
	@echo "newswatch: installing newswatch's own packages"
	@$(PIP) install --no-deps --no-build-isolation $(PACKAGES:%=-e ./%)
	@touch $@
	@echo "newswatch: ready, .venv/bin/newswatch"

.PHONY: help run run-kafka clean-demo test twins crash outages soak bench-kafka lint types schemas check format isolation pins setup
