import io

import pytest
from generate_any_scene.training.evaluation.report.marks import Axis
from generate_any_scene.training.evaluation.report.sections import make_sections
from generate_any_scene.training.evaluation.report.terminal import STRIP, draw_strip, make_notes, make_tables
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


def test_notes_say_what_was_left_out():
    assert make_notes(invent_report()) == [
        "3 scenes have no picture and are in no number.",
        "1 picture belongs to no scene.",
        "1 picture could not be made or read, such as multi_object/test/000000044.png.",
        "The judge gave no answer to 16 of 3,600 questions (0.4 %); they are counted neither right nor wrong.",
    ]
    assert make_notes({"runs": [], "overall": []}) == []


def test_refusals_that_differ_are_told_of_each_model():
    report = invent_report(models=2)
    assert not any("not of the same questions" in note for note in make_notes(report))
    report["runs"][0].update(questions=1000, refused=99)
    report["runs"][1].update(questions=1000, refused=0)
    first, other = (next(one for one in report["overall"] if one["run"] == run) for run in range(2))
    first.update(count=901, refused=99)
    other.update(count=1000, refused=0)
    assert make_notes(report)[-1] == (
        "The judge gave no answer to 9.9 % of the questions about Qwen-Image, but to 0 % about SD 3.5 medium: "
        "their right answers are not of the same questions."
    )
    table = make_sections(report)[0].tables[0]
    refused = {column.name: cell.text for column, cell in zip(table.columns, table.rows[0].cells, strict=True)}
    assert (refused["refused, Qwen-Image"], refused["refused, SD 3.5 medium"]) == ("9.9 %", "0")


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
