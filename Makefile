# What every contributor needs; `make check` is what CI runs.
# What bench reads: up to 2,000 lines of any text.
FILE ?= README.md

.PHONY: install fix check test bench docs

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
	python tests/bench/embed.py $(FILE)
	python tests/bench/sentiment.py $(FILE)
	python tests/bench/generate.py $(FILE)

docs:
	python tests/cli/test_option_names.py
	python tests/cli/test_help.py
	python tests/cli/completion/test_scripts.py
	python tests/cli/test_manual.py
	python tests/test_chinese_readme.py
