"""What tests of evaluations share."""

import pyarrow as pa
import pytest
from generate_any_scene.training.recipes.loading import load_evaluation


@pytest.fixture
def load(tmp_path):
    """Loads an evaluation of the sandbox whose pictures are made as is said."""

    def load_one(pictures, **parts):
        given = {"name": "made", "kind": "evaluation", "data": {"recipe": "sandbox"}, "output": str(tmp_path / "run")}
        return load_evaluation(None, (), {**given, "pictures": pictures, **parts}).recipe

    return load_one


@pytest.fixture
def make_scenes():
    """Makes rows of scenes of colored shapes, whose captions say what there is."""

    def make(count):
        names = ("circle", "square", "star", "heart")
        rows = [
            {
                "id": f"sandbox/test/{number:09}",
                "caption": f"a {names[number % 4]}",
                "scene_graph": {
                    "objects": [{"name": names[number % 4], "attributes": [], "count": 1}],
                    "relations": [],
                },
            }
            for number in range(count)
        ]
        return pa.Table.from_pylist(rows)

    return make
