import io

import pytest
from generate_any_scene.training.evaluation.report.marks import Axis
from generate_any_scene.training.evaluation.report.terminal import STRIP, draw_strip, make_tables
from generate_any_scene.training.metrics.intervals import Estimate
from invented import invent_report
from rich.console import Console


def show(report) -> str:
    out = io.StringIO()
    console = Console(file=out, width=200, highlight=False)
    for table in make_tables(report):
        console.print(table)
    return out.getvalue()


@pytest.mark.parametrize("models", [1, 2, 4])
def test_tables_fit_eighty_columns_of_ascii(models):
    text = show(invent_report(models))
    assert text.isascii()
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80


def test_tables_say_what_matters():
    report = invent_report()
    text = show(report)
    kind = next(group for group in report["by"]["kind"] if group["group"] == "count")
    assert f"{kind['value']:.2f} ({kind['low']:.2f}-{kind['high']:.2f})" in text
    for words in ("All metrics", "0.4 %", "not trusted", "a white picture", "Hardest concepts", "1,204,331"):
        assert words in text


def test_columns_without_room_are_counted():
    report = invent_report(models=4)
    assert "more columns" in show(report)


def test_report_without_anything_has_no_tables():
    assert make_tables({"runs": [], "overall": []}) == []


def test_strip_stands_where_its_numbers_are():
    axis = Axis(0.0, 1.0)
    strip = draw_strip(axis, [Estimate(0.5, 0.25, 0.75)], {"blank": 0.0, "exam": 1.0})
    assert len(strip) == STRIP
    assert strip == "b    -----*------    |"
    both = draw_strip(axis, [Estimate(0.0, 0.0, 0.0), None, Estimate(1.0, 1.0, 1.0)], {})
    assert both == "1" + " " * (STRIP - 2) + "3"
