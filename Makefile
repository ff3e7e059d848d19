# What every contributor needs; `make check` is what CI runs.
# What bench reads: up to 2,000 lines of any text.
FILE ?= README.md

.PHONY: install fix check test bench docs audit hashes release trust variants mutants

install:
	python -m pip install -c constraints.txt -e '.[test,bench,train]' pre-commit

fix:
	ruff format .
	ruff check --fix .

check:
	.ci/run

test:
	python -m pytest -n auto

bench:
	python -m tests.bench $(FILE)

docs:
	python tests/cli/test_option_names.py
	python tests/cli/test_help.py
	python tests/cli/completion/test_scripts.py
	python tests/cli/test_manual.py
	python tests/test_chinese_readme.py

# What needs the tools of the extra `proof`: pip install -c constraints.txt '.[proof]'

# Known vulnerabilities in what is pinned; asks the index.
audit:
	pip-audit --disable-pip --no-deps -r constraints.txt

# constraints.txt with the hash of every file; torch is installed before it, from the index of its build.
hashes:
	echo "torch ; sys_platform == 'never'" > .without-torch
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet \
	  --override .without-torch --no-emit-package torch -c constraints.txt pyproject.toml --extra test \
	  -o constraints-hashed.txt
	rm .without-torch

# Wheel and source archive, built twice and compared byte by byte, and what is in them (CycloneDX).
release: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
release:
	rm -rf dist
	python -m build --outdir dist
	python -m build --outdir dist/again
	for file in dist/*.whl dist/*.tar.gz; do cmp "$$file" "dist/again/$$(basename "$$file")" || exit 1; done
	rm -r dist/again
	cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o dist/nlpcli.cdx.json

# What was tried to break it, how often, and what was lost; an hour (COUNT=20: minutes).
trust:
	python tests/bench/trust.py $(COUNT)

# Model variants against eager attention, and sabotages against --verify; half an hour (PATTERN=llama: minutes).
variants:
	python tests/bench/variants.py $(PATTERN)

# How many mistakes the tests notice: AREA=records,batching,cache,markup
mutants:
	python tests/bench/mutants.py $(AREA)
