"""Answers as evaluations have them: questions of one scene are alike, those about one picture more so."""

from dataclasses import dataclass

import numpy as np

KINDS = 4
RATES = np.array([1.5, 1.0, 0.5, 2.5])
"""Logits of right answers by kind."""
OF_SCENES, OF_PICTURES = 0.8, 0.5
"""Standard deviations of logits."""


@dataclass(frozen=True)
class Drawn:
    scene: np.ndarray
    number: np.ndarray
    kind: np.ndarray
    right: np.ndarray


def draw_answers(random, scenes, pictures, *, of_numbers=0.0, gain=0.0, others=None):
    """Answers of a model about new scenes; of another model about the same with `others`, what it drew before."""
    counts = random.integers(3, 13, scenes) if others is None else others["counts"]
    hard = random.normal(0, OF_SCENES, scenes) if others is None else others["hard"]
    kinds = random.choice(KINDS, (scenes, 12), p=[0.5, 0.25, 0.15, 0.1]) if others is None else others["kinds"]
    shared = {"counts": counts, "hard": hard, "kinds": kinds}
    of_number = random.normal(0, of_numbers, pictures) if of_numbers else np.zeros(pictures)
    picture = random.normal(0, OF_PICTURES, (scenes, pictures))
    owner = np.repeat(np.arange(scenes), counts)
    place = np.arange(len(owner)) - np.repeat(np.cumsum([0, *counts[:-1]]), counts)
    scene, number = np.repeat(owner, pictures), np.tile(np.arange(pictures), len(owner))
    kind = np.repeat(kinds[owner, place], pictures)
    logits = RATES[kind] + hard[scene] + picture[scene, number] + of_number[number] + gain
    right = random.random(len(scene)) < 1 / (1 + np.exp(-logits))
    return Drawn(scene, number, kind, right * 1.0), shared


def compute_truth(of_numbers=0.0):
    """The share of right answers by kind, over all scenes and pictures that there might be."""
    spread = np.sqrt(OF_SCENES**2 + OF_PICTURES**2 + of_numbers**2)
    points, weights = np.polynomial.hermite_e.hermegauss(60)
    shares = 1 / (1 + np.exp(-(RATES[:, None] + spread * points[None, :])))
    return shares @ weights / weights.sum()
