"""Pictures by a command: what it is told, what it leaves, and how it fails."""

import sys
import textwrap
import time

import pytest
from generate_any_scene.errors import GasError, RecipeError
from generate_any_scene.training.evaluation.backends.loading import check_backend, open_backend
from generate_any_scene.training.evaluation.making import make_pictures
from generate_any_scene.training.evaluation.opening import open_file

DRAW = """
    import json, sys
    from pathlib import Path
    from PIL import Image

    print("on stdout")
    for line in sys.stdin:
        asked = json.loads(line)
        shade = (asked["seed"] % 256, asked["number"], len(asked["prompt"]))
        picture = Image.new("RGB", (asked.get("size", 8),) * 2, shade)
"""
SAVE = """
        picture.save(asked["path"])
"""


@pytest.fixture
def write(tmp_path, load):
    """Makes an evaluation whose pictures a script draws."""

    def write_one(text, **settings):
        script = tmp_path / "draw.py"
        script.write_text(textwrap.dedent(text))
        return load({"backend": "command", "command": [sys.executable, str(script)], **settings})

    return write_one


@pytest.fixture
def make(make_scenes, tmp_path):
    def make_all(recipe, scenes=3, folder="run"):
        backend = open_backend(recipe.pictures, recipe)
        return make_pictures(backend, make_scenes(scenes), recipe, tmp_path / folder)

    return make_all


def test_it_reads_lines_and_writes_files(write, make, tmp_path, capfd):
    recipe = write(DRAW + SAVE, count=2, batch_size=4, options={"size": 12})
    found = make(recipe)
    assert sum(map(len, found.pictures.values())) == 6
    picture = open_file(found.root / "sandbox/test/000000002/1.png")
    assert picture.size == (12, 12) and picture.getpixel((0, 0))[1:] == (1, len("a star"))
    output = capfd.readouterr()
    assert not output.out and output.err.count("on stdout") == 2
    backend = open_backend(recipe.pictures, recipe)
    assert backend.id == "draw" and backend.record["options"] == {"size": 12}


def test_frames_are_a_folder(write, make):
    save = """
        Path(asked["path"]).mkdir()
        for frame in range(3):
            picture.save(Path(asked["path"], f"{frame}.png"))
    """
    found = make(write(DRAW + save, suffix=""))
    assert found.pictures["sandbox/test/000000001"] == ["sandbox/test/000000001"]
    assert len(open_file(found.root / "sandbox/test/000000001")) == 3


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("sys.exit(3)", "ended with exit status 3 without writing it"),
        ("import os; os.kill(os.getpid(), 9)", "was ended by signal 9 without writing it"),
        ("break", "has ended without writing it"),
        ("continue", "cannot be used: it is no picture, or a damaged one"),
    ],
)
def test_what_it_has_written_before_it_failed_counts(write, make, end, reason):
    stop = f"""
        if asked["scene"].endswith("1"):
            Path(asked["path"]).write_bytes(b"half") if "{end}" == "continue" else None
            {end}
    """
    found = make(write(DRAW + stop + SAVE))
    assert "sandbox/test/000000000" in found.pictures and reason in found.not_made["sandbox/test/000000001"]
    again = make(write(DRAW + SAVE))
    assert not again.without and not again.not_made


def test_a_command_that_makes_nothing_stops_the_evaluation(write, make):
    with pytest.raises(GasError, match="ended with exit status 7, and has written no picture") as caught:
        make(write("import sys; sys.exit(7)"))
    assert caught.value.exit_status == 1


def test_a_command_that_hangs_is_ended_with_all_that_it_has_started(write, make, tmp_path):
    hang = f"""
        import subprocess, sys, time
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3); open({str(tmp_path / "late")!r}, 'w')"])
        time.sleep(60)
    """
    started = time.monotonic()
    with pytest.raises(GasError, match=r"was stopped after 1.5 seconds"):
        make(write(hang, timeout=1.5))
    assert time.monotonic() - started < 20
    time.sleep(3)
    assert not (tmp_path / "late").exists()


def test_what_is_wrong_with_settings_is_found_before(load, make):
    recipe = load({"backend": "command", "command": ["no-such-command"], "suffix": ".exe", "options": {"seed": 1}})
    problems = check_backend(recipe.pictures)
    assert [problem.key for problem in problems] == ["pictures.command", "pictures.suffix", "pictures.options.seed"]
    with pytest.raises(GasError, match="there is no command"):
        open_backend(recipe.pictures, recipe)
    with pytest.raises(RecipeError, match="command"):
        load({"backend": "command", "command": []})
