"""What Croissant asks of Responsible AI, answered from manifest, recipes and the sources of the taxonomy."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from importlib.resources import files

from ...taxonomy import tables
from ..folder.manifest import LEFT_OUT, Config
from ..recipe.model import Recipe
from ..text.templates import create_environment

CITATION = (
    "@inproceedings{gao2026generate, "
    "title = {Generate Any Scene: Scene Graph Driven Data Synthesis for Visual Generation Training}, "
    "author = {Ziqi Gao and Weikai Huang and Jieyu Zhang and Aniruddha Kembhavi and Ranjay Krishna}, "
    "booktitle = {The Fourteenth International Conference on Learning Representations}, year = {2026}}"
)
HEADING = re.compile(r"^## (\S+)$", re.MULTILINE)


def describe_responsibility(
    configs: Mapping[str, Config], recipes: Mapping[str, Recipe]
) -> dict[str, str | list[str]]:
    """The keys of `croissant.json` that are text: `description`, `citeAs`, and those of Responsible AI."""
    splits = [split for config in configs.values() for split in config.splits.values()]
    sources = tomllib.loads(files(tables).joinpath("SOURCES.toml").read_text(encoding="utf-8"))["source"]
    questions = sum(
        asked.questions for split in splits for forms in split.questions.values() for asked in forms.values()
    )
    text = (
        create_environment(None)
        .get_template("cards/croissant.jinja")
        .render(
            configs=list(configs.values()),
            recipes=list(recipes.values()),
            paths=[config.recipe for config in configs.values()],
            rows=sum(split.rows for split in splits),
            questions=questions,
            sources=[f"{source['name']} {source['version']}" for source in sources if source["ships"]],
            engines=sorted({(config.engine.version, config.engine.data_version) for config in configs.values()}),
            languages=sorted({recipe.language for recipe in recipes.values()}),
            guesses=_list_guesses(configs),
            left_out=LEFT_OUT,
            citation=CITATION,
            number="{:,}".format,
            percent="{:.1%}".format,
            line=lambda value: " ".join(str(value).split()),
        )
    )
    _, *parts = HEADING.split(text)
    return {key: _read_section(section) for key, section in zip(parts[::2], parts[1::2], strict=True)}


def _read_section(text: str) -> str | list[str]:
    """A list where lines begin with dashes, else the text in one line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if all(line.startswith("- ") for line in lines):
        return [line.removeprefix("- ") for line in lines]
    return " ".join(lines)


def _list_guesses(configs: Mapping[str, Config]) -> list[tuple[str, str, float]]:
    """By kind and form of question, the share that is guessed right in the first splits of all configs together."""
    asked: Counter[tuple[str, str]] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    for config in configs.values():
        for kind, forms in next(iter(config.splits.values())).questions.items():
            for form, info in forms.items():
                asked[kind, form] += info.questions
                right[kind, form] += round(info.best_guess * info.questions)
    return [(*key, right[key] / count) for key, count in sorted(asked.items()) if count]
