"""Trains detectors: pictures, features, heads of every mixture, scale and seed, and the table of what they can."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import save_file

from ....builders.folder.files import write_text
from ....builders.foundation.counter_rng import derive_key
from ...data import describe_data
from ...recipes.detector import Detector
from ...sandbox.generators import remake_rows
from ...upstream import is_first
from .comparing import compare_runs, draw_pictures, draw_runs, list_lines
from .features import Backbone, FeatureCache, compute_features, open_backbone
from .figures import write_table
from .heads import Trained, train_head
from .recipe_check import check_parts
from .sources import (
    LEFT_OUT,
    REAL,
    TRAIN,
    VALIDATION,
    Pictures,
    Source,
    choose_parts,
    count_largest,
    digest_pictures,
    list_data,
    name_scenes,
    open_source,
    share_out,
)
from .tables import tabulate

LOG = "heads.jsonl"
FIGURES, TABLE = "results.json", "results.md"
RESULTS = {
    "model": "the heads of the largest scale, by mixture",
    FIGURES: "F1, AUROC and the share found, with intervals",
    TABLE: "the same as a table",
    "figures": "a picture by each generator, and the AUROC of each mixture",
    LOG: "each head's epochs, loss and threshold",
}


def train(recipe: Detector, rows: Any, folder: Path, report: Callable[[str], None]) -> dict[str, Any]:
    """Trains all heads, of each seed if there are several, measures them and writes them down.

    A training that was stopped computes only the features that are missing; heads take seconds and are trained anew.

    Returns: What was trained on, and `table`, lines for people; nothing on other processes than the first.
    """
    records, found, logged = dict[int, dict[str, Any]](), dict[int, dict[str, Any]](), ""
    for place, run in recipe.list_runs(folder):
        place.mkdir(parents=True, exist_ok=True)
        records[run.seed], found[run.seed] = train_once(run, rows, place, report)
        if recipe.runs and is_first():
            report(f"seed {run.seed}: done")
            logged += (place / LOG).read_text(encoding="utf-8")
            write_text(folder / LOG, logged)
    if not is_first():
        return {}
    compared = compare_runs(found)
    draw_runs(recipe, compared, folder)
    if not recipe.runs:
        return {**records[recipe.seed], "table": (folder / TABLE).read_text(encoding="utf-8").splitlines()}
    write_text(folder / FIGURES, json.dumps(compared, indent=2) + "\n")
    table = list_lines(compared, recipe.runs)
    write_text(folder / TABLE, "".join(f"{line}\n" for line in table))
    return {"runs": {str(seed): record for seed, record in records.items()}, "table": table}


def train_once(
    recipe: Detector, rows: Any, folder: Path, report: Callable[[str], None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Trains and measures the heads of one seed; see `train`.

    Returns: What was trained on, and the numbers; nothing on other processes than the first.
    """
    sources = [open_source(REAL, "data", recipe.data, rows)]
    sources += [open_source(name, key, data) for name, key, data in list_data(recipe)]
    described = {source.name: describe_data(source.data, source.rows) for source in sources}
    sources = [_remake(source, recipe.seed) for source in sources]
    backbone = open_backbone(recipe)
    pictures = look_at_all(recipe, sources, backbone, folder, report)
    if not is_first():
        return {}, {}
    draw_pictures(recipe, sources, backbone, folder)
    mixtures = recipe.list_mixtures()
    parts = {name: one.parts for name, one in pictures.items()}
    scales = recipe.scales or (count_largest(parts, mixtures.values()),)
    heads = _train_heads(recipe, pictures, scales, folder, report)
    rows_of_table, differences = tabulate(recipe, pictures, heads, scales)
    results = {"tests": rows_of_table, "differences": differences, "false_positive_rate": recipe.false_positive_rate}
    write_text(folder / FIGURES, json.dumps(results, indent=2) + "\n")
    table = write_table(rows_of_table, differences, recipe.false_positive_rate)
    write_text(folder / TABLE, table)
    _save_heads(recipe, backbone, {mixture: heads[mixture, max(scales)][0] for mixture in mixtures}, folder)
    left_out = {name: int((one.parts == LEFT_OUT).sum()) for name, one in pictures.items()}
    record = {
        "backbone": recipe.backbone,
        "features": backbone.identity,
        "sources": described,
        "left_out": {name: count for name, count in left_out.items() if count},
    }
    return record, results


