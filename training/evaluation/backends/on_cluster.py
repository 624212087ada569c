"""Pictures by any of the others on a cluster of Ray, whose machines need no disk in common.

A worker or a machine that is lost costs what it was making: Ray starts another one, and gives it that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ....builders.build.ray_cluster import TRIES, explain_losses, import_ray, join_cluster
from .loading import open_backend
from .protocol import Backend, Made, PictureRequest

if TYPE_CHECKING:
    from ...recipes.evaluation import Evaluation


class Worker:
    """Who makes pictures, on a machine of the cluster."""

    def __init__(self, recipe: Evaluation) -> None:
        self.recipe = recipe.model_copy(update={"engine": "local"})

    @cached_property
    def backend(self) -> Backend:
        """Opened by a call, whose errors Ray hands on; of those of `__init__` it hides all but the class."""
        return open_backend(self.recipe.pictures, self.recipe)

    def make(self, requests: Sequence[PictureRequest]) -> list[Made]:
        """See `Backend.make`."""
        return list(self.backend.make(requests))

    def describe(self) -> tuple[str, Mapping[str, Any], Mapping[str, Any]]:
        """Gives `id`, `record` and `notes`."""
        return self.backend.id, self.backend.record, self.backend.notes


class ClusterBackend:
    """Workers that make pictures; no model is loaded in this process.

    Attributes:
        recipe: Of the evaluation: `pictures`, `address` and `workers`.
        id, record, notes: As of `Backend`; `notes` has those of each worker.

    Raises:
        GasError: Ray is not installed or cannot be reached, or the first worker cannot make pictures.
    """

    def __init__(self, recipe: Evaluation) -> None:
        self.recipe, self._ray, self._stack = recipe, import_ray(), ExitStack()
        self._stack.enter_context(join_cluster(self._ray, recipe.address))
        resources = self._ray.cluster_resources()
        gpus = int(resources.get("GPU", 0))
        self._most = recipe.workers or gpus or int(resources.get("CPU", 1))
        options = {"max_restarts": TRIES, "max_task_retries": TRIES, "num_cpus": 1, "num_gpus": min(1, gpus)}
        self._actor = self._ray.remote(**options)(Worker)
        # What the first one prepares, such as a download, the others find.
        self._workers = [self._actor.remote(recipe)]
        with explain_losses(self._ray, "making pictures"):
            self.id, self.record, notes = self._ray.get(self._workers[0].describe.remote())
        self.notes: Mapping[str, Any] = {"workers": [notes]}

    def make(self, requests: Sequence[PictureRequest]) -> Iterator[Made]:
        """Makes pictures, some at a time on each worker, and gives them as they come, in order.

        Raises:
            GasError: None can be made, or the cluster is lost.
        """
        from ray.util import ActorPool

        size = int(getattr(self.recipe.pictures, "batch_size", 1))
        batches = [requests[start : start + size] for start in range(0, len(requests), size)]
        with explain_losses(self._ray, "making pictures"):
            missing = min(self._most, len(batches)) - len(self._workers)
            self._workers += [self._actor.remote(self.recipe) for _ in range(missing)]
            for made in ActorPool(self._workers).map(lambda worker, batch: worker.make.remote(batch), batches):
                yield from made
            described = self._ray.get([worker.describe.remote() for worker in self._workers])
            self.notes = {"workers": [notes for _, _, notes in described]}

    def close(self) -> None:
        """Ends the workers, so that others have their GPUs."""
        for worker in self._workers:
            self._ray.kill(worker)
        self._workers = []
        self._stack.close()
