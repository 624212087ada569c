"""What each command takes: every kind of argument is taken by a command, or refused with what it takes."""

import json
import shutil

import pytest

MISTAKES = "structure: {complexty: 3}\ncontent: {objects: {under: [kitchn]}, relations: {categories: [spacial]}}"
RECIPE, FOLDER = "`gas list", "`gas build` wrote"
COMMANDS = {
    "build": ({"recipe", "file"}, RECIPE, ["--set", "splits.train=2", "--out", "new"]),
    "describe": ({"graphs"}, "", ["--template", "prompt", "--out", "described"]),
    "show": ({"recipe", "file"}, RECIPE, []),
    "validate": ({"recipe", "file"}, RECIPE, []),
    "structures": ({"recipe", "file"}, RECIPE, ["--count"]),
    "preview": ({"recipe", "file", "folder"}, FOLDER, ["-n", "1"]),
    "stats": ({"recipe", "file", "folder", "graphs"}, FOLDER, []),
    "diff": ({"recipe", "file", "folder"}, "", ["gas", "--rows", "2"]),
    "verify": ({"folder"}, FOLDER, ["--json"]),
    "push": ({"folder"}, FOLDER, ["--repo", "me/x", "--dry-run"]),
    "export": ({"folder"}, FOLDER, ["--format", "trl", "--out", "out.jsonl", "--config", "sandbox"]),
    "croissant": ({"folder"}, FOLDER, ["--out", "-"]),
    "decontaminate": ({"folder"}, FOLDER, ["--against", "prompts.txt"]),
    "train": (set(), "`gas list training", ["--dry-run"]),
}
ARGUMENTS = {
    "recipe": "sandbox",
    "file": "./mine.yaml",
    "folder": "gas",
    "pictures": "pictures",
    "prompts": "prompts.txt",
    "graphs": "graphs.json",
    "hub": "me/scenes",
    "nothing": "nothing",
}
SAID = {
    ("diff", "pictures"): FOLDER,
    ("diff", "prompts"): "org/name",
    ("diff", "hub"): "HF_HUB_OFFLINE is set",
    ("diff", "nothing"): "org/name",
    ("train", "file"): "the kinds are detector, finetune, grpo, nft, selection",
}


@pytest.fixture
def workplace(gas, empty, write_recipe):
    """A folder with a thing of each kind; `gas` holds a small built dataset."""
    gas("build", "sandbox", "--set", "splits={train: 6}", "--out", "gas")
    text = write_recipe("structure: {complexity: 2}", extends="sandbox").read_text(encoding="utf-8")
    (empty / "mine.yaml").write_text(text, encoding="utf-8")
    (empty / "pictures").mkdir()
    (empty / "pictures" / "0.txt").write_text("a cat")
    (empty / "prompts.txt").write_text("a cat\n")
    (empty / "graphs.json").write_text('[{"objects": ["cat"]}]')
    return empty


@pytest.mark.parametrize("command", COMMANDS)
def test_each_kind_of_argument_is_taken_or_refused_with_what_would_be(command, gas, workplace):
    taken, wanted, options = COMMANDS[command]
    for kind, argument in ARGUMENTS.items():
        status, out, err = gas(command, argument, *options)
        if kind in taken:
            assert status == 0 and (out or err), (kind, err)
        else:
            assert status == (1 if "OFFLINE" in SAID.get((command, kind), "") else 2), kind
            assert out == "" and SAID.get((command, kind), wanted) in err, (kind, err)


@pytest.mark.parametrize("kind", ARGUMENTS)
def test_prompts_are_any_file_or_a_built_folder(kind, gas, workplace):
    shutil.copytree(workplace / "gas", workplace / "other")
    status, out, err = gas("decontaminate", "other", "--against", ARGUMENTS[kind])
    if kind in ("folder", "prompts"):
        assert status == 0 and out
    else:
        told = "has none of the columns prompt, caption, text" if kind == "graphs" else "prompts are read of .txt, "
        assert (status, out) == (2, "") and err.count("\n") == 1 and told in err, err


@pytest.mark.parametrize("command", ["build", "show", "validate", "structures", "preview", "stats", "diff general"])
def test_every_command_tells_all_mistakes_of_a_recipe(command, gas, write_recipe):
    path = write_recipe(MISTAKES)
    status, out, err = gas(*command.split(), path)
    assert (status, out) == (2, "")
    keys = [line.removeprefix("gas: ").removeprefix(f"{path}:").split(": ")[1] for line in err.splitlines()]
    assert sorted(keys) == [
        "content.objects.under", "content.relations.categories", "structure.complexity", "structure.complexty",
    ]  # fmt: skip


@pytest.mark.parametrize("source", ["gas", "sandbox"])
@pytest.mark.parametrize("questions", [0, 1, 3, 1000])
def test_preview_shows_so_many_questions(questions, source, gas, workplace):
    """Of a built folder as of a recipe; what is not shown is counted."""
    change = () if source == "gas" else ("--set", "splits={train: 6}")
    whole = [json.loads(line) for line in gas("preview", source, "-n", "2", "--json", *change)[1].splitlines()]
    options = ("preview", source, "-n", "2", "--questions", questions, *change)
    cut = [json.loads(line) for line in gas(*options, "--json")[1].splitlines()]
    assert cut == [{**row, "questions": row["questions"][:questions]} for row in whole]
    status, out, err = gas(*options)
    assert (status, err) == (0, "")
    for row in whole:
        more = len(row["questions"]) - questions
        assert (f"and {more} more" in out) == (more > 0)
        for place, question in enumerate(row["questions"]):
            assert place >= questions or question["question"].split()[0] in out


@pytest.mark.parametrize(
    "command", [*COMMANDS, "list", "schema", "taxonomy search", "taxonomy build", "cache clear", ""]
)
def test_help_has_no_marks_of_a_markup(command, gas):
    status, out, _ = gas(*command.split(), "--help")
    assert status == 0 and "Usage" in out and "`" not in out and "**" not in out


def test_a_key_of_one_of_several_is_told_those_that_go_there(gas):
    status, out, err = gas("validate", "multi_object", "--set", "structure.seed_graph={objects: [{name: man}]}")
    assert (status, out) == (2, "")
    assert "unknown key `name`; the keys here are concept, under, attributes" in err