def look_at_all(
    recipe: Detector, sources: list[Source], backbone: Backbone, folder: Path, report: Callable[[str], None]
) -> dict[str, Pictures]:
    """Features and parts of all pictures, by source.

    Raises:
        RecipeError: A part has no pictures.
    """
    cache = FeatureCache(Path(recipe.cache or folder / "features") / backbone.identity)
    scenes, features = dict[str, list[str]](), dict[str, np.ndarray]()
    for source in sources:
        digests = digest_pictures(source.rows)
        scenes[source.name] = name_scenes(source.rows, digests)
        features[source.name] = compute_features(source.rows, digests, backbone, recipe, cache)
        report(f"{source.name}: {len(digests):,} pictures")
    parts = choose_parts(scenes, recipe)
    check_parts(recipe, parts)
    return {
        source.name: Pictures(source.is_made, scenes[source.name], parts[source.name], features[source.name])
        for source in sources
    }


def _remake(source: Source, seed: int) -> Source:
    """Has a generator of the sandbox make the pictures anew, if the source names one."""
    import datasets

    name = getattr(source.data, "remake", None)
    if name is None:
        return source
    rows = remake_rows(source.rows.cast_column("image", datasets.Image()), name, seed)
    return replace(source, rows=rows.cast_column("image", datasets.Image(decode=False)))


def _train_heads(
    recipe: Detector,
    pictures: Mapping[str, Pictures],
    scales: tuple[int, ...],
    folder: Path,
    report: Callable[[str], None],
) -> dict[tuple[str, int], list[Trained]]:
    heads, lines = dict[tuple[str, int], list[Trained]](), []
    for mixture, shares in recipe.list_mixtures().items():
        for scale in scales:
            for seed in range(recipe.seeds):
                key = derive_key(recipe.seed, "head", seed) % 2**32
                chosen = choose_pictures(pictures, shares, scale // 2, TRAIN, key)
                most = min(len(pictures[REAL].find(VALIDATION)), *_count(pictures, shares, VALIDATION))
                held = choose_pictures(pictures, shares, most, VALIDATION, key)
                head = train_head(*chosen, *held, recipe.head, key)
                heads.setdefault((mixture, scale), []).append(head)
                said = {"epochs": head.epochs, "loss": head.loss, "threshold": head.threshold}
                lines.append(json.dumps({"mixture": mixture, "scale": scale, "seed": seed, **said}))
                write_text(folder / LOG, "\n".join(lines) + "\n")
            report(f"{mixture}, {scale:,} pictures: {recipe.seeds} heads, loss {head.loss:.4f}")
    return heads


def _count(pictures: Mapping[str, Pictures], shares: Mapping[str, float], part: int) -> list[int]:
    """For each generator of a mixture, how many made pictures there can be in all if this one limits it."""
    whole = sum(shares.values())
    return [max(1, int(len(pictures[name].find(part)) * whole / share)) for name, share in shares.items()]


def choose_pictures(
    pictures: Mapping[str, Pictures], shares: Mapping[str, float], count: int, part: int, key: int
) -> tuple[np.ndarray, np.ndarray]:
    """As many real pictures as made ones of a mixture: features, and which are made.

    Which real ones follows from the key alone, so that mixtures differ in the made ones alone.
    """
    features, made = [], []
    for name, number in {REAL: count, **share_out(count, shares)}.items():
        random = np.random.default_rng([key, derive_key(name, part) % 2**32])
        places = random.permutation(pictures[name].find(part))[:number]
        features.append(pictures[name].features[places])
        made.append(np.full(len(places), pictures[name].is_made))
    return np.concatenate(features), np.concatenate(made)


def _save_heads(recipe: Detector, backbone: Backbone, heads: Mapping[str, Trained], folder: Path) -> None:
    """Writes a folder a mixture, for plain timm and torch; and the backbone, where it is in no other place."""
    import torch

    model = folder / "model"
    model.mkdir(exist_ok=True)
    if not recipe.pretrained:
        weights = {name: tensor.cpu().contiguous() for name, tensor in backbone.model.state_dict().items()}
        save_file(weights, model / "backbone.safetensors")
    for mixture, head in heads.items():
        (model / mixture).mkdir(exist_ok=True)
        layer = {"weight": torch.from_numpy(head.weight)[None].contiguous(), "bias": torch.tensor([head.bias])}
        save_file(layer, model / mixture / "head.safetensors")
        config = {
            "backbone": recipe.backbone,
            "pretrained": recipe.pretrained,
            "options": recipe.options,
            "prepare": {**recipe.prepare.model_dump(mode="json"), "size": backbone.size},
            "transform": backbone.transform,
            "threshold": head.threshold,
            "trained_on": recipe.list_mixtures()[mixture],
        }
        write_text(model / mixture / "config.json", json.dumps(config, indent=2) + "\n")
