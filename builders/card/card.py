"""The dataset's card: the page that the Hub shows of a built folder, with its pictures.

Its numbers come from the manifest, from the first rows of each config, and from its recipe and the taxonomy; none is
written by hand.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ... import __version__
from ...taxonomy import tables
from ..folder.files import AnyPath, write_text
from ..folder.manifest import ASSETS, CARD, Manifest, Split
from ..rows.schema import VIEWS
from ..text.templates import create_environment
from .charts import Assets, draw_assets, draw_tiles
from .edits import digest_card
from .markdown import escape_markdown, quote_attribute, write_fence, write_json
from .metadata import describe_metadata, write_metadata
from .sample import rank
from .sections import Section, describe_config

FEW, MANY = 3, 1
"""Scenes that are drawn of each config where there are no more configs than the first number, and of more."""
FIRST = 3
"""Scenes at the top of the card."""
TILE_WIDTH, CHART_WIDTH = 250, 376
"""Pixels on the page: three tiles or two charts stand side by side in the column of the Hub, and one on a phone."""
LONGEST_VALUE = 120
"""Letters of a value of a recipe in a table."""


@dataclass(frozen=True)
class Tile:
    """A drawn scene: the path of its picture, and its row."""

    path: str
    row: dict[str, Any]


def write_card(out: AnyPath, manifest: Manifest, address: str | None = None) -> Manifest:
    """Writes README.md and its pictures for all configs of a folder, whose Parquet files and recipes are in place.

    Args:
        out: The folder.
        manifest: What is in it.
        address: What `load_dataset` opens it by; by default the folder's name, from the one that it is in.

    Returns:
        The manifest, with digests of the card and the config that it has as the default.
    """
    configs = dict(sorted(manifest.configs.items()))
    drawn = FEW if len(configs) <= FEW else MANY
    sections = [describe_config(out, name, config, drawn) for name, config in configs.items()]
    assets = {
        section.name: draw_assets(
            section.name, section.manifest, section.sample, section.filtered, section.object_kinds
        )
        for section in sections
    }
    tiles = {section.name: draw_tiles(section.name, section.sample.scenes) for section in sections}
    pictures = {
        f"{ASSETS}/{name}": picture
        for section in sections
        for some in (
            {name: picture for name, (_, picture) in assets[section.name].pictures.items()},
            tiles[section.name],
        )
        for name, picture in some.items()
    }
    for path, picture in pictures.items():
        write_text(out / path, picture)
    default = manifest.default if manifest.default in configs else min(configs, default=None)
    name = out.absolute().name if isinstance(out, Path) else out.name
    shown = {
        section.name: [
            Tile(f"{ASSETS}/{file}", row) for file, row in zip(tiles[section.name], section.sample.scenes, strict=True)
        ]
        for section in sections
    }
    text = _write_page(sections, assets, shown, default, address or f"./{name}")
    write_text(out / CARD, text)
    if not isinstance(out, Path):
        (out / ASSETS).fs.invalidate_cache()
    for path in set(manifest.card.pictures if manifest.card else ()) - set(pictures):
        (out / path).unlink(missing_ok=True)
    digests = {path: hashlib.sha256(picture.encode()).hexdigest() for path, picture in sorted(pictures.items())}
    return manifest.replace(default=default, card=digest_card(text, digests))


def _write_page(
    sections: list[Section],
    assets: dict[str, Assets],
    tiles: dict[str, list[Tile]],
    default: str | None,
    address: str,
) -> str:
    metadata = describe_metadata(sections, default)
    text = (
        create_environment(None)
        .get_template("cards/dataset.jinja")
        .render(
            metadata=write_metadata(metadata),
            title=metadata["pretty_name"],
            sections=sections,
            default=default,
            assets=assets,
            tiles=tiles,
            first=_choose_tiles(tiles, default),
            tile_width=TILE_WIDTH,
            chart_width=CHART_WIDTH,
            folder=ASSETS,
            address=json.dumps(address, ensure_ascii=False),
            views=VIEWS,
            modalities=sorted({section.recipe.modality for section in sections}),
            scenes=sum(split.rows for section in sections for split in section.manifest.splits.values()),
            questions=sum(map(_count_all_questions, sections)),
            bytes=sum(file.bytes for section in sections for file in section.manifest.list_files()),
            sample=_choose_sample(sections),
            licenses=sorted({section.recipe.license for section in sections}),
            sources=tomllib.loads(files(tables).joinpath("SOURCES.toml").read_text(encoding="utf-8"))["source"],
            version=__version__,
            choose_questions=choose_questions,
            count_questions=_count_questions,
            count_all_questions=_count_all_questions,
            escape=escape_markdown,
            quote=quote_attribute,
            fence=write_fence,
            rank=rank,
            show_value=_show_value,
            write_size=_write_size,
            number="{:,}".format,
            percent="{:.1%}".format,
        )
    )
    return text.rstrip() + "\n"


def _choose_tiles(tiles: dict[str, list[Tile]], default: str | None) -> list[Tile]:
    """Scenes for the top of the page, of as many configs as there are, the default first."""
    names = sorted(tiles, key=lambda name: (name != default, name))
    # The middle one of each first: neither the simplest nor the largest.
    turns = [[*tiles[name][1:2], *tiles[name][:1], *tiles[name][2:]] for name in names]
    chosen = [tile for turn in zip_longest(*turns) for tile in turn if tile][:FIRST]
    return [tile for name in names for tile in tiles[name] if tile in chosen]


def _count_questions(split: Split) -> int:
    """Questions of a split, by what the manifest says of it."""
    return sum(asked.questions for forms in split.questions.values() for asked in forms.values())


def _count_all_questions(section: Section) -> int:
    return sum(map(_count_questions, section.manifest.splits.values()))


def _write_size(size: float) -> str:
    """Bytes as people read them: 1.2 MB."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _show_value(value: Any) -> str:
    """A value of a recipe in one line, cut where it is long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + " ..."


def _choose_sample(sections: list[Section]) -> str:
    """A row as JSON, which has something of everything, with one question of each kind and form."""
    rows = [row for section in sections for row in section.sample.scenes]
    row = max(
        rows,
        key=lambda row: (
            bool(row.get("pair")),
            bool(row["questions"]),
            sum(min(row["structure"][part], 2) for part in ("attributes", "relations")),
        ),
    )
    return write_json({**row, "questions": choose_questions(row)})


def choose_questions(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The first question of a row of each kind and form, and of false statements."""
    kinds = {
        (question["kind"], question["form"], question["foil"] is None): question for question in row["questions"][::-1]
    }
    return [question for question in row["questions"] if question in kinds.values()]
