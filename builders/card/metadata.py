"""The YAML at the head of a card: what the Hub lists a dataset under, and what its viewer and `load_dataset` read."""

from __future__ import annotations

from typing import Any

from ..folder.manifest import Config
from ..rows.schema import VIEWS
from .sections import Section

SIZES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
    (10**9, "100M<n<1B"),
    (10**10, "1B<n<10B"),
    (10**11, "10B<n<100B"),
    (10**12, "100B<n<1T"),
)
MODELS = {"image": "text-to-image", "video": "text-to-video", "3d": "text-to-3d"}
MOST_NAMED = 3
"""Configs that the title names."""


def write_metadata(data: dict[str, Any]) -> str:
    """YAML on few lines: lists and mappings of plain values are in one line each."""
    import yaml

    return yaml.safe_dump(
        data, allow_unicode=True, default_flow_style=None, indent=2, sort_keys=False, width=10_000
    ).rstrip()


def describe_metadata(sections: list[Section], default: str | None) -> dict[str, Any]:
    """What the card's YAML says, with the config that is the default."""
    from huggingface_hub import DatasetCardData

    rows = sum(split.rows for section in sections for split in section.manifest.splits.values())
    recipes = [section.recipe for section in sections]
    tasks = [MODELS[modality] for modality in MODELS if any(recipe.modality == modality for recipe in recipes)]
    if any(recipe.questions.kinds for recipe in recipes):
        tasks.append("visual-question-answering")
    names = [section.name for section in sections]
    data = DatasetCardData(
        language=sorted({recipe.language for recipe in recipes}),
        license=_name_license({recipe.license for recipe in recipes}),
        pretty_name="Generate Any Scene" + (f": {', '.join(names)}" if len(names) <= MOST_NAMED else ""),
        size_categories=[next((name for size, name in SIZES if rows < size), "n>1T")],
        task_categories=tasks,
        annotations_creators=["machine-generated"],
        source_datasets=["original"],
        tags=["scene-graph", "synthetic", "generate-any-scene", *sorted({recipe.modality for recipe in recipes})],
        configs=[
            view
            for section in sections
            for view in _list_views(section.name, section.manifest, section.name == default)
        ],
    )
    if any(recipe.license == "other" for recipe in recipes):
        data["license_name"] = "see-recipes"  # the specification of cards asks for one
    data["dataset_info"] = [_describe_info(section) for section in sections]
    return data.to_dict()


def _name_license(licenses: set[str]) -> str | list[str]:
    return licenses.pop() if len(licenses) == 1 else sorted(licenses)


def _list_views(name: str, config: Config, default: bool) -> list[dict[str, Any]]:
    """The config and its views, which read fewer columns of the same files."""
    views = [{"config_name": name, **({"default": True} if default else {})}]
    views += [{"config_name": f"{name}_{view}", "columns": list(columns)} for view, columns in VIEWS.items()]
    # A list of its own for each view: YAML would write a shared one as an alias.
    return [
        {**view, "data_files": [{"split": split, "path": f"{name}/{split}-*.parquet"} for split in config.splits]}
        for view in views
    ]


def _describe_info(section: Section) -> dict[str, Any]:
    """Rows and bytes of a config, as `datasets.DatasetInfo` has them in YAML; its columns are read in the files."""
    sizes = {split: sum(info.columns.values()) for split, info in section.manifest.splits.items()}
    return {
        "config_name": section.name,
        "splits": [
            {"name": split, "num_bytes": sizes[split], "num_examples": info.rows}
            for split, info in section.manifest.splits.items()
        ],
        "download_size": sum(file.bytes for file in section.manifest.list_files()),
        "dataset_size": sum(sizes.values()),
    }
