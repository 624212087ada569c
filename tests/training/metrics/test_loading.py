"""Every metric is complete: its class, what its file says, its module for `evaluate`, its row in the docs.

A metric is found by its file, so what a new one lacks is told here by name.
"""

import inspect
import re
from dataclasses import is_dataclass
from pathlib import Path

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.metrics.loading import (
    PARTS,
    describe_metric,
    find_evaluate_module,
    find_metric,
    list_metrics,
    name_score,
    open_metric,
)
from generate_any_scene.training.sandbox.judge import SandboxJudge

DOCS = Path(__file__).parents[3] / "docs" / "metrics.md"
MEASURED = {"answers": ["questions", "judged"], "pictures": ["pictures", "rows"], "sets": ["sets"]}
BASES = {"answers": "AnswersModule", "pictures": "PicturesModule", "sets": "SetsModule"}


@pytest.fixture(params=list_metrics())
def name(request):
    return request.param


def read_table():
    """The cells of each row of the table of metrics in the docs, by the metric's name."""
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", DOCS.read_text(encoding="utf-8"), re.M)
    return {name: cells.split(" | ") for name, cells in rows}


def test_metrics_are_the_files_of_the_folder():
    assert {"answer_accuracy", "dsg", "tifa", "soft_tifa", "positive_and_negative", "ocr_accuracy"} <= {
        *list_metrics()
    }
    assert {"loading", "protocol", "intervals", "evaluation", "__init__"}.isdisjoint(list_metrics())


def test_it_measures_what_it_says_that_it_needs(name):
    metric = find_metric(name)
    assert is_dataclass(metric)
    assert metric.__dataclass_params__.frozen
    assert list(inspect.signature(metric.measure).parameters)[1:] == MEASURED[metric.needs]


def test_its_file_says_where_it_is_from_and_what_it_does_not_see(name):
    found = describe_metric(name)
    assert [part for part in PARTS if not found.get(part)] == []


def test_it_has_a_module_for_evaluate(name):
    text = (find_evaluate_module(name) / f"{name}.py").read_text(encoding="utf-8")
    assert f"(evaluation.{BASES[find_metric(name).needs]}):\n" in text
    assert f'metric = "{name}"\n' in text


def test_the_docs_list_it_in_its_own_words(name):
    """Range and source are those of its file."""
    _, range_, source, _ = read_table()[name]
    found = describe_metric(name)
    assert found["Range"].startswith(range_)
    assert source in found["Source"]


def test_the_docs_list_no_others():
    assert sorted(read_table()) == sorted(list_metrics())
    assert {name: cells[0] for name, cells in read_table().items()} == {
        name: find_metric(name).needs for name in list_metrics()
    }


def test_finding_metrics_loads_nothing_heavy(run_python):
    code = """
import sys
from generate_any_scene.training.metrics.loading import find_metric, list_metrics
for name in list_metrics():
    find_metric(name)
print(*[name for name in ("torch", "transformers", "datasets", "evaluate", "rapidocr") if name in sys.modules])
"""
    assert run_python(code).split() == []


def test_a_number_has_the_name_of_all_that_changes_it():
    judge = SandboxJudge()
    names = [
        name_score(open_metric("dsg"), judge),
        name_score(open_metric("dsg", rule="paper", questions="all"), judge),
        name_score(open_metric("tifa"), judge, "probability"),
    ]
    assert names == ["dsg@transitive,words:sandbox", "dsg@paper,all,words:sandbox", "tifa@probability:sandbox"]
    reader = open_metric("ocr_accuracy", reader=judge)
    assert name_score(reader, judge) == reader.id == "ocr_accuracy@words:sandbox"


@pytest.mark.parametrize(
    ("name", "options", "what"),
    [
        ("dgs", {}, r"there is no metric dgs; did you mean `dsg`\?"),
        ("intervals", {}, "there is no metric intervals; choose from aesthetic_quality, answer_accuracy, "),
        ("dsg", {"rules": "paper"}, r"dsg has no option rules; did you mean `rule`\?"),
        ("tifa", {"rule": "paper"}, "tifa has no option rule; it has none"),
        ("soft_tifa", {"mean": 1}, "soft_tifa: mean cannot be `1`; choose from arithmetic, geometric"),
        ("ocr_accuracy", {"reader": "tesseract"}, "ocr_accuracy: reader cannot be `tesseract`; choose from rapidocr"),
    ],
)
def test_what_there_is_not_is_told(name, options, what):
    with pytest.raises(GasError, match=what):
        open_metric(name, **options)
