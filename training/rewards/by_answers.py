"""The reward by answers: what judges say to a scene's questions about its pictures."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from ..judges.asking import Judged, check_refusals, judge_questions
from ..judges.marking import Question
from ..judges.protocol import Judge, Shown
from ..reports.breakdown import find_predicates
from ..vqa import read_row
from .drawing import draw_questions
from .protocol import AsyncReward, Reward, Rewarded, Rewards
from .valuing import Rule, average_kinds, average_values, value_answers, weigh_kind


@dataclass
class AnswersReward(Reward):
    """A reward by the answers of judges; `rewards.answers` makes one.

    Attributes:
        judges: Who answers.
        rule: How answers become a reward.
        weights: Of each judge, how much each kind of question counts, as `read_weights` gives it.
        most_refused: The share of the first questions that a judge may leave without an answer.
        seed: Another seed draws other questions.
        kinds: Of each picture of the last step, the mean worth of the questions of each kind that counts.
        rewarded: The completions of the last step, which the functions of `split` share.
        turn: Of those functions, whose turn it is to have them rewarded.
    """

    judges: tuple[Judge, ...]
    rule: Rule
    weights: tuple[Mapping[str, float], ...]
    most_refused: float = 1.0
    seed: int = 0
    kinds: list[dict[str, float]] = field(default_factory=list, init=False, repr=False)
    rewarded: Any = field(default=None, init=False, repr=False)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False, repr=False)
    _called: bool = field(default=False, init=False, repr=False)
    __name__ = "answers"

    def reward_images(self, images: Sequence[Shown], rows: Sequence[Mapping[str, Any]], step: int) -> Rewarded:
        """See `Reward`.

        Raises:
            GasError: A row has no questions, or a judge gives no answer to most of the first ones.
        """
        asked = [draw_questions(read_row(row), self.rule.questions, self.seed, step) for row in rows]
        judged = [judge_questions(judge, images, asked, self.rule.by) for judge in self.judges]
        if not self._called:
            for one in judged:
                check_refusals(one, self.most_refused)
            self._called = True
        values = value_answers(self.rule, judged, self.weights, asked)
        pairs = list(zip(values, asked, strict=True))
        self.kinds = [
            {kind: value for kind, value in average_kinds(own, some).items() if weigh_kind(kind, self.weights)}
            for own, some in pairs
        ]
        figures = {**count_replies(judged, asked), **average_groups(values, asked, rows)}
        return [average_values(self.rule, own, some, self.weights) for own, some in pairs], figures

    def split(self, kinds: Iterable[str]) -> list[KindReward]:
        """A function of each kind of questions, as TRL takes several to aggregate; judges are asked once for all."""
        return [KindReward(self, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)]


@dataclass
class KindReward:
    """The part of a reward that is by questions of one kind; None for pictures without such questions."""

    whole: AnswersReward
    kind: str

    def __post_init__(self) -> None:
        self.__name__ = self.kind

    def __call__(self, completion_ids: Sequence[Sequence[int]], **columns: Any) -> Rewards:
        """See `Reward`; TRL gives all functions the same list of completions."""
        if self.whole.rewarded is not completion_ids:
            self.whole(completion_ids=completion_ids, **columns)
            self.whole.rewarded = completion_ids
        return [values.get(self.kind) for values in self.whole.kinds]

    async def call_async(self, completion_ids: Sequence[Sequence[int]], **columns: Any) -> Rewards:
        """Does what calling it does, of the functions of all kinds at once; the first of them asks the judge."""
        async with self.whole.turn:
            if self.whole.rewarded is not completion_ids:
                await self.whole.call_async(completion_ids=completion_ids, **columns)
                self.whole.rewarded = completion_ids
        return [values.get(self.kind) for values in self.whole.kinds]

    def to_async(self) -> AsyncReward:
        """See `Reward`."""
        return AsyncReward(self)


def count_replies(judged: Sequence[Judged], asked: Sequence[Sequence[Question]]) -> dict[str, float]:
    """The share of questions without an answer, and of answers to yes/no questions that are yes."""
    figures = {"answers_refused": sum(one.refused for one in judged) / max(sum(one.asked for one in judged), 1)}
    marked = [
        mark == (question["answer"] == "yes")
        for one in judged
        for some, marks in zip(asked, one.marks, strict=True)
        for question, mark in zip(some, marks, strict=True)
        if question["form"] == "yes_no" and mark is not None
    ]
    return figures | ({"said_yes": sum(marked) / len(marked)} if marked else {})


def average_groups(
    values: Sequence[Sequence[float]], asked: Sequence[Sequence[Question]], rows: Sequence[Mapping[str, Any]]
) -> dict[str, float]:
    """The mean worth of the questions of each kind, and of each predicate where rows have scene graphs."""
    groups: dict[str, list[float]] = defaultdict(list)
    for own, some, row in zip(values, asked, rows, strict=True):
        graph = row.get("scene_graph")
        graph = read_graph(graph) if isinstance(graph, str) else graph
        for value, one in zip(own, some, strict=True):
            groups[f"by_kind/{one['kind']}"].append(value)
            for predicate in find_predicates(one, graph):
                groups[f"by_predicate/{predicate}"].append(value)
    return {name: float(np.mean(groups[name])) for name in sorted(groups)}


@lru_cache(maxsize=1024)  # the pictures of a scene have the same
def read_graph(text: str) -> Any:
    """A scene graph that is written as JSON."""
    return json.loads(text)
