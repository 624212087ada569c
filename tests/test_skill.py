"""SKILL.md, for coding agents: each command, option, key and name in it is there, and no command is left out."""

import ast
import re
import shlex
from pathlib import Path

import generate_any_scene as package
import pytest
import yaml
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.recipe.model import Recipe
from generate_any_scene.cli import app
from typer.main import get_command

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "SKILL.md").read_text(encoding="utf-8")
INLINE = sorted(set(re.findall(r"(?<!`)`(gas [a-z][^`]*)`", TEXT)))
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
KEYS = re.findall(r"^\| `([a-z_.]+)` \| `([^|]*)` \|$", TEXT, re.MULTILINE)
EACH = " COMMAND "
"""In the place of a command."""


def find_command(words):
    """A command and its arguments."""
    command, words = get_command(app), list(words)
    while hasattr(command, "commands") and words:
        assert words[0] in command.commands, words[0]
        command = command.commands[words.pop(0)]
    return command, words


@pytest.mark.parametrize("line", [line for line in INLINE if EACH not in line])
def test_commands_in_sentences_are_there_with_their_options(line):
    command, words = find_command(shlex.split(line)[1:])
    options = {option for parameter in command.params for option in parameter.opts}
    assert [word for word in words if word.startswith("-") and len(word) > 1 and word not in options] == []
    if words:
        assert command.make_context(command.name, words)


def test_no_command_is_left_out():
    told = {line.split()[1] for line in INLINE}
    assert {name for name, command in get_command(app).commands.items() if not command.hidden} <= told


def test_every_name_of_the_package_is_public():
    """`gas.judges.load`: the first is in `__all__`, and each has the next."""
    names = set(re.findall(r"\bgas((?:\.[A-Za-z_]\w*)+)", "\n".join([*BLOCKS, *re.findall(r"`([^`\n]+)`", TEXT)])))
    assert len(names) > 10
    for name in names:
        first, *rest = name.split(".")[1:]
        assert first in package.__all__, name
        found = getattr(package, first)
        for part in rest:
            found = getattr(found, part)


def test_python_runs_as_it_stands(run_python, tmp_path):
    for block in BLOCKS:
        assert ast.parse(block)
        assert run_python(block, tmp_path).strip()


@pytest.mark.parametrize(("key", "example"), KEYS)
def test_keys_of_recipes_are_there_and_their_examples_set_them(key, example, tmp_path):
    keys = yaml.safe_load(example)
    path = tmp_path / "shown.yaml"
    path.write_text(yaml.safe_dump({"extends": "multi_object", "name": "shown", **keys}), encoding="utf-8")
    assert load_recipe(path).recipe
    assert next(iter(keys)) == key.split(".")[0] and (key == "extends" or key.split(".")[0] in Recipe.model_fields)


def test_the_head_is_what_agents_look_a_skill_up_by():
    """By the specification of Agent Skills: a name of small letters and hyphens, and at most 1,024 letters on when."""
    head = yaml.safe_load(re.match(r"---\n(.*?)\n---\n", TEXT, re.DOTALL)[1])
    assert head.keys() == {"name", "description"}
    assert re.fullmatch("[a-z0-9-]{1,64}", head["name"]) and 0 < len(head["description"]) <= 1024
