"""The dataset's card: the page that the Hub shows, and the metadata that its viewer and `load_dataset` read."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from .folder import AnyPath, write_text
from .recipe import Recipe
from .recipe_files import load_recipe
from .rows import VIEWS, schema_of
from .templates import create_environment

ASSETS = "assets"
SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
TASKS = {
    "image": ["text-to-image", "visual-question-answering"],
    "video": ["text-to-video", "visual-question-answering"],
    "3d": ["text-to-3d", "visual-question-answering"],
}


def write_card(out: AnyPath, manifest: dict[str, Any]) -> None:
    """Writes README.md for all configs of a folder, whose Parquet files and recipes are in place."""
    from huggingface_hub import DatasetCardData

    configs = dict(sorted(manifest["configs"].items()))
    recipes = {name: _read_recipe(out / config["recipe"]) for name, config in configs.items()}
    rows = sum(split["rows"] for config in configs.values() for split in config["splits"].values())
    data = DatasetCardData(
        language=["en"],
        license=_name_license({recipe.license for recipe in recipes.values()}),
        pretty_name="Generate Any Scene",
        size_categories=[next((name for size, name in SIZES if rows < size), "n>10M")],
        task_categories=list(dict.fromkeys(task for recipe in recipes.values() for task in TASKS[recipe.modality])),
        tags=[
            "scene-graph",
            "synthetic",
            "generate-any-scene",
            *sorted({recipe.modality for recipe in recipes.values()}),
        ],
        configs=[
            view
            for number, (name, config) in enumerate(configs.items())
            for view in _list_views(name, config, number == 0)
        ],
    )
    _describe_features(configs, recipes).to_dataset_card_data(data)
    samples = {name: _read_sample(out, config) for name, config in configs.items()}
    text = (
        create_environment(None)
        .get_template("cards/dataset.jinja")
        .render(metadata=data.to_yaml(), configs=configs, recipes=recipes, samples=samples, views=VIEWS)
    )
    write_text(out / "README.md", text)


def _read_recipe(path: AnyPath) -> Recipe:
    with tempfile.TemporaryDirectory() as folder:
        near = Path(folder, path.name)
        near.write_bytes(path.read_bytes())
        return load_recipe(near).recipe


def _name_license(licenses: set[str]) -> str:
    return licenses.pop() if len(licenses) == 1 else "other"


def _list_views(name: str, config: dict[str, Any], default: bool) -> list[dict[str, Any]]:
    """The config and its views, which read fewer columns of the same files."""
    views = [{"config_name": name, **({"default": True} if default else {})}]
    views += [{"config_name": f"{name}_{view}", "columns": list(columns)} for view, columns in VIEWS.items()]
    # A list of its own for each view: YAML would write a shared one as an alias.
    return [
        {**view, "data_files": [{"split": split, "path": f"{name}/{split}-*.parquet"} for split in config["splits"]]}
        for view in views
    ]


def _describe_features(configs: dict[str, Any], recipes: dict[str, Recipe]):
    from datasets import DatasetInfo, Features
    from datasets.info import DatasetInfosDict
    from datasets.splits import SplitDict, SplitInfo

    infos = DatasetInfosDict()
    for name, config in configs.items():
        features = Features.from_arrow_schema(schema_of(recipes[name]))
        for view, columns in {
            name: tuple(features),
            **{f"{name}_{view}": columns for view, columns in VIEWS.items()},
        }.items():
            splits = SplitDict()
            for split, info in config["splits"].items():
                splits.add(
                    SplitInfo(
                        name=split,
                        num_bytes=sum(info["columns"][column] for column in columns),
                        num_examples=info["rows"],
                    )
                )
            infos[view] = DatasetInfo(
                features=Features({column: features[column] for column in columns}),
                splits=splits,
                config_name=view,
                dataset_size=sum(split.num_bytes for split in splits.values()),
                download_size=sum(file["bytes"] for info in config["splits"].values() for file in info["files"]),
            )
    return infos


def list_assets(folder: Path) -> list[str]:
    """Pictures of a folder's card, by their path in it."""
    return sorted(path.relative_to(folder).as_posix() for path in (folder / ASSETS).glob("*"))


def find_sample(config: dict[str, Any]) -> str:
    """The only file of a config that its card reads, by its path in the folder."""
    return next(iter(config["splits"].values()))["files"][0]["path"]


def _read_sample(out: AnyPath, config: dict[str, Any]) -> str:
    """A row of a config's first file that has something of everything, with one question of each kind and form."""
    path = out / find_sample(config)
    with path.open("rb") as stream, pq.ParquetFile(stream) as file:
        rows = next(file.iter_batches(batch_size=64)).to_pylist()
    row = max(rows, key=lambda row: sum(min(row["structure"][part], 2) for part in ("attributes", "relations")))
    kinds = {
        (question["kind"], question["form"], question["foil"] is None): question for question in row["questions"][::-1]
    }
    return write_json({**row, "questions": [question for question in row["questions"] if question in kinds.values()]})


def write_json(value: Any, indent: int = 0) -> str:
    """JSON on as few lines as are readable."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= 100 or not value or not isinstance(value, dict | list):
        return line
    inner = indent + 2
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {write_json(item, inner)}" for key, item in value.items()]
    else:
        parts = [write_json(item, inner) for item in value]
    ends = "{}" if isinstance(value, dict) else "[]"
    return f"{ends[0]}\n" + ",\n".join(" " * inner + part for part in parts) + f"\n{' ' * indent}{ends[1]}"
