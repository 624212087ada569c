"""What reinforcement learning is rewarded by: answers of a judge about pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .decoders import Decoder, split_ids
from .judges.asking import check_refusals, judge_questions
from .judges.marking import Question, read_questions
from .judges.protocol import Judge
from .judges.trust import weigh_shares


@dataclass
class QuestionReward:
    """A reward function of TRL: the share of a scene's questions that a judge answers right about the picture.

    Attributes:
        decoder: Makes pictures of completions.
        judge: Answers.
        offset: The id of the decoder's code 0.
        most_refused: The share of the first questions that the judge may leave without an answer.
        weights: How much each kind of question counts, as `read_weights` gives it; by default all count alike.
        has_contrast: Whether two pictures of one scene have been rewarded unlike so far.
    """

    decoder: Decoder
    judge: Judge
    offset: int
    most_refused: float = 1.0
    weights: Mapping[str, float] = field(default_factory=dict)
    has_contrast: bool = field(default=False, init=False)
    _called: bool = field(default=False, init=False, repr=False)
    __name__ = "answers"

    def __call__(
        self,
        completion_ids: Sequence[Sequence[int]],
        questions: Sequence[str | Sequence[Question]],
        log_metric: Callable[[str, float], None] = lambda name, value: None,
        **_: Any,
    ) -> list[float | None]:
        """Rewards completions, each with its scene's questions, as lists or in JSON.

        Raises:
            GasError: The judge gives no answer to most of the first questions.
        """
        codes, out_of_range = split_ids(completion_ids, self.offset, self.decoder)
        asked = [read_questions(some) for some in questions]
        judged = judge_questions(self.judge, self.decoder.decode(codes), asked)
        log_metric("ids_out_of_range", out_of_range)
        log_metric("answers_refused", judged.refused / max(judged.asked, 1))
        if not self._called:
            check_refusals(judged, self.most_refused)
            self._called = True
        shares = weigh_shares(judged, asked, self.weights)
        groups = _group_by_scene(questions)
        log_metric("distinct_pictures", measure_variety(codes, groups))
        self.has_contrast |= any(len({shares[place] for place in group}) > 1 for group in groups)
        return shares


def measure_variety(codes: np.ndarray, groups: Sequence[Sequence[int]]) -> float:
    """Of the pictures of a scene, the share that differ from each other; the mean over scenes."""
    return float(np.mean([len({codes[place].tobytes() for place in group}) / len(group) for group in groups]))


def _group_by_scene(questions: Sequence[str | Sequence[Question]]) -> list[list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for place, some in enumerate(questions):
        groups[str(some)].append(place)
    return list(groups.values())
