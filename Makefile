.PHONY: check check-style format test docs golden bench release

SITE ?= build/site

check: check-style test  ## what CI runs

check-style:  ## lint, format, types
	ruff check .
	ruff format --check .
	@# mypy wants the package under its name; the link is outside, since a folder inside would hold itself, and mypy runs
	@# beside it, since others' stubs import `__main__`, which would be ours here
	@types=$$(mktemp -d) && ln -s '$(CURDIR)' $$types/generate_any_scene && cd $$types && \
	mypy --config-file '$(CURDIR)/pyproject.toml' --cache-dir '$(CURDIR)/.mypy_cache'; status=$$?; rm -r $$types; exit $$status

format:  ## mend what can be mended
	ruff check --fix .
	ruff format .

test:
	pytest

docs:  ## the documentation site, into build/site; a link that leads nowhere stops it
	@# pages are made from docstrings, which are read of the package under its name
	@package=$$(mktemp -d) && ln -s '$(CURDIR)' $$package/generate_any_scene && \
	NO_MKDOCS_2_WARNING=1 PYTHONPATH=$$package python -m mkdocs build --strict --site-dir '$(SITE)'; \
	status=$$?; rm -r $$package; exit $$status

golden:  ## rewrite the golden rows in tests/golden, record raised versions: see CONTRIBUTING.md, "Changes that change rows"
	python tests/golden/update.py

bench:  ## stages of a block against writing the same table alone; structures; builds as rows and processes grow
	python benchmarks/bench_build.py
	python benchmarks/bench_structures.py
	python benchmarks/bench_scaling.py

release:  ## make a release ready, `make release VERSION=0.2.0`: see docs/releasing.md
	python .ci/release.py $(VERSION)
