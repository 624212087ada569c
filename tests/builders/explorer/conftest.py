"""What tests of the explorer share: folders to look at, a server, and Chromium driven by Playwright."""

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.explorer.explore import serve_page
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.training.evaluation.figures import describe_runs
from generate_any_scene.training.evaluation.running import write_report
from generate_any_scene.training.evaluation.tables import ANSWERS, SCORES, Run, write_run
from PIL import Image

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
EDITS = "pairs=[relation_reversed, attributes_swapped, attribute, object, count, predicate]"
DESK, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def pairs(tmp_path_factory):
    """A built folder with two configs, one of which has minimal pairs and wordings; no test may change it."""
    out = tmp_path_factory.mktemp("explored") / "gas"
    splits = "splits={train: 300, validation: 0, test: 20}"
    general = load_recipe("general", ("name=pairs", splits, EDITS, "wordings=[short]"))
    build_datasets([load_recipe("multi_object", (splits,)), general], out)
    return out


@pytest.fixture
def rewrite(pairs, tmp_path):
    """Copies the folder with other rows in a split: `rewrite("pairs", "test", change)`, which is given each row."""

    def write(config, split, change):
        folder = tmp_path / "rewritten"
        shutil.copytree(pairs, folder)
        file = folder / config / f"{split}-00000-of-00001.parquet"
        table = pq.read_table(file)
        rows = table.to_pylist()
        for row in rows:
            change(row)
        pq.write_table(pa.Table.from_pylist(rows, table.schema), file, compression="zstd", store_schema=False)
        manifest = json.loads((folder / "manifest.json").read_text())
        (entry,) = manifest["configs"][config]["splits"][split]["files"]
        entry |= {"bytes": file.stat().st_size, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return folder

    return write


@pytest.fixture(scope="session")
def write_evaluation(pairs):
    """Writes an evaluation of the first scenes: `write_evaluation(folder, model, right)`."""

    def write(folder, model, right, scenes=12):
        rows = pq.read_table(pairs / "multi_object" / "test-00000-of-00001.parquet").slice(0, scenes)
        answers, scores = [], []
        for number, row in enumerate(rows.to_pylist()):
            image = f"{row['id']}.png"
            (folder / "pictures" / image).parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (64, 64), (20 * number, 80, 160)).save(folder / "pictures" / image)
            for place, question in enumerate(row["questions"]):
                well = right(number, question)
                told = {key: question[key] for key in ("kind", "form")}
                reply = question["answer"] if well else "something else"
                answer = {"scene": row["id"], "model": model, "image": image, "question": place, **told}
                answers.append(
                    answer | {"expected": question["answer"], "reply": reply, "probability": 0.5, "right": well}
                )
            share = sum(one["right"] for one in answers if one["scene"] == row["id"]) / len(row["questions"])
            score = {"scene": row["id"], "model": model, "image": image, "metric": "share@test:judge"}
            scores.append(score | {"value": share})
        tables = pa.Table.from_pylist(answers, ANSWERS), pa.Table.from_pylist(scores, SCORES)
        run = Run(folder, *tables, rows, {"model": model, "kind": "evaluation", "pictures": "pictures"})
        write_run(run)
        write_report(folder, describe_runs([run]))
        return folder

    return write


@pytest.fixture(scope="session")
def evaluations(write_evaluation, tmp_path_factory):
    """Two evaluations of the same scenes: a model that is wrong about counts, and one about the first four scenes."""
    place = tmp_path_factory.mktemp("runs")
    one = write_evaluation(place / "one", "first model", lambda number, question: question["kind"] != "count")
    return one, write_evaluation(place / "other", "second model", lambda number, question: number >= 4)


@pytest.fixture(scope="module")  # its event loop would keep later tests of the process from running one of theirs
def browser():
    """Headless Chromium."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not path:
        pytest.skip(f"there is no Chromium: none of {', '.join(BROWSERS)} is on the path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        # As root, which continuous integration often is, it starts without its sandbox alone.
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_tab(browser):
    """Opens a tab; at the end nothing may have gone wrong in any, nor have asked anything of another host."""
    contexts, faults = [], []

    def note(request):
        if not request.url.startswith(("http://127.0.0.1:", "file://", "data:", "blob:")):
            faults.append(f"asked {request.url}")

    def open_one(viewport=DESK, **options):
        context = browser.new_context(viewport=viewport, **options)
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(60_000)
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        tab.on("dialog", lambda dialog: (faults.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
        tab.on("request", note)
        return tab

    yield open_one
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def explore(open_tab):
    """Serves folders and opens the page until filters are there: `explore(folder, at="#row=3")`."""
    servers = []

    def open_page(*names, at="", **options):
        server = serve_page(*names)
        servers.append(server)
        tab = open_tab(**options)
        tab.goto(server.__enter__() + at)
        tab.wait_for_selector("body[data-state=ready]")
        return tab

    yield open_page
    for server in servers:
        server.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path_factory):
    """A cache folder of the test's own."""
    folder = tempfile.mkdtemp(dir=tmp_path_factory.getbasetemp())
    monkeypatch.setattr("generate_any_scene.builders.explorer.index.find_folder", lambda kind: Path(folder) / kind)
    return Path(folder) / "explorer"
