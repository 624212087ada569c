"""`gas export` of pictures with captions: any dataset that has both becomes the folder of a trainer."""

import json
import re
import tomllib
from io import BytesIO
from pathlib import Path

import datasets
import pytest
from generate_any_scene.builders.export.picture_formats import list_picture_formats
from generate_any_scene.builders.export.picture_formats.diffsynth import MODELS as DIFFSYNTH
from generate_any_scene.builders.export.picture_formats.kohya import MODELS as KOHYA
from generate_any_scene.builders.export.picture_formats.simpletuner import MODELS as SIMPLETUNER
from generate_any_scene.training.recipes.loading import load_training
from PIL import Image

CAPTIONS = ["None", "a red dog,\n  and a cat", 'two "cats" \u2013 caf\u00e9', "a dog", "a cat"]
ORIENTATION = 0x0112


def draw(mode="RGB", size=(48, 32)):
    return Image.linear_gradient("L").resize(size).convert(mode)


@pytest.fixture
def pictures(empty):
    """A folder of pictures with metadata: two that trainers read as they are, and three that they would misread."""
    folder = Path("mine")
    folder.mkdir()
    draw().save(folder / "a.png")
    draw().save(folder / "b.jpg", quality=70)
    draw("RGBA").save(folder / "c.png")
    turned = Image.Exif()
    turned[ORIENTATION] = 6
    draw().save(folder / "d.jpg", exif=turned)
    draw("L").save(folder / "e.tiff")
    lines = [
        json.dumps({"file_name": path.name, "caption": caption})
        for path, caption in zip(sorted(folder.iterdir()), CAPTIONS, strict=True)
    ]
    (folder / "metadata.jsonl").write_text("\n".join(lines))
    return folder


