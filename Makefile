.PHONY: check check-style format test golden bench release

check: check-style test  ## what CI runs

check-style:  ## lint, format, types
	ruff check .
	ruff format --check .
	@# mypy wants the package under its name; the link is outside, since a folder inside would hold itself
	@types=$$(mktemp -d) && ln -s '$(CURDIR)' $$types/generate_any_scene && MYPYPATH=$$types mypy; status=$$?; rm -r $$types; exit $$status

format:  ## mend what can be mended
	ruff check --fix .
	ruff format .

test:
	pytest

golden:  ## rewrite the golden rows in tests/golden, record raised versions: see CONTRIBUTING.md, "Changes that change rows"
	python tests/golden/update.py

bench:  ## stages of a block against writing the same table alone; structures; builds as rows and processes grow
	python benchmarks/bench_build.py
	python benchmarks/bench_structures.py
	python benchmarks/bench_scaling.py

release:  ## make a release ready, `make release VERSION=0.2.0`: see docs/releasing.md
	python .ci/release.py $(VERSION)
