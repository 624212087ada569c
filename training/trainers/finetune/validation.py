"""Pictures of scenes that are not trained on, made while a model is trained, and judged by their questions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import gather_object
from PIL import Image

from ....builders.folder.files import open_part
from ....builders.foundation.counter_rng import derive_key
from ...json_lines import read_lines
from ...judges.asking import check_refusals, judge_questions
from ...judges.marking import choose_questions
from ...judges.protocol import Judge
from ...metrics.intervals import compare_means, measure_mean
from ...recipes.finetune import Validation
from ...reports.contact_sheet import paste_sheet
from .loading import Model, hush_packages

SHEET, ENTRIES, PICTURES = "validation.png", "validation.jsonl", "validation"


@dataclass(frozen=True)
class Validator:
    """Makes a picture of each held-out caption, and has its questions answered.

    `validation.jsonl` has a line each time, `validation/` all pictures, and `validation.png` those of before and now.

    Attributes:
        model: What is trained.
        settings: Of the recipe.
        rows: With `caption` and `questions`.
        judge: Answers.
        accelerator: Of the training.
        folder: Of the training.
    """

    model: Model
    settings: Validation
    rows: Any
    judge: Judge
    accelerator: Any
    folder: Path

    def measure(self, update: int) -> dict[str, float]:
        """Judges the model as it is after so many updates; every process does its share.

        Returns: For trackers: the accuracy, of all questions and of each kind.

        Raises:
            GasError: The judge gives no answer to most of the first questions.
        """
        found: list[tuple[int, list[bool | None]]] = []
        with self.accelerator.split_between_processes(list(range(self.rows.num_rows))) as own:
            images = self._make(own, update)
            asked = [choose_questions(self.rows[place]["questions"], self.settings.question_kinds) for place in own]
            judged = judge_questions(self.judge, images, asked)
            check_refusals(judged, self.settings.judge.most_refused)
            found += zip(own, judged.marks, strict=True)
        marks = [some for _, some in sorted(gather_object(found), key=lambda one: one[0])]
        entry = self._describe(update, marks)
        if self.accelerator.is_main_process:
            with (self.folder / ENTRIES).open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
            self._paste(entry)
        self.accelerator.wait_for_everyone()
        return {"accuracy": entry["accuracy"], **entry["by_kind"]}

    @torch.no_grad()
    def _make(self, places: Sequence[int], update: int) -> list[Image.Image]:
        """A picture at a time, from noise of its own: it is the same beside whatever others, in whatever process."""
        denoiser, side = self.model.denoiser, self.model.recipe.resolution
        pipeline, images = self.model.open_pipeline(), []
        denoiser.eval()
        for place in places:
            seed = derive_key("finetune validation", self.model.recipe.seed, place)
            with self.accelerator.autocast(), hush_packages():
                made = pipeline(
                    prompt=self.rows[place]["caption"],
                    **{"height": side, "width": side, **self.settings.options},
                    generator=torch.Generator().manual_seed(seed),
                )
            (image,) = made.images
            path = self._find_picture(update, place)
            path.parent.mkdir(parents=True, exist_ok=True)
            with open_part(path) as part:
                image.save(part, format="PNG")
            images.append(image)
        denoiser.train()
        return images

    def _find_picture(self, update: int, place: int) -> Path:
        return self.folder / PICTURES / f"update_{update:08}" / f"{place}.png"

    def _describe(self, update: int, marks: Sequence[Sequence[bool | None]]) -> dict[str, Any]:
        kinds: dict[str, list[bool]] = defaultdict(list)
        for row, some in zip(self.rows, marks, strict=True):
            for one, mark in zip(choose_questions(row["questions"], self.settings.question_kinds), some, strict=True):
                kinds[one["kind"]].append(mark is True)
        shares = [some.count(True) / len(some) for some in marks]
        accuracy, margin = measure_mean(shares)
        return {
            "update": update,
            "accuracy": accuracy,
            "margin": margin,
            "by_kind": {kind: sum(right) / len(right) for kind, right in sorted(kinds.items())},
            "questions": {kind: len(right) for kind, right in sorted(kinds.items())},
            "refused": sum(some.count(None) for some in marks),
            "shares": shares,
        }

    def _paste(self, entry: Mapping[str, Any]) -> None:
        """The contact sheet: the first pictures as they were before the training, and as they are."""
        first, pairs = read_lines(self.folder / ENTRIES)[0], []
        for place in range(min(self.settings.shown, self.rows.num_rows)):
            before, now = (Image.open(self._find_picture(one["update"], place)) for one in (first, entry))
            pairs.append((self.rows[place]["caption"], before, first["shares"][place], now, entry["shares"][place]))
        paste_sheet(self.folder / SHEET, pairs)


def describe_gain(folder: Path) -> dict[str, Any]:
    """What `validation.jsonl` says of the first and the last time, as `held_out` of a run's results."""
    entries = read_lines(folder / ENTRIES)
    first, last = entries[0], entries[-1]
    by_kind = {
        kind: {"before": first["by_kind"][kind], "after": right, "questions": last["questions"][kind]}
        for kind, right in last["by_kind"].items()
    }
    counts = {"pictures": len(last["shares"]), "questions": sum(last["questions"].values())}
    return {**counts, **compare_means(first["shares"], last["shares"]), "by_kind": by_kind}
