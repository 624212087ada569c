"""Pictures of scenes: the same however they are made, whole or not there, and never mixed with others."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pyarrow as pa
import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.evaluation.backends.loading import open_backend
from generate_any_scene.training.evaluation.backends.protocol import NotMade, PictureFile
from generate_any_scene.training.evaluation.making import choose_shows, make_pictures
from generate_any_scene.training.evaluation.opening import open_file
from PIL import Image

DRAWN = {"backend": "sandbox"}


class Maker:
    """Makes pictures of one color, by the seed; those of `refused` not."""

    id, notes = "maker", {}

    def __init__(self, refused=(), record=None, kind="picture"):
        self.refused, self.record, self.kind, self.batches = refused, record or {"steps": 4}, kind, []

    def make(self, requests):
        self.batches.append(requests)
        return [self.make_one(request) for request in requests]

    def make_one(self, request):
        if request.scene in self.refused:
            return NotMade("refused: nsfw")
        picture = Image.new("RGB", (8, 8), (request.seed % 256, request.seed // 256 % 256, request.number))
        if self.kind == "frames":
            return [picture, Image.new("RGB", (8, 8), "white")]
        return picture if self.kind == "picture" else PictureFile(".jpg", b"\xff\xd8")


def read_all(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_pictures_do_not_depend_on_batches(load, make_scenes, tmp_path):
    made = {}
    for size in (1, 3, 64):
        recipe = load({**DRAWN, "count": 2, "batch_size": size})
        found = make_pictures(open_backend(recipe.pictures, recipe), make_scenes(5), recipe, tmp_path / str(size))
        made[size] = read_all(found.root)
    assert made[1] == made[3] == made[64] and len(made[1]) == 12
    assert found.pictures["sandbox/test/000000003"] == [f"sandbox/test/000000003/{number}.png" for number in (0, 1)]
    assert open_file(found.root / "sandbox/test/000000003/0.png") != open_file(
        found.root / "sandbox/test/000000003/1.png"
    )


def test_prompts_are_written_as_they_are_sent(load, make_scenes, tmp_path):
    recipe = load(DRAWN, prompt="A photo of {caption}{}")
    maker = Maker()
    found = make_pictures(maker, make_scenes(2), recipe, tmp_path)
    sent = [request.prompt for request in maker.batches[0]]
    assert sent == ["A photo of a circle{}", "A photo of a square{}"]
    lines = [json.loads(line) for line in (found.root / "prompts.jsonl").read_text().splitlines()]
    assert [line["prompt"] for line in lines] == sent
    found = make_pictures(other := Maker(), make_scenes(3), recipe, tmp_path / "other", prompts=["one", None, "two"])
    assert [request.prompt for request in other.batches[0]] == ["one", "two"]
    assert found.without == ["sandbox/test/000000001"]


def test_only_what_is_not_there_is_made(load, make_scenes, tmp_path):
    recipe, scenes, told = load({**DRAWN, "count": 2}), make_scenes(4), []
    make_pictures(Maker(), scenes.slice(0, 3), recipe, tmp_path)
    before = read_all(tmp_path)
    (tmp_path / "pictures/sandbox/test/000000001/1.png").unlink()
    (tmp_path / "pictures/sandbox/test/.000000001.png.77.new").write_bytes(b"half")
    maker = Maker()
    found = make_pictures(maker, scenes, recipe, tmp_path, told.append)
    asked = [(request.scene[-1], request.number) for batch in maker.batches for request in batch]
    assert asked == [("1", 1), ("3", 0), ("3", 1)] and told == [5, 1, 1, 1]
    after = read_all(tmp_path)
    assert {name: content for name, content in after.items() if name in before and name.endswith(".png")} == {
        name: content for name, content in before.items() if name.endswith(".png")
    }
    assert not [name for name in after if name.endswith(".new")] and not found.without


def test_frames_and_files_are_kept(load, make_scenes, tmp_path):
    for count in (1, 2):
        recipe = load({**DRAWN, "count": count})
        folder = tmp_path / str(count)
        found = make_pictures(Maker(kind="frames"), make_scenes(2), recipe, folder)
        name = "sandbox/test/000000001" + ("/1" if count == 2 else "")
        assert found.pictures["sandbox/test/000000001"][-1] == name
        assert open_file(found.root / name)[1].getpixel((0, 0)) == (255, 255, 255)
        again = Maker(kind="frames")
        assert make_pictures(again, make_scenes(2), recipe, folder) == found and not again.batches
    recipe = load(DRAWN)
    found = make_pictures(Maker(kind="file"), make_scenes(1), recipe, tmp_path / "file")
    assert found.pictures == {"sandbox/test/000000000": ["sandbox/test/000000000.jpg"]}
    again = make_pictures(Maker(), make_scenes(1), recipe, tmp_path / "file")
    assert not again.pictures and list(again.unreadable) == ["sandbox/test/000000000.jpg"]


def test_other_settings_are_refused_by_name(load, make_scenes, tmp_path):
    recipe, scenes = load(DRAWN), make_scenes(2)
    make_pictures(Maker(record={"steps": 20, "size": {"width": 64}}), scenes, recipe, tmp_path)
    with pytest.raises(GasError, match=r"size\.width was `64`, now `128`; steps was `20`, now `28`; give another"):
        make_pictures(Maker(record={"steps": 28, "size": {"width": 128}}), scenes, recipe, tmp_path)
    same = Maker(record={"steps": 20, "size": {"width": 64}})
    with pytest.raises(GasError, match=r"the prompt of sandbox/test/000000000 was `?\"?a circle"):
        make_pictures(same, scenes, load(DRAWN, prompt="{caption}!"), tmp_path)
    with pytest.raises(GasError, match="seed was `0`, now `1`"):
        make_pictures(same, scenes, load(DRAWN, seed=1), tmp_path)
    with pytest.raises(GasError, match="count was `1`, now `3`"):
        make_pictures(same, scenes, load({**DRAWN, "count": 3}), tmp_path)
    make_pictures(same, scenes, load({**DRAWN, "batch_size": 9}), tmp_path)
    assert not same.batches
    (tmp_path / "pictures/prompts.jsonl").rename(tmp_path / "away")
    with pytest.raises(GasError, match=r"prompts\.jsonl is damaged, or gone"):
        make_pictures(same, scenes, recipe, tmp_path)
    (tmp_path / "away").rename(tmp_path / "pictures/prompts.jsonl")
    (tmp_path / "pictures/pictures.json").write_text("{")
    with pytest.raises(GasError, match="is damaged"):
        make_pictures(same, scenes, recipe, tmp_path)
    (tmp_path / "pictures/pictures.json").unlink()
    with pytest.raises(GasError, match="nothing says how they were made"):
        make_pictures(same, scenes, recipe, tmp_path)


def test_what_is_refused_is_counted_and_asked_for_again(load, make_scenes, tmp_path):
    recipe, scenes = load(DRAWN), make_scenes(3)
    refused = "sandbox/test/000000001"
    found = make_pictures(Maker([refused]), scenes, recipe, tmp_path)
    assert found.not_made == {refused: "refused: nsfw"} and found.without == [refused]
    again = Maker()
    assert not make_pictures(again, scenes, recipe, tmp_path).without
    assert [request.scene for request in again.batches[0]] == [refused]
    with pytest.raises(GasError, match="no picture could be made: refused: nsfw"):
        make_pictures(Maker(scenes["id"].to_pylist()), scenes, recipe, tmp_path / "none")


@pytest.mark.parametrize("scene", ["../a", "/a", "a//b", ".a", "a\nb", "", "a/."])
def test_ids_that_name_no_file_are_refused(load, tmp_path, scene):
    with pytest.raises(GasError, match="cannot name a picture"):
        make_pictures(Maker(), pa.table({"id": [scene], "caption": ["a cup"]}), load(DRAWN), tmp_path)


def test_a_place_that_cannot_be_written_is_named(load, make_scenes, tmp_path):
    (tmp_path / "pictures").write_text("in the way")
    with pytest.raises(GasError, match="pictures cannot be used: (File exists|Not a directory)") as caught:
        make_pictures(Maker(), make_scenes(1), load(DRAWN), tmp_path)
    assert caught.value.exit_status == 2


def test_an_id_is_not_the_folder_of_another(load, tmp_path):
    with pytest.raises(GasError, match="cannot name pictures of one folder"):
        make_pictures(Maker(), pa.table({"id": ["a", "a/0"], "caption": ["", ""]}), load(DRAWN), tmp_path)


def test_what_has_no_graph_is_not_drawn(load, tmp_path):
    recipe = load(DRAWN)
    with pytest.raises(GasError, match="the data has none"):
        make_pictures(
            open_backend(recipe.pictures, recipe), pa.table({"id": ["a"], "caption": [""]}), recipe, tmp_path
        )


def test_sheets_are_cut_apart(load, tmp_path):
    sheet = Image.new("RGB", (20, 20))
    for cell in range(4):
        sheet.paste((cell, 0, 0), (cell % 2 * 10, cell // 2 * 10, cell % 2 * 10 + 10, cell // 2 * 10 + 10))
    (tmp_path / "sheets").mkdir()
    sheet.save(tmp_path / "sheets/partiprompts0.png")
    (tmp_path / "sheets/whoops1.png").write_bytes(b"")
    scenes = pa.table({"id": ["partiprompts0", "whoops1", "whoops2"], "caption": ["a", "b", "c"]})
    recipe = load({"backend": "folder", "path": str(tmp_path / "sheets"), "grid": 2})
    for _ in range(2):
        found = make_pictures(open_backend(recipe.pictures, recipe), scenes, recipe, tmp_path / "run")
        assert found.pictures == {"partiprompts0": [f"partiprompts0/{cell}.png" for cell in range(4)]}
        assert list(found.unreadable) == ["whoops1.png"] and found.without == ["whoops1", "whoops2"]
        for cell in range(4):
            picture = open_file(found.root / f"partiprompts0/{cell}.png")
            assert picture.size == (10, 10) and picture.getcolors() == [(100, (cell, 0, 0))]
    as_they_are = load({"backend": "folder", "path": str(tmp_path / "sheets")})
    found = make_pictures(open_backend(as_they_are.pictures, as_they_are), scenes, as_they_are, tmp_path / "none")
    assert found.root == tmp_path / "sheets" and not (tmp_path / "none").exists()


def test_the_modality_of_the_dataset_says_what_numbered_files_are(load):
    folder = {"backend": "folder", "path": "."}
    assert choose_shows(load(folder)) == "pictures"
    assert choose_shows(load(folder, data={"recipe": "video"})) == "frames"
    assert choose_shows(load(folder, data={"recipe": "three_d"})) == "frames"
    assert choose_shows(load({**folder, "shows": "pictures"}, data={"recipe": "video"})) == "pictures"


SLOW = """
    import sys, time
    from pathlib import Path
    import pyarrow.parquet as pq
    from generate_any_scene.training.evaluation.backends.sandbox import Drawing
    from generate_any_scene.training.evaluation.making import make_pictures
    from generate_any_scene.training.recipes.loading import load_evaluation

    class Slow(Drawing):
        def make(self, requests):
            time.sleep(float(sys.argv[3]))
            return super().make(requests)

    folder, scenes = Path(sys.argv[1]), pq.read_table(sys.argv[2])
    parts = {"name": "made", "kind": "evaluation", "data": {"recipe": "sandbox"},
             "pictures": {"backend": "sandbox", "batch_size": 2}}
    found = make_pictures(Slow(), scenes, load_evaluation(None, (), parts).recipe, folder)
    print(len(found.pictures), sorted(found.not_made))
