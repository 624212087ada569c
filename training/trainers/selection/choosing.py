"""Which pictures are trained on: of each caption one, and of these the best, any, or all that are good enough."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ....builders.foundation.counter_rng import derive_key
from ...recipes.selection import Arm


@dataclass(frozen=True)
class Sample:
    """A picture and its score.

    Attributes:
        id: Of its scene.
        caption: What it should show.
        image: Its path below the folder of pictures.
        score: Higher is better; None where the metric has no number.
    """

    id: str
    caption: str
    image: str
    score: float | None


def choose_samples(samples: Iterable[Sample], arm: Arm, seed: int) -> list[Sample]:
    """Chooses one sample of each scene, and then among these.

    A share of n scenes is `round(share * n)`, one at least. What is alike is told apart by chance, which depends on
    the seed and on the sample alone. Samples without a score are not chosen.

    Returns: What was chosen, in the order in which scenes first came.
    """
    by_scene: dict[str, list[Sample]] = {}
    for sample in samples:
        by_scene.setdefault(sample.id, []).append(sample)
    scored = [[one for one in some if one.score is not None] for some in by_scene.values()]
    ranked = [rank_samples(some, arm, seed)[0] for some in scored if some]
    if arm.select == "threshold":
        return [one for one in ranked if (one.score or 0.0) >= (arm.threshold or 0.0)]
    kept = rank_samples(ranked, arm, seed)[: max(1, round(arm.share * len(ranked)))]
    chosen = {one.id for one in kept}
    return [one for one in ranked if one.id in chosen]


def rank_samples(samples: Sequence[Sample], arm: Arm, seed: int) -> list[Sample]:
    """Samples with a score in the order in which they are taken."""

    def find_place(sample: Sample) -> tuple[float, int]:
        chance = derive_key(seed, "choose", sample.id, sample.image)
        return (0.0 if arm.select == "random" else -(sample.score or 0.0), chance)

    return sorted(samples, key=find_place)