def read_folder(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("out", [".", "link"])
def test_an_empty_folder_that_is_there_is_filled(out, pictures, gas, tmp_path, monkeypatch):
    source = pictures.absolute()
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    Path("../link").symlink_to(tmp_path / "there")
    status, _, err = gas("export", source, "-f", "kohya", "-o", out if out == "." else "../link")
    assert status == 0, err
    assert Path("pictures/0.png").exists() and not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize("format_", list_picture_formats())
def test_pictures_are_what_a_viewer_shows(format_, pictures, gas):
    status, out, err = gas("export", pictures, "-f", format_, "-o", "out")
    assert (status, out) == (0, "") and "wrote 5 pictures with their captions into out" in err
    names = ["0.png", "1.jpg", "2.png", "3.png", "4.png"]
    written = {path.name: path for path in Path("out/pictures").iterdir() if path.suffix != ".txt"}
    assert sorted(written) == names
    for name, source in (("0.png", "a.png"), ("1.jpg", "b.jpg")):
        assert written[name].read_bytes() == (pictures / source).read_bytes()
    opened = [Image.open(written[name]) for name in names]
    assert {image.mode for image in opened} == {"RGB"}
    assert [image.size for image in opened] == [(48, 32)] * 3 + [(32, 48), (48, 32)]
    assert not opened[3].getexif().get(ORIENTATION)


@pytest.mark.parametrize("format_", list_picture_formats())
def test_the_same_rows_give_the_same_bytes_from_any_source(format_, pictures, gas):
    gas("export", pictures, "-f", format_, "-o", "first")
    datasets.load_dataset(str(pictures), split="train").to_parquet("rows/train.parquet")
    assert gas("export", "rows", "-f", format_, "-o", "second")[0] == 0
    assert read_folder(Path("first")) == read_folder(Path("second"))
    beside = Path("beside")
    beside.mkdir()
    for number, caption in enumerate(CAPTIONS[:2]):
        draw().save(beside / f"{number}.png")
        (beside / f"{number}.txt").write_text(caption)
    assert gas("export", beside, "-f", format_, "-o", "third")[0] == 0
    assert len([*Path("third/pictures").glob("*.png")]) == 2


@pytest.mark.parametrize("format_", ["kohya", "simpletuner"])
def test_captions_lie_beside_pictures_on_one_line(format_, pictures, gas):
    gas("export", pictures, "-f", format_, "-o", "out")
    texts = [Path(f"out/pictures/{number}.txt").read_text(encoding="utf-8") for number in range(5)]
    assert texts == [" ".join(caption.split()) for caption in CAPTIONS]


def test_diffsynth_has_captions_in_its_metadata(pictures, gas):
    gas("export", pictures, "-f", "diffsynth", "-o", "out")
    rows = json.loads(Path("out/metadata.json").read_text(encoding="ascii"))
    assert [row["prompt"] for row in rows] == [" ".join(caption.split()) for caption in CAPTIONS]
    assert all(Path("out", row["image"]).is_file() for row in rows)
    for name in DIFFSYNTH:
        words = Path(f"out/{name}.sh").read_text().split()
        assert words[words.index("--dataset_repeat") + 1] == "800"  # 5 pictures x 800 = 1,000 updates of 4


def test_trainings_are_those_of_our_recipes(pictures, gas):
    """What all three and ours say: updates, batches, rank, learning rate, size, precision."""
    recipe = load_training("finetune_sd35_medium").recipe
    ours = (recipe.max_steps, recipe.gradient_accumulation_steps, recipe.lora["r"], recipe.optimizer["lr"])
    for format_ in list_picture_formats():
        gas("export", pictures, "-f", format_, "-o", format_)
    for name in KOHYA:
        said = tomllib.loads(Path(f"kohya/{name}.toml").read_text())
        assert ours == (
            *(said["max_train_steps"], said["gradient_accumulation_steps"]),
            *(said["network_dim"], said["learning_rate"]),
        )
        assert (said["network_alpha"], said["mixed_precision"]) == (recipe.lora["lora_alpha"], recipe.mixed_precision)
    (dataset,) = tomllib.loads(Path("kohya/dataset.toml").read_text())["datasets"]
    (data, _) = json.loads(Path("simpletuner/config/multidatabackend.json").read_text())
    assert (dataset["resolution"], data["resolution"]) == (recipe.resolution, recipe.resolution)
    for name in SIMPLETUNER:
        said = json.loads(Path(f"simpletuner/config/{name}/config.json").read_text())
        assert ours == (
            *(said["max_train_steps"], said["gradient_accumulation_steps"]),
            *(said["lora_rank"], said["learning_rate"]),
        )
    for name in DIFFSYNTH:
        words = Path(f"diffsynth/{name}.sh").read_text().split()
        keys = ("--gradient_accumulation_steps", "--lora_rank", "--learning_rate", "--max_pixels")
        values = [float(words[words.index(key) + 1]) for key in keys]
        assert values == [*ours[1:], recipe.resolution**2]
    named = {name.removeprefix("finetune_") for name in ("finetune_flux1_dev", "finetune_sd35_medium")}
    assert KOHYA.keys() == named and DIFFSYNTH.keys() | named == SIMPLETUNER.keys()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mine", "-f", "kohya"), "kohya is a folder with pictures: name it with --out"),
        (("mine", "-f", "kohya", "-o", "mine"), "mine holds something; give an empty folder, or a new one"),
        (("mine", "-f", "kohja", "-o", "out"), "there is no format `kohja`; did you mean `kohya`?"),
        (("nowhere/at/all", "-f", "kohya", "-o", "out"), "kohya holds pictures: give a folder with pictures"),
        (("mine", "-f", "diffsynth", "-o", "out", "--split", "tst"), "diffsynth holds pictures"),
        (("words", "-f", "simpletuner", "-o", "out"), "the data has no column `image`"),
        (("broken", "-f", "kohya", "-o", "out"), "the picture of row 1: it cannot be read"),
    ],
)
def test_what_cannot_be_exported_is_told_in_a_line(arguments, message, pictures, gas):
    Path("words").mkdir()
    Path("words/train.jsonl").write_text(json.dumps({"caption": "a dog"}))
    Path("broken").mkdir()
    content = BytesIO()
    draw().save(content, "PNG")
    for number, shown in enumerate((content.getvalue(), content.getvalue()[:60])):
        Path(f"broken/{number}.png").write_bytes(shown)
        Path(f"broken/{number}.txt").write_text("a dog")
    before = read_folder(Path())
    status, _, err = gas("export", *arguments)
    told = [line for line in err.splitlines() if line.startswith("gas: ")]
    assert status == 2 and len(told) == 1 and message in told[0] and len(told[0]) < 4000
    assert read_folder(Path()) == before and not Path(".out.part").exists()


def test_a_built_folder_has_no_pictures(built, gas, tmp_path):
    status, _, err = gas("export", built, "-f", "kohya", "--config", "multi_object", "-o", tmp_path / "out")
    assert status == 2 and "the data has no column `image`" in err and "kohya holds pictures" in err


def test_help_lists_them(gas):
    _, out, _ = gas("export", "--help")
    assert all(re.search(rf"{name} +Pictures with captions", out) for name in list_picture_formats())
