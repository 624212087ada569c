"""Scoring on a cluster of Ray: each worker has a judge and metrics of its own, and gets pictures, not their files.

A worker or a machine that is lost costs what it was asked: Ray starts another one, and gives it that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ...builders.build.ray_cluster import TRIES, explain_losses, import_ray, join_cluster
from ..judges.protocol import Shown
from ..recipes.evaluation import Evaluation
from .opening import open_file
from .scoring import Picture, Scored, Scorer, open_scorer, score_part


class Worker:
    """A judge and metrics on a machine of the cluster."""

    def __init__(self, recipe: Evaluation, model: str) -> None:
        self.recipe, self.model = recipe, model

    @cached_property
    def scorer(self) -> Scorer:
        """Opened by a call, whose errors Ray hands on; of those of `__init__` it hides all but the class."""
        return open_scorer(self.recipe, self.model)

    def score(self, place: int, part: Sequence[Picture], shown: Sequence[Shown]) -> tuple[int, Scored]:
        """See `score_part`; gives the place back, too."""
        return place, score_part(self.scorer, part, shown)


def score_on_cluster(
    recipe: Evaluation, model: str, parts: Sequence[Sequence[Picture]], root: Path
) -> Iterator[tuple[int, Scored]]:
    """Scores parts on many machines, as `Scorer.score` does here.

    Raises:
        GasError: Ray is not installed or cannot be reached, or a part cannot be scored.
    """
    if not parts:
        return
    ray = import_ray()
    with join_cluster(ray, recipe.address), explain_losses(ray, "some pictures"):
        from ray.util import ActorPool

        resources = ray.cluster_resources()
        gpus = int(resources.get("GPU", 0))
        workers = min(len(parts), recipe.workers or gpus or int(resources.get("CPU", 1)))
        options = {"max_restarts": TRIES, "max_task_retries": TRIES, "num_cpus": 1, "num_gpus": min(1, gpus)}
        actor = ray.remote(**options)(Worker)
        pool = ActorPool([actor.remote(recipe, model) for _ in range(workers)])

        def ask(worker: Any, place: int) -> Any:
            shown = [open_file(root / picture.name) for picture in parts[place]]
            return worker.score.remote(place, parts[place], shown)

        yield from pool.map_unordered(ask, list(range(len(parts))))
