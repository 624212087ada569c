"""How far two scores put pictures, or models, in the same order.

Source: Spearman (1904) and Kendall (1945, tau-b) with ties; the delete-one jackknife over scenes and Fisher's z for
intervals (Efron and Tibshirani 1993; Bonett and Wright 2000).

Formula: Spearman's is the correlation of ranks, those that are equal sharing the mean of their places. Kendall's is
the surplus of pairs in the same order over those in the other one, over the root of the pairs that differ in the one
score times those that differ in the other. `alike` is the share of pairs in the same order, of those that differ in
both.

Range: -1 to 1; `alike` is from 0 to 1, 0.5 by chance.

Blind to: how much one picture is better than another; and where pictures of many scenes are ordered, a score may be
right about scenes (short captions are easy) and wrong about pictures of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atanh, sqrt, tanh

import numpy as np

from ...builders.foundation.counter_rng import derive_key, hash_numbers
from .intervals import Estimate, Z

MOST_PICTURES = 1500
"""Of more pictures, those of some scenes are compared, drawn by chance: every one is beside every other."""
FEWEST = 4
"""Of fewer scenes nothing is said."""


@dataclass(frozen=True)
class Correlation:
    """How alike two orders are, and of how many pictures and scenes."""

    spearman: Estimate
    kendall: Estimate
    alike: Estimate
    pictures: int
    scenes: int


def correlate_ranks(one: np.ndarray, other: np.ndarray, scenes: np.ndarray, seed: int = 0) -> Correlation | None:
    """Compares the orders of pictures by two scores; None of too few scenes, or where a score is the same for all.

    Args:
        one: A score of each picture; NaN where there is none.
        other: The other.
        scenes: The number of the scene of each.
        seed: Another one draws others, of very many.
    """
    known = np.flatnonzero(np.isfinite(one) & np.isfinite(other))
    kept = known[_choose(scenes[known], seed)]
    one, other = one[kept], other[kept]
    groups = np.unique(scenes[kept], return_inverse=True)[1]
    count = int(groups.max(initial=-1)) + 1
    if count < FEWEST or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    here, there = (np.sign(values[:, None] - values[None, :]).astype(np.float32) for values in (one, other))
    kendall, alike = _jackknife_pairs(here, there, groups, count)
    return Correlation(_jackknife_spearman(here, there, groups, count), kendall, alike, len(kept), count)


def _choose(scenes: np.ndarray, seed: int) -> np.ndarray:
    """The places of pictures of as many scenes as can be compared."""
    if len(scenes) <= MOST_PICTURES:
        return np.arange(len(scenes))
    order = np.argsort(hash_numbers(derive_key(seed, "ranks"), scenes), kind="stable")
    last = scenes[order[MOST_PICTURES - 1]]
    taken = order[:MOST_PICTURES]
    return np.sort(taken[scenes[taken] != last] if scenes[order[MOST_PICTURES]] == last else taken)


def _jackknife_pairs(one: np.ndarray, other: np.ndarray, groups: np.ndarray, count: int) -> tuple[Estimate, Estimate]:
    """Kendall's tau-b, and the share of pairs in the same order."""
    together = groups[:, None] == groups[None, :]
    found = []
    for product in (one * other, np.abs(one), np.abs(other), np.abs(one * other)):
        rows = np.bincount(groups, product.sum(axis=1, dtype=float), count)
        inside = np.bincount(groups, (product * together).sum(axis=1, dtype=float), count)
        whole = product.sum(dtype=float)
        found.append(np.append(whole, whole - 2 * rows + inside))
    surplus, here, there, both = found
    with np.errstate(divide="ignore", invalid="ignore"):
        return _estimate(surplus / np.sqrt(here * there)), _estimate(surplus / both, share=True)


def _jackknife_spearman(one: np.ndarray, other: np.ndarray, groups: np.ndarray, count: int) -> Estimate:
    """The correlation of ranks, which are sums of signs; without a scene, less the signs of its pictures."""
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.arange(count))
    outside = groups[:, None] != np.arange(count)[None, :]
    ranks = []
    for signs in (one, other):
        rank = signs.sum(axis=1)
        left = rank[:, None] - np.add.reduceat(signs[:, order], starts, axis=1)
        ranks.append(np.concatenate([rank[:, None], np.where(outside, left, 0)], axis=1))
    sums = [
        (here * there).sum(axis=0, dtype=float)
        for here, there in ((ranks[0], ranks[1]), *zip(ranks, ranks, strict=True))
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        return _estimate(sums[0] / np.sqrt(sums[1] * sums[2]))


def _estimate(values: np.ndarray, share: bool = False) -> Estimate:
    """The first value with its interval by the others, each of which leaves one scene out, on Fisher's scale.

    A `share` is given as the surplus of the same order over the other one.
    """
    bound = 1 - 1e-9
    left = np.arctanh(np.clip(np.nan_to_num(values[1:], nan=values[0]), -bound, bound))
    margin = Z * sqrt((len(left) - 1) / len(left) * float(((left - left.mean()) ** 2).sum()))
    middle = atanh(float(np.clip(values[0], -bound, bound)))
    found = (float(values[0]), tanh(middle - margin), tanh(middle + margin))
    return Estimate(*((1 + value) / 2 for value in found)) if share else Estimate(*found)


def correlate_means(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Spearman's and Kendall's correlation of models, for many draws at once.

    Args:
        one: A score of each model, shape (draws, models), or (models,).
        other: The other, of the same shape, or one that it is spread to.

    Returns: Both, shape (draws,); NaN where a score is the same for all models.
    """
    signs = [np.sign(values[..., :, None] - values[..., None, :]) for values in np.broadcast_arrays(one, other)]
    ranks = [some.sum(axis=-1) for some in signs]
    with np.errstate(divide="ignore", invalid="ignore"):
        spearman = (ranks[0] * ranks[1]).sum(-1) / np.sqrt((ranks[0] ** 2).sum(-1) * (ranks[1] ** 2).sum(-1))
        sums = [(signs[here] * signs[there]).sum((-1, -2)) for here, there in ((0, 1), (0, 0), (1, 1))]
        return spearman, sums[0] / np.sqrt(sums[1] * sums[2])
