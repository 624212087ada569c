"""Preference pairs: which pictures are paired, and the layout that scripts of diffusion-DPO read."""

from io import BytesIO
from pathlib import Path

import datasets
import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.judges.asking import judge_questions
from generate_any_scene.training.preferences import (
    draw_sandbox,
    make_preferences,
    pair_edits,
    pair_samples,
    read_iteration,
    write_preferences,
)
from generate_any_scene.training.sandbox.judge import SandboxJudge
from PIL import Image


@pytest.fixture
def pictures(tmp_path):
    """Scores of pictures of three scenes, each a file that holds its own name."""
    scores = {"a": [0.2, 0.9, 0.2], "b": [0.5, 0.5], "c": [None, 0.1, 0.4], "d": [None, 0.3]}
    lines = [
        {"id": scene, "caption": f"caption {scene}", "image": f"{scene}{number}.png", "score": score}
        for scene, some in scores.items()
        for number, score in enumerate(some)
    ]
    for line in lines:
        (tmp_path / line["image"]).write_bytes(line["image"].encode())
    return lines, tmp_path


def test_the_best_and_the_worst_picture_of_a_scene_are_a_pair(pictures):
    pairs = list(pair_samples(*pictures))
    assert [(one.id, one.chosen, one.rejected, one.scores) for one in pairs] == [
        ("a", b"a1.png", b"a0.png", (0.9, 0.2)),
        ("c", b"c2.png", b"c1.png", (0.4, 0.1)),
    ]
    assert [one.id for one in pair_samples(*pictures, least=0.5)] == ["a"]


def test_a_dataset_of_pairs_has_the_columns_that_scripts_of_diffusion_dpo_read(pictures):
    rows = make_preferences(pair_samples(*pictures))
    assert {"jpg_0", "jpg_1", "label_0", "caption"} <= set(rows.column_names)
    for row in rows:
        better, worse = ("jpg_0", "jpg_1") if row["label_0"] == 1 else ("jpg_1", "jpg_0")
        assert row["label_0"] + row["label_1"] == 1
        assert (row[better], row[worse]) in [(b"a1.png", b"a0.png"), (b"c2.png", b"c1.png")]
        assert row[better.replace("jpg", "score")] > row[worse.replace("jpg", "score")]
        assert row["caption"] == row["prompt"] == f"caption {row['id']}"


EDITS = ["relation_reversed", "attributes_swapped", "attribute", "object", "predicate"]
"""All but `count`: the sandbox draws one of each object."""


def load_scenes(count=40):
    return datasets.load_dataset("gas", "sandbox", split="train", pairs=EDITS).select(range(count)).to_list()


def test_minimal_pairs_are_hard_negatives_right_about_the_other_caption():
    """The judge of the sandbox is never wrong: of the worse picture it says all but what the edit changed."""
    scenes = load_scenes()
    by_id = {row["id"]: row for row in scenes}
    pairs = list(pair_edits(scenes, draw_sandbox, both=False))
    assert len(pairs) > 20 and all(one.source.startswith("minimal pair: ") for one in pairs)
    for one in pairs:
        row = by_id[one.id]
        changed = {each["question"] for each in row["pair"]["changed"]}
        chosen, rejected = (Image.open(BytesIO(content)) for content in (one.chosen, one.rejected))
        right, wrong = judge_questions(SandboxJudge(), [chosen, rejected], [row["questions"]] * 2).marks
        assert all(right)
        assert not any(wrong[place] for place in changed)
        assert one.caption == row["caption"] != row["pair"]["caption"]


def test_the_edited_caption_makes_the_same_pair_the_other_way_round():
    pairs = {one.id: one for one in pair_edits(load_scenes(10), draw_sandbox)}
    turned = {name: one for name, one in pairs.items() if name.endswith("/edited")}
    assert len(turned) * 2 == len(pairs) > 4
    for name, one in turned.items():
        scene = pairs[name.removesuffix("/edited")]
        assert (one.chosen, one.rejected) == (scene.rejected, scene.chosen)
        assert one.caption != scene.caption


def test_a_written_dataset_is_opened_by_its_folder_and_which_is_first_is_drawn_by_chance(tmp_path):
    rows = write_preferences(pair_edits(load_scenes(), draw_sandbox), tmp_path / "pairs")
    again = datasets.load_dataset(str(tmp_path / "pairs"), split="train")
    assert again.column_names == rows.column_names and again[:] == rows[:]
    assert 0.3 < sum(rows["label_0"]) / len(rows) < 0.7
    assert Image.open(BytesIO(again[0]["jpg_0"])).size == (72, 72)
    assert [file.name for file in (tmp_path / "pairs").iterdir()] == ["train.parquet"]


def test_what_cannot_be_is_told(pictures, tmp_path):
    lines, folder = pictures
    with pytest.raises(GasError, match="there are no pairs"):
        make_preferences(pair_samples([line for line in lines if line["id"] == "b"], folder))
    with pytest.raises(GasError, match="holds something; give an empty folder"):
        write_preferences(pair_samples(lines, folder), folder)
    (folder / "a1.png").unlink()
    with pytest.raises(GasError, match=r"a1\.png cannot be read"):
        list(pair_samples(lines, folder))
    with pytest.raises(GasError, match="build them with `pairs: true`"):
        list(pair_edits([{"id": "a", "caption": "x"}], draw_sandbox))
    with pytest.raises(GasError, match="give an iteration of a training of the kind `selection`"):
        read_iteration(tmp_path / "none")
    (tmp_path / "scores").mkdir()
    (tmp_path / "scores" / "scores.jsonl").write_text('{"id": \n')
    with pytest.raises(GasError, match=r"scores\.jsonl:1: the line is damaged"):
        read_iteration(tmp_path)
    assert not Path(tmp_path / "none").exists()
