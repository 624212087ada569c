"""The comparison of wordings in docs/: models are made, evaluated and put in tables, and nothing twice."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "compare_wordings.py"


@pytest.mark.slow
def test_tables_of_models_on_wordings(tmp_path, capsys, monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    spec = importlib.util.spec_from_file_location("compare_wordings", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    arguments = ["--out", str(tmp_path), "--seeds", "1", "2", "--scenes", "40", "--tested", "12", "--steps", "4"]
    script.main(arguments)
    said = capsys.readouterr().out
    for wording in script.TESTED:
        assert f"Held out, {wording}: differences (95 %)" in said
    assert "| all - one |" in said and "3 models" in said
    weights = sorted(tmp_path.rglob("*.safetensors"))
    times = [path.stat().st_mtime_ns for path in weights]
    assert len(weights) == 2 * len(script.ARMS) + len(script.STRENGTHS)
    script.main(arguments)
    assert capsys.readouterr().out == said
    assert [path.stat().st_mtime_ns for path in weights] == times
