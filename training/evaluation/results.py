"""`gas.evaluate`: an evaluation in Python, and what comes of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import GasError
from ..judges.protocol import Judge
from ..metrics.protocol import check_judge
from .figures import describe_runs
from .parting import BY, SAME, read_parts
from .report.page import write_page
from .requests import Metrics, read_request
from .running import run_evaluation, write_report
from .tables import Run, open_run

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Report:
    """What one or several evaluations say of their models.

    Attributes:
        runs: The evaluations; those after the first are compared with it.
        by: What is told apart, of `figures.BY`.
        ratings: A CSV or Parquet file of people's ratings.
    """

    runs: Sequence[Run]
    by: Sequence[str] = BY
    ratings: Path | None = None

    @property
    def folder(self) -> Path:
        """Where it is written: the evaluation's folder, or below that of the first, named by the others."""
        first, *others = (run.folder for run in self.runs)
        alike = any(other.name == first.name for other in others)
        names = ["-".join(other.absolute().parts[-1 - alike :]) for other in others]
        return first / "against" / "_".join(names) if names else first

    @cached_property
    def figures(self) -> dict[str, Any]:
        """All that is known, as `figures.py` describes it and report.json holds it."""
        return describe_runs(self.runs, ratings=self.ratings, by=self.by)

    def table(self, by: str = "overall") -> DataFrame:
        """A row a metric, or a row a group, each with its 95 % interval.

        Args:
            by: One of those that are told apart, such as `kind`; `overall`, all together, when left out.

        Raises:
            GasError: It is not told apart.
        """
        import pandas as pd

        found = self.figures["overall"] if by == "overall" else self.figures["by"].get(SAME.get(by, by))
        if found is None:
            raise GasError(
                f"the report does not tell {by!r} apart; choose from overall, {', '.join(self.figures['by'])}"
            )
        return pd.DataFrame(found)

    def compare(self, *others: Report) -> Report:
        """This report beside others: differences are paired by scene."""
        return Report([*self.runs, *(run for other in others for run in other.runs)], self.by, self.ratings)

    def to_json(self) -> str:
        """All figures, as report.json has them."""
        return json.dumps(self.figures, ensure_ascii=False, indent=2)

    def save(self, path: str | Path = "report.html") -> Path:
        """Writes the page."""
        write_page(self.figures, self.runs, Path(path))
        return Path(path)

    def _repr_html_(self) -> str:
        return str(self.table().to_html())


def evaluate(
    recipe: str | Path | None = None,
    *,
    images: str | Path | None = None,
    dataset: str | Path | None = None,
    config: str | None = None,
    split: str | None = None,
    judge: Judge | str | None = None,
    metrics: Metrics = (),
    model: str | None = None,
    by: str | Sequence[str] = BY,
    out: str | Path | None = None,
    overrides: Iterable[str] | Mapping[str, Any] = (),
) -> Report:
    """Finds out what a model is good and bad at: makes or takes its pictures, asks a judge about them, and reports.

    What was made, answered and measured before in the folder of results is not done again.

    Args:
        recipe: A shipped evaluation's name, or the path of a .yaml file; or else give `images` and `dataset`.
        images: The folder of pictures, which are named by their scenes: `<id>.png`.
        dataset: A dataset recipe, by its name or path, or what `load_dataset` opens: a folder, a name on the Hub.
        config: Its config.
        split: Its split, `test` when left out.
        judge: Who answers: `judges.load(...)`, or what it takes.
        metrics: What is measured, by name, or names with options, `{"soft_tifa": {"mean": "geometric"}}`; questions
            that are answered right when left out.
        model: What the model is called.
        by: What is told apart: kind, form, elements and others.
        out: The folder for results, `runs/` and a name when left out.
        overrides: Keys of the recipe, as `--set` takes them.

    Raises:
        RecipeError: With all that is wrong with keys and values.
        GasError: Nothing is told apart by such a name, a model cannot be loaded, a server does not answer, or the
            judge gives no answers.
    """
    parts = read_parts(by)  # before hours of work, not after
    if not (judge is None or isinstance(judge, str)):
        check_judge("gas.evaluate", judge)
    loaded = read_request(
        recipe,
        overrides,
        images=images,
        dataset=dataset,
        config=config,
        split=split,
        judge=judge,
        metrics=metrics,
        model=model,
        out=out,
    )
    run = run_evaluation(loaded, None if isinstance(judge, str) else judge)
    if run is None:
        raise GasError("evaluate in the first process alone, or with gas evaluate under a launcher")
    return save_report(Report([run], parts))


def save_report(report: Report) -> Report:
    """Writes report.json and report.html into its folder."""
    report.folder.mkdir(parents=True, exist_ok=True)
    write_report(report.folder, report.figures)
    report.save(report.folder / "report.html")
    return report


def open_report(*folders: str | Path) -> Report:
    """Opens the reports of evaluations that are done, side by side."""
    return Report([open_run(folder) for folder in folders])
