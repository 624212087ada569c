"""Prompts find their rows, wherever these are kept."""

import json

import datasets
import pyarrow.parquet as pq
import pytest
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.export.export import export_split
from generate_any_scene.builders.folder.reading import find_split
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.errors import GasError
from generate_any_scene.training.serving.prompts import open_prompts
from generate_any_scene.training.serving.requests import Ask, RequestError


def find(prompts, text, scene=None):
    return [one["question"] for one in prompts.find(Ask(text, (), scene))]


def list_questions(row):
    return [one["question"] for one in row["questions"]]


def test_every_caption_of_a_built_folder_finds_its_questions(prompts, rows):
    assert prompts.rows == 80  # of both splits
    for row in rows:
        assert find(prompts, row["caption"]) == list_questions(row)
    assert find(prompts, f"  {rows[0]['caption']}\n") == list_questions(rows[0])


def test_other_words_are_no_prompt(prompts, rows):
    for text in ("", "a dragon", rows[0]["caption"].upper(), rows[0]["caption"][:-1]):
        with pytest.raises(RequestError) as caught:
            find(prompts, text)
        assert caught.value.status == 404


def test_of_rows_with_one_caption_the_id_tells(prompts):
    text, places = max(prompts.twins.items(), key=lambda one: len(one[1]))
    twins = [prompts.tables[table][row] for table, row in places]
    assert len(twins) > 1
    for row in twins:
        assert row["caption"] == text
        assert find(prompts, text, row["id"]) == list_questions(row)
    assert find(prompts, text) == list_questions(twins[0])
    with pytest.raises(RequestError, match="have other ids than `nowhere`") as caught:
        find(prompts, text, "nowhere")
    assert caught.value.status == 409


def test_splits_and_configs_can_be_chosen(built, shapes):
    assert open_prompts(str(shapes), split="test").rows == 20
    assert open_prompts(str(built), "video", "validation").rows == 30
    assert open_prompts(str(built), "video").rows == 270
    assert open_prompts(str(built)).rows == 540
    assert open_prompts(str(built), split="test").rows == 80
    with pytest.raises(GasError, match="has no split `tests`"):
        open_prompts(str(shapes), split="tests")
    with pytest.raises(GasError, match="has no config `vid`; did you mean `video`"):
        open_prompts(str(built), "vid")


def test_wordings_find_their_row_as_well(tmp_path):
    splits = "splits={train: 10, validation: 0, test: 0}"
    build_datasets([load_recipe("multi_object", (splits, "wordings=[short, prompt]"))], tmp_path / "gas")
    found = open_prompts(str(tmp_path / "gas"))
    for row in found.tables[0]:
        assert {one["template"] for one in row["wordings"]} == {"short", "prompt"}
        for text in (row["caption"], *(one["caption"] for one in row["wordings"])):
            assert find(found, text, row["id"]) == list_questions(row)


def test_paraphrases_find_their_row_as_well(tmp_path, rows):
    kept = [{**row, "paraphrases": [{"text": f"Draw this: {row['caption']}"}]} for row in rows[:3]]
    path = tmp_path / "rows.parquet"
    datasets.Dataset.from_list(kept).to_parquet(str(path))
    found = open_prompts(str(path))
    for row in rows[:3]:
        assert find(found, f"Draw this: {row['caption']}") == find(found, row["caption"]) == list_questions(row)


@pytest.mark.parametrize("name", ["trl", "trl_chat"])
def test_exports_with_questions_can_be_served(name, shapes, rows, tmp_path):
    path = tmp_path / "train.jsonl"
    export_split(find_split(shapes, split="train"), name, path)
    for place in (path, path.parent):
        found = open_prompts(str(place))
        row = rows[0]
        assert find(found, row["caption"], row["id"]) == list_questions(row)


def test_rows_that_keep_questions_beside_the_prompt_can_be_served(tmp_path, rows):
    """As VeRL-Omni has rows: the prompt as a chat, and the rest in `extra_info`."""
    path = tmp_path / "train.parquet"
    kept = [
        {
            "data_source": "gas",
            "prompt": [{"role": "system", "content": "Draw."}, {"role": "user", "content": row["caption"]}],
            "reward_model": {"style": "rule", "ground_truth": row["caption"]},
            "extra_info": {"id": row["id"], "questions": json.dumps(row["questions"])},
        }
        for row in rows[:5]
    ]
    datasets.Dataset.from_list(kept).to_parquet(str(path))
    found = open_prompts(str(path))
    for row in rows[:5]:
        assert find(found, row["caption"]) == list_questions(row)


def test_a_recipe_is_served_as_it_is():
    found = open_prompts("sandbox", split="test")
    row = found.tables[0][5]
    assert find(found, row["caption"], row["id"]) == list_questions(row)


def test_a_folder_of_load_dataset_without_a_manifest_is_served(shapes, rows, tmp_path):
    (path,) = shapes.glob("sandbox/train-*.parquet")
    pq.write_table(pq.read_table(path).select(["id", "caption", "questions"]), tmp_path / "train.parquet")
    assert find(open_prompts(str(tmp_path)), rows[0]["caption"]) == list_questions(rows[0])


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([{"prompt": "a cat"}], "have no questions, but prompt; serve the dataset itself"),
        ([{"text": "a cat", "questions": "[]"}], "has no column `caption` or `prompt`, but text, questions"),
        ([{"prompt": None, "questions": "[]"}], "has no prompts"),
        ("{", "cannot be opened"),
        ("", "cannot be opened"),
    ],
)
def test_what_cannot_be_served_is_told(lines, told, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(lines if isinstance(lines, str) else "\n".join(map(json.dumps, lines)))
    with pytest.raises(GasError, match=told):
        open_prompts(str(path))


@pytest.mark.parametrize(
    ("questions", "told"),
    [
        ("[]", "row 0 of the dataset has no questions"),
        ("{", "cannot be asked about: `questions` is text, but no JSON"),
    ],
)
def test_rows_that_cannot_be_asked_about_are_told(questions, told, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"prompt": "a cat", "questions": questions}))
    with pytest.raises(RequestError, match=told) as caught:
        find(open_prompts(str(path)), "a cat")
    assert caught.value.status == 422


def test_a_name_that_is_none_is_told(monkeypatch):
    with pytest.raises(GasError, match="`multi_objekt`"):
        open_prompts("multi_objekt")
    with pytest.raises(GasError, match="leave --config out"):
        open_prompts("sandbox", config="sandbox")
