"""Pictures on a cluster of Ray that loses workers: the same files as one process makes."""

import sys
import textwrap

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.evaluation.making import make_pictures, open_maker

pytestmark = pytest.mark.slow

DRAW = """
    import json, os, sys
    from pathlib import Path
    from PIL import Image

    for line in sys.stdin:
        asked = json.loads(line)
        flag = Path(__file__).with_name("lost")
        if asked.get("lose") and asked["scene"].endswith("5") and not flag.exists():
            flag.touch()
            os.kill(os.getppid(), 9)
            sys.exit(1)
        Image.new("RGB", (8, 8), (asked["seed"] % 256, 0, len(asked["prompt"]))).save(asked["path"])
"""


@pytest.fixture(scope="module", autouse=True)
def cluster():
    import ray

    ray.init(num_cpus=2, object_store_memory=10**8, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def read_all(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.png")}


def make(recipe, scenes, folder):
    return make_pictures(open_maker(recipe), scenes, recipe, folder)


def test_a_cluster_makes_the_same_pictures(load, make_scenes, tmp_path):
    pictures = {"backend": "sandbox", "count": 2, "batch_size": 3}
    for engine in ("local", "ray"):
        found = make(load(pictures, engine=engine), make_scenes(7), tmp_path / engine)
        assert sum(map(len, found.pictures.values())) == 14
    assert read_all(tmp_path / "ray") == read_all(tmp_path / "local")
    (tmp_path / "ray/pictures/sandbox/test/000000003/1.png").unlink()
    make(load(pictures, engine="local"), make_scenes(7), tmp_path / "ray")
    assert read_all(tmp_path / "ray") == read_all(tmp_path / "local")


def test_a_worker_that_is_lost_costs_time_alone(load, make_scenes, tmp_path):
    (tmp_path / "draw.py").write_text(textwrap.dedent(DRAW))
    pictures = {"backend": "command", "command": [sys.executable, str(tmp_path / "draw.py")], "batch_size": 2}
    for engine, options in (("local", {}), ("ray", {"lose": True})):
        recipe = load({**pictures, "options": options}, engine=engine, workers=2)
        assert len(make(recipe, make_scenes(9), tmp_path / engine).pictures) == 9
    assert (tmp_path / "lost").exists()
    assert read_all(tmp_path / "ray") == read_all(tmp_path / "local")


def test_what_is_wrong_on_a_worker_is_said_here(load, make_scenes, tmp_path):
    recipe = load({"backend": "command", "command": ["no-such-command"]}, engine="ray")
    with pytest.raises(GasError, match="there is no command") as caught:
        open_maker(recipe)
    assert caught.value.exit_status == 2
