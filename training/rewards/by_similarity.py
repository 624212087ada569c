"""The reward by a metric of pictures, such as CLIP's similarity to the caption: to compare answers with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ...errors import GasError, advise
from ..judges.protocol import Shown
from ..metrics.loading import check_options, find_metric, list_metrics
from ..metrics.protocol import PicturesMetric
from .protocol import Reward, Rewarded


@dataclass
class SimilarityReward(Reward):
    """A reward by a metric; `rewards.similarity` makes one.

    Attributes:
        metric: Measures each picture, beside its row.
    """

    metric: PicturesMetric
    __name__ = "similarity"

    def reward_images(self, images: Sequence[Shown], rows: Sequence[Mapping[str, Any]], step: int) -> Rewarded:
        """See `Reward`."""
        found = self.metric.measure(images, rows)
        known = [one for one in found if one is not None]
        return found, {"similarity": float(np.mean(known))} if known else {}


def find_picture_metric(name: str, options: Mapping[str, Any] | None = None) -> type[Any]:
    """Finds the class of a metric that measures pictures, and checks its options where they are given.

    Raises:
        GasError: There is none of the name, or no such option.
    """
    metrics = {one: find_metric(one) for one in list_metrics()}
    pictures = [one for one, metric in metrics.items() if metric.needs == "pictures"]
    if name not in pictures:
        raise GasError(f"no metric {name} measures pictures; {advise(name, pictures)}")
    if options is not None:
        check_options(name, metrics[name], options)
    return metrics[name]


def open_picture_metric(
    name: str, options: Mapping[str, Any], device: str | None = None, seed: int | None = None
) -> PicturesMetric:
    """Opens a metric that measures pictures; one that has such options gets device and seed, unless they are given."""
    metric = find_picture_metric(name, options)
    known = {one.name for one in fields(metric)}
    ours = {"device": device, "seed": seed}
    given = {key: value for key, value in ours.items() if key in known and value is not None}
    opened: PicturesMetric = metric(**{**given, **options})
    return opened
