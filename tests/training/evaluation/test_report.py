"""The report for people of evaluations as they are, from tables to the page."""

import io
import json

from generate_any_scene.training.evaluation.figures import describe_runs
from generate_any_scene.training.evaluation.report.page import render_page
from generate_any_scene.training.evaluation.report.terminal import make_tables
from planted import WRONG, make_scenes, plant_run
from rich.console import Console


def show(report):
    console = Console(file=io.StringIO(), width=80, highlight=False)
    for table in make_tables(report):
        console.print(table)
    return console.file.getvalue()


def test_page_and_tables_show_the_numbers_of_report_json():
    scenes = make_scenes("multi_object", 60)
    worse = {kind: 1.8 * rate for kind, rate in WRONG.items()}
    runs = [plant_run(scenes, refused=0.02), plant_run(scenes, worse, model="worse", seed=1)]
    report = json.loads(json.dumps(describe_runs(runs)))
    page, text = render_page(report, runs), show(report)
    for part in ("overall", "kinds", "models", "complexity", "taxonomy", "pictures", "correlations"):
        assert f'<section id="{part}">' in page
    for group in report["by"]["kind"]:
        assert f'data-value="{group["value"]}" data-low="{group["low"]}" data-high="{group["high"]}"' in page
        assert f"{group['value']:.2f} ({group['low']:.2f}-{group['high']:.2f})" in text
    for gap in report["differences"]["kind"]:
        assert f'data-value="{gap["value"]}"' in page
    assert page.count("<article") == 24
    assert report["pictures"]["worst"][0]["answers"][0]["question"] in page


def test_report_of_a_run_without_a_judge():
    scenes = make_scenes("multi_object", 30)
    run = plant_run(scenes)
    run = type(run)(run.folder, run.answers.slice(0, 0), run.scores, run.scenes.select(["id", "caption"]), {})
    report = describe_runs([run])
    page = render_page(report, [run])
    assert '<section id="overall">' in page
    assert '<section id="kinds">' not in page
    assert "the judge" not in page.split("<style>")[0] + page.split("</style>")[1]
    assert "clip_score@test" in show(report)
