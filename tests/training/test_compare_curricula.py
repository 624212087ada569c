"""The comparison of curricula in docs/: bases are made, trained in each arm and put in tables, and nothing twice."""

import importlib.util
import json
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "compare_curricula.py"
SMALL = [
    *("sandbox_model.hidden_size=32", "sandbox_model.data.limit=300", "sandbox_model.steps=20"),
    *("trainer.per_device_train_batch_size=32", "trainer.use_cpu=true", "held_out.data.limit=20"),
]


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("compare_curricula", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def test_a_step_is_found_between_tests(script):
    assert script.find_step({0: 0.5, 4: 0.7, 8: 0.6, 12: 0.9}, 0.65) == pytest.approx(3)
    assert script.find_step({0: 0.5, 4: 0.7}, 0.5) == 0
    assert script.find_step({0: 0.5, 4: 0.7}, 0.8) is None


@pytest.mark.slow
def test_tables_of_policies(script, tmp_path, capsys):
    arguments = ["--out", str(tmp_path), "--seeds", "1", "2", "--steps", "4", "--every", "2", "--accuracy", "0.99"]
    script.main([*arguments, "--set", *SMALL])
    said = capsys.readouterr().out
    for figure in ("Groups without spread", "Steps to 0.99", "Accuracy at the end"):
        assert figure in said
    assert "| target | over 4 | over 4 | 4.0 | +0.000 (+0.000 to +0.000) |" in said
    tests = {arm: json.loads((tmp_path / "seed_1" / arm / script.OUTCOME).read_text()) for arm in script.ARMS}
    assert all(list(found) == ["0", "2", "4"] for found in tests.values())
    assert tests["uniform"]["0"] == tests["spread"]["0"]  # one base
    weights = sorted(tmp_path.rglob("*.safetensors"))
    times = [path.stat().st_mtime_ns for path in weights]
    assert len(weights) == 2 * (1 + len(script.ARMS))
    script.main([*arguments, "--set", *SMALL])
    assert capsys.readouterr().out == said
    assert [path.stat().st_mtime_ns for path in weights] == times
