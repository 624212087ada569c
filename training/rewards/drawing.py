"""Some of a scene's questions: fewer to ask in a step, the same for all of its pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ...builders.foundation.counter_rng import derive_key
from ..judges.marking import Question, take_questions
from ..metrics.dsg import list_parents


def draw_questions(asked: Sequence[Question], count: int | None, seed: int, step: int) -> list[Question]:
    """Draws questions, by turns of each kind; one is taken together with those that it depends on, where all fit in.

    What is drawn depends on the questions, seed and step alone: the pictures of a scene are asked alike, whichever
    process has them.

    Args:
        asked: All questions about a scene.
        count: How many are drawn at most; all when None.
        seed: Another one draws other questions.
        step: So does another step.
    """
    if count is None or len(asked) <= count:
        return list(asked)
    random = np.random.default_rng(derive_key(seed, "questions", step, *(one["question"] for one in asked)))
    parents = list_parents(asked, [True] * len(asked))
    taken: set[int] = set()
    for place in _take_turns(asked, random.permutation(len(asked)).tolist()):
        wanted, rest = set[int](), [place]
        while rest:
            wanted.add(one := rest.pop())
            rest += parents[one]
        if len(taken | wanted) <= count:
            taken |= wanted
    return take_questions(asked, sorted(taken))


def _take_turns(asked: Sequence[Question], places: Sequence[int]) -> list[int]:
    """The first of each kind, then the second of each, and so on."""
    seen: Counter[str] = Counter()
    turns = {}
    for place in places:
        seen[asked[place]["kind"]] += 1
        turns[place] = seen[asked[place]["kind"]]
    return sorted(places, key=lambda place: turns[place])
