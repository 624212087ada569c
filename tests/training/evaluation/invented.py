"""Reports in the shape of report.json, of models that never were, with pictures of the sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from generate_any_scene.training.evaluation.tables import ANSWERS, SCORES, Run
from generate_any_scene.training.sandbox.pictures import draw_tokens, encode_scene
from PIL import Image

KINDS = {"object": 0.93, "attribute": 0.84, "count": 0.61, "relation": 0.52}
FORMS = {"yes_no": 0.04, "multiple_choice": 0.0, "open": -0.09}
METRICS = {
    "answers": 0.78,
    "soft_tifa@geometric:Qwen/Qwen3-VL-8B-Instruct#0c351dd": 0.61,
    "clip_score:openai/clip": 27.4,
}
TAXONOMY = (
    ("entity.n.01", "entity", None, 0),
    ("animal.n.01", "animal", "entity.n.01", 1),
    ("bird.n.01", "bird", "animal.n.01", 2),
    ("hawk.n.01", "hawk", "bird.n.01", 3),
    ("person.n.01", "person", "entity.n.01", 1),
    ("female.n.02", "female", "person.n.01", 2),
    ("male.n.02", "male", "person.n.01", 2),
    ("artifact.n.01", "artifact", "entity.n.01", 1),
    ("teapot.n.01", "teapot", "artifact.n.01", 2),
)
GRAPH = {
    "objects": [
        {"name": "star", "concept": "star.n.01", "attributes": [{"kind": "color", "value": "red"}], "count": 1},
        {"name": "ring", "concept": "ring.n.01", "attributes": [{"kind": "size", "value": "small"}], "count": 1},
    ],
    "relations": [{"subject": 0, "predicate": "to the left of", "category": "spatial", "object": 1}],
}


class Inventor:
    """Draws numbers of models that differ a little.

    Args:
        models: How many.
        seed: Another one draws others.
    """

    def __init__(self, models: int, seed: int = 0) -> None:
        self.models = models
        self.random = np.random.default_rng(seed)

    def draw(self, value: float, half: float = 0.03) -> dict[str, float]:
        shift = float(self.random.normal(0, half / 2))
        low, high = value + shift - half, value + shift + half
        if 0 <= value <= 1:
            low, high = max(0.0, low), min(1.0, high)
        return {"value": min(max(value + shift, low), high), "low": low, "high": high}

    def group(self, name: str, value: float, metric: str = "answers", half: float = 0.03) -> list[dict[str, Any]]:
        return [
            {
                "run": run,
                "metric": metric,
                "group": name,
                **self.draw(value - 0.06 * run, half),
                "count": 900,
                "refused": 4,
                "scenes": 200,
            }
            for run in range(self.models)
        ]

    def along(self, names: Sequence[str], slope: float, metrics: Sequence[str] = ("answers",)) -> list[dict[str, Any]]:
        return [
            group
            for metric in metrics
            for number, name in enumerate(names)
            for group in self.group(name, METRICS[metric] - slope * number, metric, 0.02 + 0.004 * number)
        ]


def invent_report(models: int = 1, scenes: int = 200, pictures: int = 6, seed: int = 0) -> dict[str, Any]:
    """All parts of a report."""
    draw = Inventor(models, seed)
    names = ["Qwen-Image", "SD 3.5 medium", "SANA 1.6B", "FLUX.2 klein 4B"][:models]
    kinds = {kind: draw.group(kind, value) for kind, value in KINDS.items()}
    fifths = [f"{20 * part}-{20 * part + 20} %" for part in range(5)]
    return {
        "version": 1,
        "seed": 0,
        "methods": {"interval": "Percentiles of 2,000 resamplings of scenes", "many": "Holm over each table"},
        "runs": [_invent_run(draw, name, scenes) for name in names],
        "overall": [g for metric, value in METRICS.items() for g in draw.group("", value, metric, 0.02)],
        "by": {
            "kind": [group for some in kinds.values() for group in some],
            "form": [g for form, more in FORMS.items() for g in draw.group(form, 0.78 + more)],
            "kind_form": [
                g
                for kind, value in KINDS.items()
                for form, more in FORMS.items()
                for g in draw.group(f"{kind}, {form}", value + more, half=0.05)
            ],
            "statement": [*draw.group("true", 0.71), *draw.group("false", 0.86)],
            "elements": draw.along([str(number) for number in range(2, 14)], 0.02, list(METRICS)),
            "objects": draw.along(["1", "2", "3", "4"], 0.06),
            "copies": draw.along(["1", "2", "3", "4", "5"], 0.09),
            "perplexity:openai-community/gpt2": draw.along(fifths, 0.01, list(METRICS)),
            "vera:liujch1998/vera": draw.along(fifths, -0.02),
        },
        "nodes": [
            {**group, "concept": concept, "parent": parent, "depth": depth, "count": 900 // (depth + 1)}
            for concept, name, parent, depth in TAXONOMY
            for group in draw.group(name, 0.8 - 0.05 * depth, half=0.02 + 0.015 * depth)
        ],
        "people": {
            "gender": [*draw.group("male", 0.81), *draw.group("female", 0.74)],
            "ethnicity": [g for name in ("white", "black", "asian") for g in draw.group(name, 0.7, half=0.08)],
        },
        "differences": _invent_differences(draw),
        "hardest": {
            "concepts": [_invent_hardest(draw, run, n) for run in range(models) for n in ("hawk", "teapot", "hyena")],
            "predicates": [_invent_hardest(draw, run, n) for run in range(models) for n in ("circling", "behind")],
        },
        "pictures": {
            name: [_invent_picture(run, number, name) for run in range(models) for number in range(pictures)]
            for name in ("best", "worst")
        },
        "correlations": {
            "pictures": [
                {
                    "run": run,
                    "metric": one,
                    "other": other,
                    "spearman": draw.draw(value, 0.05),
                    "kendall": draw.draw(value * 0.7, 0.05),
                    "pictures": scenes,
                    "scenes": scenes,
                }
                for run in range(models)
                for one, other, value in zip(
                    list(METRICS), [*list(METRICS)[1:], "ratings"], (0.7, 0.2, -0.1), strict=True
                )
            ],
            "models": [{"metric": "answers", "other": "ratings", "spearman": 0.9, "kendall": 0.8, "models": models}],
        },
        "wordings": [
            {
                "run": run,
                "wording": ("short", "long")[run % 2],
                **draw.draw(0.78 - 0.06 * run),
                **({"other": 0, "difference": draw.draw(-0.06), "agreement": draw.draw(0.9)} if run else {}),
                **({"questions": 900} if run else {}),
                "scenes": scenes,
            }
            for run in range(models)
        ],
        "wording_orders": [
            {
                "wording": "short",
                "other": "long",
                "spearman": {"value": 0.5, "low": 0.5, "high": 1.0},
                "kendall": {"value": 0.33, "low": 0.33, "high": 1.0},
                "models": models,
            }
        ],
        "people_agree": [
            {
                "run": run,
                "metric": metric,
                "spearman": draw.draw(0.4, 0.07),
                "kendall": draw.draw(0.3, 0.06),
                "alike": draw.draw(0.66, 0.03),
                "pictures": scenes,
                "scenes": scenes,
            }
            for run in range(models)
            for metric in METRICS
        ],
        "bias": [
            {
                "run": run,
                "about": "gender",
                "shares": {"female": draw.draw(0.31, 0.04), "male": draw.draw(0.69, 0.04)},
                "deviation": draw.draw(0.19, 0.04),
                "by_concept": draw.draw(0.27, 0.05),
                "pictures": 300,
                "scenes": 100,
                "refused": 12,
                "judge": {"right": draw.draw(0.95, 0.02), "count": 240},
            }
            for run in range(models)
        ],
    }


def _invent_run(draw: Inventor, name: str, scenes: int) -> dict[str, Any]:
    baselines = {
        key: {
            "accuracy": draw.draw(value, 0.02),
            "answers": draw.draw(value + 0.004, 0.02),
            "refused": 3,
            "questions": 9 * scenes,
            "kinds": {kind: value + shift for kind, shift in zip(KINDS, (0.02, 0.0, -0.14, 0.06), strict=True)},
        }
        for key, value in {"other_picture": 0.41, "blank": 0.38, "always_yes": 0.46}.items()
    }
    exam = {
        key: {"balanced_accuracy": draw.draw(value, 0.03), "trusted": value > 0.8, "asked": 400}
        for key, value in {"object": 0.98, "attribute": 0.95, "count": 0.85, "relation": 0.72}.items()
    }
    return {
        "name": name,
        "model": name,
        "dataset": "multi_object, test",
        "judge": "Qwen/Qwen3-VL-8B-Instruct#0c351dd",
        "folder": f"runs/{name}",
        "pictures": scenes,
        "scenes": scenes,
        "questions": 18 * scenes,
        "refused": 16,
        "left_out": {"without": 3, "unknown": 1, "unreadable": {"multi_object/test/000000044.png": "truncated"}},
        "cost": {"seconds": 812.4, "pictures": scenes, "questions": 18 * scenes, "tokens": 1_204_331},
        "baselines": {"scenes": scenes, **baselines, "no_picture": None},
        "exam": {"judge": "Qwen/Qwen3-VL-8B-Instruct#0c351dd", "kinds": exam, "details": {}},
    }


def _invent_differences(draw: Inventor) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {"overall": [], "kind": []} if draw.models > 1 else {}
    for run in range(1, draw.models):
        for name, groups in (
            ("overall", [("", metric) for metric in METRICS]),
            ("kind", [(k, "answers") for k in KINDS]),
        ):
            for number, (group, metric) in enumerate(groups):
                gap = draw.draw(-0.055 + 0.02 * number, 0.03)
                pair = {"run": run, "other": 0, "metric": metric, "group": group, "scenes": 200}
                found[name].append({**pair, **gap, "p": 0.001, "p_adjusted": 0.0004 if gap["high"] < 0 else 0.31})
    return found


def _invent_hardest(draw: Inventor, run: int, name: str) -> dict[str, Any]:
    gap = draw.draw(-0.2, 0.08)
    sure = {"low": gap["low"], "high": gap["high"], "shrunken": gap["value"]}
    plain = {"value": 0.5, "expected": 0.74, "gap": -0.24, "count": 80, "scenes": 12}
    return {"run": run, "group": name, "concept": f"{name}.n.01", **sure, **plain}


def _invent_picture(run: int, number: int, name: str) -> dict[str, Any]:
    is_best = name == "best"
    answers = [
        ("Is there a star in the picture?", "yes", "yes", True, "object", "yes_no"),
        ("What color is the star?", "red", "red" if is_best else "blue", is_best, "attribute", "open"),
        ("How many rings are there?", "one", "one" if is_best else "", True if is_best else None, "count", "count"),
        ("Where is the ring?", "right of the star", "right of the star", True, "relation", "open"),
    ]
    keys = ("question", "expected", "reply", "right", "kind", "form")
    return {
        "run": run,
        "scene": f"multi_object/test/{number:09d}",
        "image": f"{name}-{number}.png",
        "value": 1.0 if is_best else 0.5,
        "caption": "A picture of a red star to the left of a small ring.",
        "scene_graph": GRAPH,
        "answers": [dict(zip(keys, answer, strict=True)) for answer in answers],
    }


def invent_runs(report: Mapping[str, Any], folder: Path, drawn: bool = True) -> list[Run]:
    """The runs of a report, with the pictures that it shows."""
    runs = []
    for run, one in enumerate(report["runs"]):
        root = folder / f"run-{run}"
        if drawn:
            draw_pictures(report, run, root / "pictures")
        record = {
            "model": one["model"],
            "generate_any_scene": "0.9.0",
            "packages": {"torch": "2.9.0"},
            "by": "probability",
        }
        scenes = pa.table({"id": ["multi_object/test/000000000"]})
        runs.append(Run(root, ANSWERS.empty_table(), SCORES.empty_table(), scenes, record))
    return runs


def draw_pictures(report: Mapping[str, Any], run: int, root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(some for part in report["pictures"].values() for some in part if some["run"] == run):
        picture = draw_tokens(encode_scene(GRAPH, number).tolist())
        picture.resize((360, 360), Image.Resampling.NEAREST).save(root / one["image"])
