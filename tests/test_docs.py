"""The README and the pages of docs/: what they name exists, and what they show is what the code does."""

import ast
import importlib.util
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml
from generate_any_scene import scene
from generate_any_scene.builders.describe.alternatives import read_alternatives
from generate_any_scene.builders.inspection.recipe_check import validate_recipe
from generate_any_scene.builders.questions.loading import load_kind
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.recipe.questions import QUESTION_KINDS
from generate_any_scene.builders.text.templates import list_templates
from generate_any_scene.cli import app
from generate_any_scene.training.evaluation.backends.loading import check_backend
from generate_any_scene.training.recipes.loading import load_evaluation
from typer.main import get_command

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SKILL.md", *sorted(DOCS.glob("*.md")))
}
README = PAGES["README.md"]
COMMANDS = ("pip install . && gas build multi_object", "pip install '.[test]' && pytest")
MOST_LINES, MOST_TREE = 150, 40


def list_blocks(language, *pages):
    """Fenced blocks of a language, each with the name of its page and its place there."""
    fence = re.compile(rf"^```{language}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [
        pytest.param(block, id=f"{page}:{number}")
        for page in pages or PAGES
        for number, block in enumerate(fence.findall(PAGES[page]))
    ]


def list_links():
    link = r'\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"'
    return [(page, "".join(target)) for page, text in PAGES.items() for target in re.findall(link, text)]


def name_anchors(text):
    """What a heading is called in a link, as GitHub makes it."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("page", "target"), list_links())
def test_links_lead_somewhere(page, target):
    if target.startswith("https://"):
        return
    file, _, anchor = target.partition("#")
    path = (ROOT / page).parent / file if file else ROOT / page
    assert path.exists()
    assert not anchor or anchor in name_anchors(path.read_text(encoding="utf-8"))


def test_every_page_is_found_from_the_index():
    for page in PAGES:
        if page.startswith("docs/") and page != "docs/index.md":
            assert f"]({page.removeprefix('docs/')})" in PAGES["docs/index.md"]
    assert "](docs/index.md)" in README


def test_the_commands_of_the_readme_are_those_that_are_tested():
    tested = (ROOT / ".ci" / "run").read_text(encoding="utf-8").replace(" --quiet", "")
    for command in COMMANDS:
        assert f"```bash\n{command}\n```" in README
        assert f"\n{command}\n" in tested


def test_the_readme_is_short():
    assert len(README.splitlines()) <= MOST_LINES


def read_tree():
    """Paths in the tree of CONTRIBUTING, in its order."""
    (tree,) = re.findall(r"^```\n(├.*?)^```$", PAGES["CONTRIBUTING.md"], re.MULTILINE | re.DOTALL)
    paths, folders = [], []
    for line in tree.splitlines():
        indent, name = re.match(r"((?:│   )*)[├└]── (\S+)  +\S", line).groups()
        folders = [*folders[: len(indent) // 4], name.rstrip("/")]
        paths.append("/".join(folders))
        assert name.endswith("/") == (ROOT / paths[-1]).is_dir()
    return paths


def test_the_tree_is_short_and_there():
    paths = read_tree()
    assert len(paths) <= MOST_TREE
    assert all((ROOT / path).exists() for path in paths)


def test_the_packages_of_the_engine_are_listed_in_their_order():
    """The order in which they may import each other, as `builders/__init__.py` has it."""
    docstring = ast.get_docstring(ast.parse((ROOT / "builders" / "__init__.py").read_text(encoding="utf-8")))
    order = re.findall(r"^    (\w+)  +\S", docstring, re.MULTILINE)
    there = {path.parent.name for path in (ROOT / "builders").glob("*/__init__.py")}
    assert set(order) == there
    listed = [path.removeprefix("builders/") for path in read_tree() if path.startswith("builders/")]
    assert [name for name in listed if name in there] == order
    assert f"\n    {'  '.join(order)}\n" in PAGES["CONTRIBUTING.md"]


def test_files_that_contributors_are_sent_to_exist():
    paths = re.findall(r"`((?:builders|templates|taxonomy|training|tests|docs)/[\w./]*)`", PAGES["CONTRIBUTING.md"])
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def list_commands():
    commands = []
    for block in list_blocks("bash"):
        for line in block.values[0].splitlines():
            for command in line.split("#")[0].split("&&"):
                words = shlex.split(command)
                if words[:1] == ["gas"]:
                    commands.append(words[1:])
                elif "generate_any_scene" in words:
                    commands.append(words[words.index("generate_any_scene") + 1 :])
    return commands


@pytest.mark.parametrize("words", list_commands(), ids=" ".join)
def test_commands_have_these_arguments_and_options(words):
    command, words = get_command(app), list(words)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    assert command.make_context(command.name, words)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the files of one's own that pages show: templates of captions and questions, and a table."""
    folder = tmp_path_factory.mktemp("recipes")
    (template,) = list_blocks("jinja", "docs/captions.md")
    (table,) = re.findall(r"^```\n(id\t.*?)^```$", PAGES["docs/concepts.md"], re.MULTILINE | re.DOTALL)
    for name in ("mine", "beschreibung"):
        (folder / f"{name}.jinja").write_text(template.values[0], encoding="utf-8")
    shutil.copytree(ROOT / "templates" / "questions", folder / "fragen")
    (folder / "mine").mkdir()
    (folder / "mine" / "objects.tsv").write_text(table, encoding="utf-8")
    return folder


