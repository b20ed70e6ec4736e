# Everything from nothing: `make run` (the main job) and `make test`. Needs a POSIX shell and Python 3.11 to 3.13.
SHELL := /bin/sh
PY := .venv/bin/python
OUT ?= dossier

.DEFAULT_GOAL := run
.PHONY: run test browser slow check bench evaluate docs serve clean

## run: audit the embedded sample pages, write the dossier
run: .venv/.run
	.venv/bin/careo audit -o $(OUT)/

## test: all tests, those that measure time alone at the end
test: .venv/.dev
	$(PY) tools/run_tests.py

## browser: every page in a real browser, and a server that is treated badly
browser: .venv/.dev
	$(PY) -m pytest -q -m served -n auto --dist worksteal tests/web

## slow: tests that take more than a few seconds each
slow: .venv/.dev
	$(PY) -m pytest -q -m "slow and not timed and not served" -n auto --dist worksteal

## check: all that a reviewer would run
check: .venv/.dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/pyright --pythonpath $(PY)
	.venv/bin/lint-imports
	.venv/bin/codespell
	@if [ -f tools/check_architecture.py ]; then echo $(PY) tools/check_architecture.py; $(PY) tools/check_architecture.py; fi

## bench: how fast, with versions
bench: .venv/.dev
	$(PY) -m benchmarks.bench

## evaluate: how good, on hindcasts of the record and on the labelled pages
evaluate: .venv/.dev
	$(PY) -m benchmarks.validation
	$(PY) -m benchmarks.evaluate

## docs: the documentation as a site
docs: .venv/.dev
	.venv/bin/mkdocs build --strict

## serve: the web application, for this machine only
serve: .venv/.dev
	.venv/bin/careo serve

clean:
	rm -rf $(OUT) site .pytest_cache .ruff_cache .hypothesis
	find src -name "*.nb[ic]" -delete

# uv is used where it is; else it is installed into .venv-tools, which belongs to this folder only.
UV = $$(if uv --version >/dev/null 2>&1; then echo uv; else echo .venv-tools/bin/uv; fi)

SYNC = $(UV) sync --frozen --compile-bytecode
# Behind a proxy with a certificate of its own only the system knows whom to trust.
AGAIN = echo "once more, with the certificates of this system" >&2; UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1 $(SYNC)

.venv-tools/uv:
	@mkdir -p .venv-tools && printf '*\n' > .venv-tools/.gitignore
	@uv --version >/dev/null 2>&1 || .venv-tools/bin/uv --version >/dev/null 2>&1 || \
	  { python3 -m venv .venv-tools && .venv-tools/bin/python -m pip install --quiet --disable-pip-version-check uv; } || \
	  python3 -m pip install --quiet --disable-pip-version-check --target .venv-tools uv
	@touch $@

# --inexact: what the tests need stays when only the main job is asked for.
.venv/.run: pyproject.toml uv.lock .venv-tools/uv
	@$(SYNC) --no-dev --inexact || { $(AGAIN) --no-dev --inexact; }
	@touch $@

.venv/.dev: pyproject.toml uv.lock .venv-tools/uv
	@$(SYNC) || { $(AGAIN); }
	@touch $@ .venv/.run
