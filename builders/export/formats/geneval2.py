"""Questions for GenEval 2, JSON lines.

After facebookresearch/GenEval2: README.md (Benchmark Structure), evaluation.py, soft_tifa_analysis.py.
"""

from __future__ import annotations

from pathlib import Path

from ...text.lexicon import NUMBERS
from ..layout import DOMAINS, Layout, Row, Tally, count_things, find_topic, is_true

SPLITS = ("test",)


ATOMS = range(3, 11)
SKILLS = ("object", "attribute", "count", "position", "verb")
"""What the analysis knows: it stops at other numbers of atoms and other skills, and where there is none of these."""
COUNTED = NUMBERS[1:11]
"""The scorer takes numbers up to ten in digits, too."""


def convert_geneval2(row: Row, tally: Tally) -> list[Row]:
    """A line of `geneval2_data.jsonl`: one question for each atom of the prompt, if there is any.

    The scorer expects a number where a question begins with `How many` and `Yes` everywhere else, so what has another
    answer is left out, and so is what asks once more about the same atom. The skill of a relation is `position` when
    it is spatial and else `verb`; of a scene attribute it is `attribute`, since the analysis knows no others. Scenes
    of a number of atoms that it does not know are left out.
    """
    number = count_atoms(row)
    if number not in ATOMS:
        tally.left_out[f"whole scenes of less than {ATOMS[0]} or more than {ATOMS[-1]} atoms"] += 1
        return []
    atoms = list_atoms(row, tally)
    tally.questions += len(atoms)
    if not atoms:
        return []
    tally.held.update([_name_atoms(number), *(skill for _, skill in atoms)])
    record = {
        "prompt": row["caption"],
        "atom_count": number,
        "vqa_list": [pair for pair, _ in atoms],
        "skills": [skill for _, skill in atoms],
    }
    return [record]


def list_atoms(row: Row, tally: Tally) -> list[tuple[list[str], str]]:
    """A question with its answer, and the skill that it asks for, of each atom; the questions left out are counted."""
    atoms: dict[tuple[str, ...], tuple[list[str], str]] = {}
    for question in row["questions"]:
        counts = question["question"].startswith("How many") and question["answer"] in COUNTED
        if not (counts or is_true(question)):
            tally.leave_out(question)
            continue
        atom = (question["kind"], *question["elements"])
        if atom in atoms:
            tally.left_out["repeated"] += 1
            if not counts or atoms[atom][0][1] != "Yes":
                continue
        pair = [question["question"], question["answer"] if counts else "Yes"]
        atoms[atom] = pair, _name_skill(row, question)
    return list(atoms.values())


def count_atoms(row: Row) -> int:
    """Atoms as GenEval 2 counts them: a name once, its number unless it is one, attributes, relations."""
    objects = row["scene_graph"]["objects"]
    names = count_things(objects)
    numbers = sum(count > 1 for count in names.values())
    attributes = sum(len(one["attributes"]) for one in objects) + len(row["scene_attributes"])
    return len(names) + numbers + attributes + len(row["scene_graph"]["relations"])


def _name_skill(row: Row, question: Row) -> str:
    if question["kind"] in ("object", "count"):
        return question["kind"]
    topic = find_topic(row, question)
    if topic.domain != "relation":
        return "attribute"
    return "position" if topic.item["category"] == "spatial" else "verb"


def _name_atoms(number: int) -> str:
    return f"{number} atoms"


def lay_out(_: Path) -> Layout:
    return Layout(convert_geneval2, kinds=DOMAINS, needs=(*SKILLS, *map(_name_atoms, ATOMS)))
