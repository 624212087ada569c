"""Which numbers are told: of each mixture, scale and generator, and how much mixtures differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from ....builders.foundation.counter_rng import derive_key
from ...recipes.detector import Detector
from .figures import average_seeds, describe, draw_seeds, measure, resample_scenes
from .heads import Trained
from .sources import BESIDE, REAL, TEST, Pictures

SEEN, UNSEEN = "all that it was trained on", "all unseen"
"""What means over several generators are called; unseen are those that no mixture is trained on."""
ALONE, SEVERAL = "one alone", "several"
"""What the means over mixtures of one and of several generators are called, on generators that they do not have."""

Test = tuple[np.ndarray, np.ndarray, list[str]]
"""Features, which pictures are made, and their scenes."""


def tabulate(
    recipe: Detector,
    pictures: Mapping[str, Pictures],
    heads: Mapping[tuple[str, int], list[Trained]],
    scales: tuple[int, ...],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of the table, and how much each mixture has more than the first, at each scale on each test."""
    tests = {name: _lay_test(pictures, name, recipe.seed) for name, one in pictures.items() if one.is_made}
    mixtures, rows, differences = recipe.list_mixtures(), [], []
    for scale in scales:
        values = _measure_mixtures(recipe, tests, heads, scale)
        first = next(iter(mixtures))
        for mixture, found in values.items():
            shares = mixtures.get(mixture, {})
            for name, drawn in found.items():
                place = {"mixture": mixture, "scale": scale, "tested_on": name}
                count = len(tests[name][1]) if name in tests else None
                seen = name in shares or name == SEEN
                rows.append({**place, "seen": seen, "pictures": count, "heads": recipe.seeds, **describe(drawn)})
                against = SEVERAL if mixture == ALONE else first
                if mixture not in (against, SEVERAL) and name != SEEN:
                    more = describe(drawn - values[against][name])
                    differences.append({**place, "against": against, **more})
    return rows, differences


def _measure_mixtures(
    recipe: Detector, tests: Mapping[str, Test], heads: Mapping[tuple[str, int], list[Trained]], scale: int
) -> dict[str, dict[str, np.ndarray]]:
    """The metrics of each mixture on each test and on means of them, in all draws: shape (3, draws)."""
    scenes = sorted({scene for *_, scenes in tests.values() for scene in scenes})
    numbers = {scene: number for number, scene in enumerate(scenes)}
    weights = resample_scenes(len(scenes), recipe.seed)
    seeds = draw_seeds(recipe.seeds, recipe.seed)
    values: dict[str, dict[str, np.ndarray]] = {mixture: {} for mixture in recipe.list_mixtures()}
    for name, (features, made, shown) in tests.items():
        counts = weights[:, [numbers[scene] for scene in shown]]
        for mixture, found in values.items():
            measured = [
                measure(one.score(features), made, counts, one.threshold, recipe.false_positive_rate)
                for one in heads[mixture, scale]
            ]
            found[name] = average_seeds(np.array(measured), seeds)
    for mixture, shares in recipe.list_mixtures().items():
        for group, names in ((SEEN, shares), (UNSEEN, recipe.unseen)):
            if len(names) > 1:
                values[mixture][group] = np.mean([values[mixture][name] for name in names], axis=0)
    return values | average_kinds(values, recipe.list_mixtures(), list(tests))


def average_kinds(
    values: Mapping[str, Mapping[str, np.ndarray]], mixtures: Mapping[str, Collection[str]], tests: Sequence[str]
) -> dict[str, dict[str, np.ndarray]]:
    """Means over mixtures of one generator and over those of several, on each test that some of both do not have.

    Which mixture does best on a generator that it has not seen nobody knows beforehand, so that of one alone the mean
    counts; and where each generator is left out of one mixture, so does the mean over all of them.
    """
    kinds = {
        SEVERAL: [name for name, shares in mixtures.items() if len(shares) > 1],
        ALONE: [name for name, shares in mixtures.items() if len(shares) == 1],
    }
    unseen = {
        test: {kind: [values[one][test] for one in some if test not in mixtures[one]] for kind, some in kinds.items()}
        for test in tests
    }
    chosen = {test: found for test, found in unseen.items() if all(found.values())}
    if len(kinds[ALONE]) < 2 or not chosen:
        return {}
    means = {kind: {test: np.mean(found[kind], axis=0) for test, found in chosen.items()} for kind in kinds}
    if len(chosen) > 1:
        means = {kind: {**own, UNSEEN: np.mean(list(own.values()), axis=0)} for kind, own in means.items()}
    return means


def _lay_test(pictures: Mapping[str, Pictures], name: str, seed: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """As many real pictures as made ones of a generator, to test on: features, which are made, and scenes."""
    real = pictures.get(name + BESIDE, pictures[REAL])
    count = min(len(real.find(TEST)), len(pictures[name].find(TEST)))
    features, made, scenes = [], [], list[str]()
    for one in (real, pictures[name]):
        order = sorted(one.find(TEST), key=lambda place: (derive_key(seed, "test", one.scenes[place]), place))[:count]
        features.append(one.features[order])
        made.append(np.full(count, one.is_made))
        scenes += [one.scenes[place] for place in order]
    return np.concatenate(features), np.concatenate(made), scenes
