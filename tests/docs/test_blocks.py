"""The code on pages runs, page by page from the top, as a reader would type it, in a folder of the reader's own."""

import ast
import re
import shlex
import shutil

import not_run
import pytest
import yaml
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.recipe.loading import load_recipe
from pages import DOCS, PAGES, ROOT, list_blocks
from PIL import Image

ROWS = {"train": 200, "validation": 30, "test": 40}
"""So many rows of each split are built, where a page builds thousands."""


def find_reason(patterns, text):
    return next((reason for pattern, reason in patterns.items() if re.search(pattern, text, re.MULTILINE)), None)


def list_lines(block):
    """The commands of a block, without remarks."""
    lines = (line.split(" #")[0].strip() for line in block.text.splitlines())
    return [part.strip() for line in lines for part in line.split("&&") if part.strip() and not part.startswith("#")]


@pytest.fixture(scope="module")
def folder(built, tmp_path_factory):
    """The folder `gas` of pages: with a config of several wordings besides."""
    folder = tmp_path_factory.mktemp("shown") / "gas"
    shutil.copytree(built, folder)
    splits = "splits={train: 40}"
    build_datasets([load_recipe("multi_object", ("name=worded", "wordings=[short, long]", splits))], folder)
    return folder


@pytest.fixture
def desk(empty, folder, tmp_path_factory, monkeypatch):
    """A working directory with what pages take to be there: a built folder, pictures, captions, prompts, docs/."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("imported")))  # taxonomies that pages import
    shutil.copytree(folder, empty / "gas")
    (empty / "docs").symlink_to(ROOT / "docs")
    (empty / "my_images").mkdir()
    for number, caption in enumerate(("a red ball", "a blue box")):
        Image.new("RGB", (64, 64), caption.split()[1]).save(empty / "my_images" / f"{number}.png")
        (empty / "my_images" / f"{number}.txt").write_text(caption)
    shutil.copy(ROOT / "recipes" / "datasets" / "multi_object.yaml", empty)
    shutil.copy(DOCS / "cookbook" / "visual_genome.json", empty / "scene_graphs.json")
    (empty / "mine").mkdir()
    (table,) = re.findall(r"^```\n(id\t.*?)^```$", PAGES["docs/concepts.md"], re.MULTILINE | re.DOTALL)
    (empty / "mine" / "objects.tsv").write_text(table, encoding="utf-8")
    (empty / "captions.txt").write_text("A red dog runs.\nA dog beside a wooden table.\n")
    (empty / "geneval.jsonl").write_text('{"prompt": "a photo of a bench"}\n{"prompt": "a red dog"}\n')
    return empty


def write_shown_recipes(page, folder):
    """The recipes of a page and of the README lie in files of their names, unless the page makes them."""
    for block in (*list_blocks("README.md", "yaml"), *list_blocks(page, "yaml")):
        keys = yaml.safe_load(block.text)
        named = isinstance(keys, dict) and "name" in keys and "kind" not in keys
        if named and f"gas init {keys['name']}" not in PAGES[page]:
            (folder / f"{keys['name']}.yaml").write_text(block.text, encoding="utf-8")


def make_small(words):
    """A command of `gas` with few rows of each split."""
    if words[0] != "build":
        return words
    names = [word for word in words[1:] if not word.startswith("-") and (word.endswith(".yaml") or "/" not in word)]
    recipe = load_recipe(names[0]).recipe
    sizes = [
        f"splits.{name}.size={min(split.size, ROWS[name])}" for name, split in recipe.splits.items() if split.size
    ]
    return [*words, *(word for size in sizes for word in ("--set", size))]


def run_block(block, names, gas):
    if block.language == "python":
        if not find_reason(not_run.BLOCKS, block.text):
            exec(compile(block.text, "page", "exec"), names)
        return
    for line in list_lines(block):
        if not find_reason(not_run.COMMANDS, line):
            command, *words = shlex.split(line)
            assert command == "gas", f"{line}: not_run.py does not say why this is not run"
            status, _, err = gas(*make_small(words))
            assert status == 0 or "--exit-code" in words, f"{line}: {err}"


@pytest.mark.parametrize("page", [page for page in PAGES if list_blocks(page, "bash", "python")])
def test_code_runs(page, desk, gas):
    write_shown_recipes(page, desk)
    names = {"__name__": "page"}
    for block in list_blocks(page, "bash", "python"):
        try:
            run_block(block, names, gas)
        except Exception as error:
            raise AssertionError(f"{page}:{block.line}: {type(error).__name__}: {error}\n{block.text}") from error


def test_every_reason_is_needed():
    """What pages no longer show stands in `not_run` no more."""
    blocks = [block for page in PAGES for block in list_blocks(page, "bash", "python")]
    lines = [line for block in blocks if block.language == "bash" for line in list_lines(block)]
    texts = [block.text for block in blocks if block.language == "python"]
    assert [one for one in not_run.COMMANDS if not any(re.search(one, line) for line in lines)] == []
    assert [one for one in not_run.BLOCKS if not any(re.search(one, text, re.MULTILINE) for text in texts)] == []


@pytest.mark.parametrize("page", [page for page in PAGES if list_blocks(page, "python")])
def test_python_imports_what_is_public(page):
    for block in list_blocks(page, "python"):
        modules = [node.module for node in ast.walk(ast.parse(block.text)) if isinstance(node, ast.ImportFrom)]
        assert [module for module in modules if module.startswith("generate_any_scene.")] == []