"""


@pytest.fixture
def start(tmp_path, make_scenes):
    """Starts a process that draws scenes, with a pause before each batch."""
    import pyarrow.parquet as pq

    pq.write_table(make_scenes(12), tmp_path / "scenes.parquet")

    def start_one(folder, pause, launcher=()):
        script = tmp_path / "slow.py"
        script.write_text(textwrap.dedent(SLOW))
        words = [sys.executable, *launcher, str(script), str(tmp_path / folder), str(tmp_path / "scenes.parquet")]
        return subprocess.Popen([*words, str(pause)], stdout=subprocess.PIPE, text=True)

    return start_one


def test_what_was_killed_goes_on(start, tmp_path):
    process = start("killed", 0.2)
    there = tmp_path / "killed/pictures/sandbox/test"
    while not (there.is_dir() and len(list(there.glob("[0-9]*.png"))) >= 3):
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert len(list(there.glob("[0-9]*.png"))) < 12
    for folder in ("killed", "whole"):
        assert start(folder, 0).communicate()[0].strip() == "12 []"
    assert read_all(tmp_path / "killed") == read_all(tmp_path / "whole")


@pytest.mark.slow
def test_processes_make_the_same_pictures(start, tmp_path):
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    said = start("two", 0, launcher).communicate()[0]
    assert (said.count("12"), said.count("[]")) == (2, 2)  # both write at the same time
    assert start("one", 0).communicate()[0].strip() == "12 []"
    assert read_all(tmp_path / "two") == read_all(tmp_path / "one")