def write_recipe(folder, keys, parent="multi_object"):
    """A file with these keys, which is a whole recipe also where they are some keys of one."""
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({"name": "shown", "extends": parent, **keys}), encoding="utf-8")
    return path


# The blocks of the pages on trainings and evaluations are keys of these.
TRAINING = ("detector", "finetuning", "judges", "metrics", "reinforcement", "rewards", "selection", "training")
OTHERS = (
    "docs/evaluation.md",
    "docs/own_scene_graphs.md",
    "docs/cookbook.md",
    *(f"docs/{name}.md" for name in TRAINING),
)


@pytest.mark.parametrize("block", list_blocks("yaml", *(page for page in PAGES if page not in OTHERS)))
def test_recipes_are_valid(block, folder):
    assert validate_recipe(load_recipe(write_recipe(folder, yaml.safe_load(block)))).structures


@pytest.mark.parametrize("block", list_blocks("yaml", "docs/evaluation.md"))
def test_evaluations_are_valid(block, folder):
    path = write_recipe(folder, {"kind": "evaluation", **yaml.safe_load(block)}, parent="sana")
    assert not check_backend(load_evaluation(path).recipe.pictures)


@pytest.mark.parametrize("block", list_blocks("yaml", "docs/own_scene_graphs.md"))
def test_alternatives_are_read(block):
    assert read_alternatives(yaml.safe_load(block)).objects


def test_captions_read_as_shown():
    shown = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGES["docs/captions.md"], re.MULTILINE))
    assert set(shown) == set(list_templates("captions"))
    assert shown == {name: scene("multi_object", 1821, captions=name)["caption"] for name in shown}


def test_kinds_of_questions_stand_with_their_forms():
    section = PAGES["docs/questions.md"].partition("### Kinds and forms\n")[2].partition("\n#")[0]
    shown = {
        kind: tuple(re.findall(r"`(\w+)`", forms))
        for kinds, forms in re.findall(r"^\| (`.+`) \| (`.+`) \|$", section, re.MULTILINE)
        for kind in re.findall(r"`(\w+)`", kinds)
    }
    assert shown == {kind: load_kind(kind).forms for kind in QUESTION_KINDS}


def test_the_row_is_as_shown():
    (block,) = list_blocks("json")
    shown = json.loads(block.values[0])
    row = scene("multi_object", int(shown["id"].split("/")[-1]))
    assert list(shown) == list(row)
    for key in set(row) - {"questions", "mentions"}:
        assert shown[key] == row[key]
    for key in ("questions", "mentions"):
        assert shown[key]
        assert all(one in row[key] for one in shown[key])


def test_the_pictures_are_what_is_drawn_now():
    """Mended by `python docs/make_pictures.py`; look at them, in light and dark, wide and narrow."""
    spec = importlib.util.spec_from_file_location("make_pictures", DOCS / "make_pictures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pictures = module.draw_pictures()
    assert sorted(pictures) == sorted(path.name for path in DOCS.glob("*.svg"))
    for name, picture in pictures.items():
        assert (DOCS / name).read_text(encoding="utf-8") == picture
