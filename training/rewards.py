"""What reinforcement learning is rewarded by: answers of a judge about pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .decoders import Decoder, split_ids
from .judges.marking import Question, judge_questions
from .judges.protocol import Judge


@dataclass
class QuestionReward:
    """A reward function of TRL: the share of a scene's questions that a judge answers right about the picture.

    Attributes:
        decoder: Makes pictures of completions.
        judge: Answers.
        offset: The id of the decoder's code 0.
    """

    decoder: Decoder
    judge: Judge
    offset: int
    __name__ = "answers"

    def __call__(
        self,
        completion_ids: Sequence[Sequence[int]],
        questions: Sequence[str | Sequence[Question]],
        log_metric: Callable[[str, float], None] = lambda name, value: None,
        **_: Any,
    ) -> list[float | None]:
        """Rewards completions, each with its scene's questions, as lists or in JSON."""
        codes, out_of_range = split_ids(completion_ids, self.offset, self.decoder)
        judged = judge_questions(self.judge, self.decoder.decode(codes), questions)
        log_metric("ids_out_of_range", out_of_range)
        log_metric("answers_refused", judged.refused / max(judged.asked, 1))
        return judged.shares
