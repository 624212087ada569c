"""Answers and scores, part by part: the same however they are done, and not done twice."""

import dataclasses
import json
from functools import partial

import pytest
from datasets import load_dataset
from generate_any_scene.errors import GasError
from generate_any_scene.training.evaluation.scoring import SCENES, Picture, Scorer, cut_parts, score_pictures
from generate_any_scene.training.evaluation.tables import ANSWERS, SCORES
from generate_any_scene.training.metrics.loading import open_metric
from generate_any_scene.training.sandbox.judge import SandboxJudge
from generate_any_scene.training.sandbox.pictures import draw_scene

COUNT = 2 * SCENES + 5
METRICS = ("answer_accuracy", "soft_tifa", "dsg")


@pytest.fixture(scope="module")
def rows():
    return load_dataset("gas", "sandbox", split="test", splits={"test": COUNT}).to_list()


@pytest.fixture(scope="module")
def pictures(rows, tmp_path_factory):
    """Two pictures of each scene, of which the second shows another scene."""
    root, found = tmp_path_factory.mktemp("pictures"), []
    for place, row in enumerate(rows):
        for number, shown in enumerate((row, rows[place - 1])):
            name = f"{row['id']}/{number}.png"
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            draw_scene(shown["scene_graph"], place).save(root / name)
            found.append(Picture(row, name))
    return root, found


def open_scorer(**changes):
    return Scorer("mine", [open_metric(name) for name in METRICS], SandboxJudge(), "probability", **changes)


def score(scorer, pictures, folder, **others):
    root, found = pictures
    return score_pictures(scorer.identify(), partial(scorer.score, root=root), found, root, folder, **others)


@pytest.fixture(scope="module")
def scored(pictures, tmp_path_factory):
    return score(open_scorer(), pictures, tmp_path_factory.mktemp("parts"))


def test_every_question_about_every_picture_is_a_row(scored, pictures, rows):
    assert scored.answers.schema == ANSWERS
    expected = [
        (row["id"], f"{row['id']}/{number}.png", place, one["kind"], one["form"], one["answer"])
        for row in rows
        for number in range(2)
        for place, one in enumerate(row["questions"])
    ]
    names = ("scene", "image", "question", "kind", "form", "expected")
    assert list(zip(*(scored.answers[name].to_pylist() for name in names), strict=True)) == expected
    assert set(scored.answers["model"].to_pylist()) == {"mine"}
    assert scored.cost.questions == len(expected) and scored.cost.pictures == 2 * COUNT


def test_a_scene_that_is_shown_gets_all_and_another_one_less(scored):
    for row in scored.scores.to_pylist():
        first = row["image"].endswith("/0.png")
        assert (row["value"] == 1) if first else row["value"] <= 1
    assert scored.scores.schema == SCORES
    assert set(scored.scores["metric"].to_pylist()) == set(open_scorer().ids)
    right = {image: [] for image in scored.answers["image"].to_pylist()}
    for row in scored.answers.to_pylist():
        right[row["image"]].append(row["right"])
    others = [some.count(True) / len(some) for image, some in right.items() if image.endswith("/1.png")]
    assert 0.1 < sum(others) / len(others) < 0.6


def test_the_scenes_of_a_part_are_whole(pictures):
    parts = list(cut_parts(pictures[1]))
    assert [len({picture.scene["id"] for picture in part}) for part in parts] == [SCENES, SCENES, 5]
    assert [picture for part in parts for picture in part] == pictures[1]


def test_what_is_done_is_not_asked_again(pictures, scored, tmp_path):
    asked = []

    @dataclasses.dataclass(frozen=True)
    class Counting(SandboxJudge):
        def probability(self, images, questions, answers):
            asked.append(len(questions))
            if len(asked) == 2:
                raise KeyboardInterrupt
            return super().probability(images, questions, answers)

    scorer = dataclasses.replace(open_scorer(), judge=Counting())
    with pytest.raises(KeyboardInterrupt):
        score(scorer, pictures, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    again = score(scorer, pictures, tmp_path)
    assert again.answers == scored.answers and again.scores == scored.scores
    assert len(asked) == 4
    assert score(scorer, pictures, tmp_path).answers == scored.answers and len(asked) == 4


@pytest.mark.parametrize("change", ["picture", "question", "metric", "judge", "way", "model"])
def test_what_changed_is_asked_again(pictures, rows, tmp_path, change):
    root, found = pictures
    scorer, some = open_scorer(), found[:2]
    if change == "way":
        scorer = dataclasses.replace(scorer, metrics=scorer.metrics[:1])
    place = tmp_path / "parts"
    score(scorer, (root, some), place)
    (kept,) = place.iterdir()
    match change:
        case "picture":
            root = tmp_path / "pictures"
            for picture in some:
                (root / picture.name).parent.mkdir(parents=True, exist_ok=True)
                draw_scene(rows[3]["scene_graph"], 1).save(root / picture.name)
        case "question":
            asked = {**some[0].scene, "questions": some[0].scene["questions"][:-1]}
            some = [dataclasses.replace(one, scene=asked) for one in some]
        case "metric":
            scorer = dataclasses.replace(scorer, metrics=scorer.metrics[:2])
        case "judge":
            judge = dataclasses.make_dataclass("Other", [], bases=(SandboxJudge,), frozen=True)
            judge.id = "other"
            scorer = dataclasses.replace(scorer, judge=judge())
        case "way":
            scorer = dataclasses.replace(scorer, by="words", metrics=scorer.metrics[:1])
        case "model":
            scorer = dataclasses.replace(scorer, model="yours")
    score(scorer, (root, some), place)
    assert len(list(place.iterdir())) == 2 and kept.exists()


def test_processes_share_the_work_and_give_the_same(pictures, scored, tmp_path, monkeypatch):
    """What each of three processes does, one after the other, since none waits for what it does not need."""
    monkeypatch.setenv("WORLD_SIZE", "3")
    monkeypatch.setattr("generate_any_scene.training.evaluation.scoring.wait_for_all", lambda: None)
    done = []
    for rank in ("1", "2", "0"):
        monkeypatch.setenv("RANK", rank)
        done.append(score(open_scorer(), pictures, tmp_path))
    assert done[:2] == [None, None]
    assert done[2].answers == scored.answers and done[2].scores == scored.scores


def test_a_judge_that_answers_nothing_stops_it(pictures, tmp_path):
    @dataclasses.dataclass(frozen=True)
    class Mute(SandboxJudge):
        def answer(self, images, questions):
            return [""] * len(questions)

    scorer = dataclasses.replace(open_scorer(), judge=Mute(), by="words")
    with pytest.raises(GasError, match="the judge gives no answer to"):
        score(scorer, pictures, tmp_path)
    assert not list(tmp_path.iterdir())


def test_pictures_alone_need_no_judge(pictures, tmp_path):
    scorer = Scorer("mine", [])
    found = score(scorer, pictures, tmp_path)
    assert found.answers.num_rows == found.scores.num_rows == 0 and found.cost.tokens is None
    assert json.loads(scorer.identify())[1] is None
