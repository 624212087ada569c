.PHONY: check check-style format test bench

check: check-style test  ## what CI runs

check-style:  ## lint, format, types
	ruff check .
	ruff format --check .
	mypy

format:  ## mend what can be mended
	ruff check --fix .
	ruff format .

test:
	pytest

bench:  ## scenes per second of every stage, and the ratio to writing the same table alone
	python benchmarks/bench_build.py
