"""What rewards of several kinds read of a scene, so that trainers use them together on the same prompts.

    questions   `vqa_list`, `skills` and `atom_count`, as GenEval 2 has them: Soft-TIFA asks a model these questions
    geneval     `tag`, `include` and `exclude`, which GenEval's checker compares with what a detector finds
    text        what the prompt quotes, which rewards by OCR read in the picture

All questions of the row, those with the answer no among them, are in `questions` besides, for rewards of one's own.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import GasError, advise
from ..text.quoted import find_quoted
from .formats.geneval2 import count_atoms, list_atoms
from .geneval import Found, convert_geneval, find_classes
from .layout import COLUMNS, DOMAINS, Row, Tally, drop_kinds, load_concepts

REWARDS = {
    "questions": "questions with one answer",
    "geneval": "GenEval tags",
    "text": "text in straight quotes",
}
"""The rewards, and what each needs of a scene."""
READ = COLUMNS
"""The columns that are read of a row."""


@dataclass(frozen=True)
class Rewarding:
    """What rewards read of the scenes of a recipe.

    Attributes:
        found: What GenEval's detector finds of each concept.
        needed: The rewards that every scene has to have something for.
    """

    found: Mapping[str, Found]
    needed: Collection[str]

    def list_keys(self, row: Row, tally: Tally) -> Row | None:
        """The keys that rewards read: `include` and its like only where GenEval's checker can check something.

        Args:
            row: The row.
            tally: Where it is counted how many scenes there is something for each reward of, and which are left out.

        Returns: None for a scene that lacks what a reward needs.
        """
        aside = Tally()
        atoms = list_atoms(drop_kinds(row, DOMAINS, aside), aside)
        tags = next(iter(convert_geneval(row, aside, self.found)), {})
        quoted = find_quoted(row["caption"])
        has = {
            "questions": bool(atoms),
            "geneval": bool(tags),
            "text": is_read(row["caption"], quoted),
        }
        if lacking := [reward for reward in self.needed if not has[reward]]:
            tally.left_out[f"scenes without {REWARDS[lacking[0]]}"] += 1
            return None
        tally.rewards.update({reward: int(held) for reward, held in has.items()})
        return {
            "vqa_list": [pair for pair, _ in atoms],
            "skills": [skill for _, skill in atoms],
            "atom_count": count_atoms(row),
            **{key: value for key, value in tags.items() if key != "prompt"},
            "text": " ".join(quoted),
            "questions": json.dumps(row["questions"]),
        }


def is_read(caption: str, quoted: Sequence[str]) -> bool:
    """Whether rewards by OCR find the first text that a caption quotes, which they take between straight quotes.

    After yifan123/flow_grpo: flow_grpo/ocr.py (OcrScorer), which stops at a prompt without them.
    """
    return bool(quoted) and caption.split('"')[1:2] == [quoted[0]]


def load_rewarding(recipe: Path, rewards: Sequence[str] | None, default: Collection[str]) -> Rewarding:
    """What rewards read of the scenes of a recipe file.

    Args:
        recipe: The recipe file.
        rewards: The rewards that every scene has to have something for.
        default: These, if none are named.

    Raises:
        GasError: There is no such reward, or the recipe cannot be read.
    """
    for reward in rewards or ():
        if reward not in REWARDS:
            raise GasError(f"there is no reward `{reward}`; {advise(reward, REWARDS)}")
    return Rewarding(find_classes(load_concepts(recipe)), rewards or default)
