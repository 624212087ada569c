"""What held-out answers are by kind of question: a policy that ignores one kind shows there."""

import numpy as np
import pytest
from generate_any_scene.builders.foundation.counter_rng import derive_key
from generate_any_scene.training.data import load_rows
from generate_any_scene.training.fields import Data
from generate_any_scene.training.judges.asking import judge_questions
from generate_any_scene.training.reports.breakdown import break_down, judge_blindly
from generate_any_scene.training.sandbox.judge import SandboxJudge
from generate_any_scene.training.sandbox.pictures import draw_scene
from PIL import Image

WORDS = ("red", "blue", "green", "yellow", "small", "large")
STRUCTURE = {"objects": 2, "relations": 1, "attributes": [2, 4]}


@pytest.fixture(scope="module")
def rows():
    overrides = {"structure": STRUCTURE, "splits": {"train": 40, "validation": 0, "test": 0}}
    data = Data(recipe="sandbox", overrides=overrides)
    return load_rows(data, ["questions", "scene_graph"])


def draw(graph, ignored, number):
    """A picture of a scene, but for what is ignored of it: other shapes, other colors and sizes, or other places."""
    objects, relations = [dict(one) for one in graph["objects"]], [dict(one) for one in graph["relations"]]
    if ignored == "relation":
        for one in relations:
            one["subject"], one["object"] = one["object"], one["subject"]
    if ignored == "attribute":
        others = {
            "red": "blue",
            "blue": "red",
            "green": "yellow",
            "yellow": "green",
            "small": "large",
            "large": "small",
        }
        for one in objects:
            one["attributes"] = [{**own, "value": others[own["value"]]} for own in one["attributes"]]
    return draw_scene({"objects": objects, "relations": relations}, derive_key("picture", number))


def measure(rows, **ignored):
    marked = {
        name: judge_questions(
            SandboxJudge(),
            [draw(graph, what, number) for number, graph in enumerate(rows["scene_graph"])],
            rows["questions"][:],
        ).marks
        for name, what in ignored.items()
    }
    return break_down(rows["questions"][:], rows["scene_graph"][:], marked)


def test_a_policy_that_ignores_one_kind_of_question_shows_under_that_kind(rows):
    found = measure(rows, all=None, attribute="attribute", relation="relation")
    kinds = found["by_kind"]
    assert {"object", "count", "attribute", "relation"} <= set(kinds)
    for kind in kinds:
        assert kinds[kind]["all"] == 1
        assert kinds[kind]["attribute"] == 1 if kind != "attribute" else kinds[kind]["attribute"] < 0.3
        assert kinds[kind]["relation"] == 1 if kind != "relation" else kinds[kind]["relation"] < 0.3
    assert all(shares["all"] == 1 and shares["relation"] < 0.5 for shares in found["by_predicate"].values())
    assert set(found["by_predicate"]) == {
        one["predicate"] for graph in rows["scene_graph"] for one in graph["relations"]
    }


def test_gains_are_means_over_pictures(rows):
    """Computed by hand: of colors and sizes all pictures gain what they lacked; of objects none gains anything."""
    found = measure(rows, before="attribute", after=None)["by_kind"]
    own = [
        np.mean([mark is not True for mark, one in zip(marks, asked, strict=True) if one["kind"] == "attribute"])
        for marks, asked in zip(
            judge_questions(
                SandboxJudge(),
                [draw(graph, "attribute", number) for number, graph in enumerate(rows["scene_graph"])],
                rows["questions"][:],
            ).marks,
            rows["questions"],
            strict=True,
        )
    ]
    gain, margin = np.mean(own), 1.96 * np.std(own, ddof=1) / np.sqrt(len(own))
    assert found["attribute"]["gain"]["mean"] == pytest.approx(gain)
    assert found["attribute"]["gain"]["interval"] == pytest.approx([gain - margin, gain + margin])
    assert found["object"]["gain"] == {"mean": 0, "interval": [0, 0]}


def test_what_is_not_there_has_no_properties(rows):
    """A judge that denies all is right about many, and about none that depends on a thing that is there."""

    class Denier(SandboxJudge):
        def answer(self, images, questions):
            return ["no"] * len(questions)

    questions = rows["questions"][:]
    judged = judge_questions(Denier(), [Image.new("RGB", (72, 72), "white")] * len(questions), questions)
    assert np.mean(judged.shares) > 0.15
    found = break_down(questions, None, {"denier": judged.marks})
    assert found["by_kind"]["attribute"]["denier"] == found["by_kind"]["relation"]["denier"] == 0
    assert found["with_dependencies"]["denier"] < np.mean(judged.shares)
    assert found["by_predicate"] == {}


def test_a_blind_judge_is_as_good_as_its_best_constant_replies(rows):
    questions = rows["questions"][:]
    forms = {}
    for one, mark in ((one, mark) for asked, marks in zip(questions, judge_blindly(questions), strict=True)
                      for one, mark in zip(asked, marks, strict=True)):  # fmt: skip
        forms.setdefault(one["form"], []).append((one["answer"], mark is True))
    for pairs in forms.values():
        answers = [answer for answer, _ in pairs]
        most = max(answers.count(answer) for answer in set(answers))
        assert sum(right for _, right in pairs) >= most
