"""`gas export` of edits: pictures before and after, in the folders that trainers of edit models read."""

import json
import re
import shlex
from pathlib import Path

import datasets
import pytest
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.export.edit_formats import list_edit_formats
from generate_any_scene.builders.export.edit_formats.diffsynth_edit import SOURCES
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.training.sandbox.judge import SandboxJudge
from PIL import Image

SPLITS = "splits={train: 60, validation: 20, test: 0}"
DRAWN = "pairs=[relation_reversed, attributes_swapped, attribute, object, predicate]"


@pytest.fixture(scope="module")
def edits(tmp_path_factory):
    """A folder of edits that the sandbox draws, beside those that it does not, and a config without any."""
    out = tmp_path_factory.mktemp("edits") / "gas"
    counts = load_recipe("sandbox", (SPLITS, "name=counts", "pairs=count", "edits=true"))
    build_datasets(
        [load_recipe("sandbox", (SPLITS, DRAWN, "edits=true")), counts, load_recipe("general", (SPLITS,))], out
    )
    return out


def read_lines(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="ascii").splitlines()]


def read_folder(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("format_", list_edit_formats())
def test_pictures_lie_beside_the_questions_that_prove_them(format_, edits, gas):
    status, out, err = gas("export", edits, "--config", "sandbox", "-f", format_, "-o", "out")
    assert (status, out) == (0, "") and re.search(r"wrote \d+ edits of sandbox/train", err)
    lines, judge = read_lines("out/edits.jsonl"), SandboxJudge()
    assert len(lines) > 50
    for line in lines:
        sides = {side: Image.open(f"out/{line[f'{side}_image']}") for side in ("source", "target")}
        for name, keys in (("must_change", ("before", "after")), ("must_keep", ("answer", "answer"))):
            for one in line[name]:
                question = " ".join([one["question"], ", ".join(one["choices"])]).strip()
                replies = [judge.answer([picture], [question])[0] for picture in sides.values()]
                assert replies == [one[key] for key in keys]
        assert line["source"] != line["target"] and line["must_change"]
    gas("export", edits, "--config", "sandbox", "-f", format_, "-o", "again")
    assert read_folder(Path("out")) == read_folder(Path("again"))


def test_diffusers_reads_the_columns_of_instruct_pix2pix(edits, gas):
    gas("export", edits, "--config", "sandbox", "-f", "instruct_pix2pix", "-o", "out")
    # As the script opens `--train_data_dir`.
    rows = datasets.load_dataset("imagefolder", data_files={"train": "out/**"}, split="train", cache_dir="cache")
    lines = read_lines("out/edits.jsonl")
    assert sorted(rows.column_names) == ["edit_prompt", "edited_image", "input_image"]
    assert rows["edit_prompt"][:] == [line["instruction"] for line in lines]
    for row, line in zip(rows, lines, strict=True):
        for column, side in (("input_image", "source_image"), ("edited_image", "target_image")):
            assert row[column].tobytes() == Image.open(f"out/{line[side]}").tobytes()


def test_diffsynth_has_a_column_for_each_model(edits, gas):
    gas("export", edits, "--config", "sandbox", "--split", "validation", "-f", "diffsynth_edit", "-o", "out")
    rows, lines = json.loads(Path("out/metadata.json").read_text()), read_lines("out/edits.jsonl")
    for row, line in zip(rows, lines, strict=True):
        assert row["prompt"] == line["instruction"]
        assert (row["image"], row["edit_image"], row["kontext_images"]) == (
            *(line["target_image"], line["source_image"]),
            line["source_image"],
        )
    for name, source in SOURCES.items():
        words = shlex.split(Path(f"out/{name}.sh").read_text(), comments=True)
        assert words[words.index("--data_file_keys") + 1] == f"image,{source}"
        assert words[words.index("--extra_inputs") + 1] == source


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--config", "sandbox", "-f", "instruct_pix2pix"), "instruct_pix2pix is a folder with pictures: name it"),
        (("--config", "sandbox", "-f", "instruct_pix2pixel", "-o", "out"), "did you mean `instruct_pix2pix`?"),
        (("--config", "general", "-f", "diffsynth_edit", "-o", "out"), "general has no edits; build it with `pairs"),
        (("--config", "counts", "-f", "diffsynth_edit", "-o", "out"), "one of each object"),
        (("--config", "sandbax", "-f", "diffsynth_edit", "-o", "out"), "did you mean `sandbox`?"),
        (("--config", "sandbox", "-f", "diffsynth_edit", "-o", "there"), "there holds something"),
        (("--config", "sandbox", "-f", "diffsynth_edit", "-o", "out", "--wording", "short"), "--wording is not for"),
    ],
)
def test_what_cannot_be_exported_is_told_in_a_line(arguments, message, edits, gas):
    Path("there").mkdir()
    Path("there/mine.txt").write_text("mine")
    status, _, err = gas("export", edits, *arguments)
    told = [line for line in err.splitlines() if line.startswith("gas: ")]
    assert status == 2 and len(told) == 1 and message in told[0]
    assert not Path("out").exists() and [path.name for path in Path("there").iterdir()] == ["mine.txt"]


def test_help_lists_them(gas):
    _, out, _ = gas("export", "--help")
    assert all(re.search(rf"{name} +Edits of pictures", out) for name in list_edit_formats())
