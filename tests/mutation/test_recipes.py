"""Recipes as strangers may write them: as damaged text, as mutated trees, and by `--set`.

Whatever they hold, a command ends by itself, says in few lines what is wrong, and exits with 0, 1 or 2.
"""

import importlib
import random
from copy import deepcopy

import attempts
import pytest
import yaml
from generate_any_scene.recipes import list_files
from generate_any_scene.training.recipes.loading import KINDS

SEED = 20
MANY, FEW = 10_000, 60
PART = 500  # in one process, so that memory is that of a few commands

FILES = {
    f"{kind}/{file.name}": file.read_text(encoding="utf-8")
    for kind in ("datasets", "training")
    for file in list_files(kind).values()
}
NAMES = sorted(FILES)
DATASETS = [name for name in NAMES if name.startswith("datasets")]
KEYS = (
    *(
        "extends",
        "name",
        "structure",
        "seed_graph",
        "content",
        "captions",
        "splits",
        "size",
        "under",
        "[key]",
        "__class__",
    ),
    *("", " ", "é", "a.b", "model", "data", "trainer", "x" * 5000, "\x1b[31m", "\u202e", "0", "null", "<<", "kind"),
)
VALUES = (
    *(None, True, False, 0, 1, -1, 1.5, 10**6, 2**63, 10**40, -(10**19), float("nan"), float("inf"), 1e300),
    *("", " ", "no", "3-9", "9-3", "[3, 9]", "1:30", "010", "10%", "../x", "/etc/passwd", "a/" * 400, "x" * 5000),
    *("multi_object", "general", "base", "./", "~", "\x07", "\u202e", "\ufffe", "{{ 1 }}", "${HOME}", "!!set {a}"),
    *([], {}, [[]], [{}], [1, 2], [9, 3], [0, 0], ["a", "a"], [None], {"a": 1}, {"[key]": 1}, list(range(300))),
)
SNIPPETS = (
    *("!!set {a, b}", "!!python/object:os.system x"),
    *("&a [*a]", "*a", "<<: {a: 1}", "? [a]\n: 1", "[" * 40, "{" * 40),
    *(
        "\t",
        "\0",
        "\ufeff",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "- ",
        ": ",
        "#",
        "'",
        '"\\ud800"',
        '"\\0"',
        "|\n",
        "9" * 5000,
    ),
)


def list_places(value, path=()):
    """The paths of all values of a tree."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from list_places(item, (*path, key))


def bury(chance, value):
    """The value under many lists or mappings."""
    for _ in range(chance.choice((1, 3, 29, 31, 60))):
        value = [value] if chance.random() < 0.5 else {chance.choice(KEYS): value}
    return value


def mutate_tree(chance, tree):
    """A copy with a few values replaced, removed, buried, or set beside under other keys."""
    tree = deepcopy(tree)
    for _ in range(chance.randint(1, 3)):
        path = chance.choice(list(list_places(tree)) or [()])
        inner = tree
        for part in path[:-1]:
            inner = inner[part]
        value = deepcopy(chance.choice(VALUES))  # or a list could come to hold itself
        match chance.randrange(5):
            case 0 if path:
                del inner[path[-1]]
            case 1 if path:
                inner[path[-1]] = bury(chance, inner[path[-1]])
            case 2 if isinstance(inner, dict):
                inner[chance.choice(KEYS)] = value
            case _ if path:
                inner[path[-1]] = value
    return tree


def damage_text(chance, text):
    """A copy with letters removed, repeated, or put in."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 1, 5, 40)))
        text = text[:start] + chance.choice((*SNIPPETS, "", text[start:end] * 2)) + text[end:]
    return text


def write_override(chance, tree):
    """What a user may write behind `--set`."""
    path = [str(part) for part in chance.choice(list(list_places(tree)))]
    if chance.random() < 0.3:
        path.insert(chance.randrange(len(path) + 1), chance.choice(KEYS))
    value = chance.choice((*map(str, VALUES), *SNIPPETS))
    # No shell can hand over a NUL.
    return f"{'.'.join(path)}{chance.choice(('=', '=', '=', '', '=='))}{value}".replace("\0", "") or "="


def read_tree(kind, name):
    tree = yaml.safe_load(FILES[name])
    return {"extends": name.split("/")[1].removesuffix(".yaml"), "name": "mine", **tree} if kind == "child" else tree


def draw_command(number, folder, names):
    """The arguments of a command with a mutated recipe, and its file in the folder."""
    chance = random.Random(f"{SEED}/{number}")
    name = chance.choice(names)
    way = chance.choice(("text", "tree", "child", "set"))
    tree, path = read_tree(way, name), folder / f"{number % PART}.yaml"
    command = ["train", "--dry-run"] if name.startswith("training") else ["validate"]
    if way == "set":
        path.write_text(FILES[name], encoding="utf-8")
        return [*command, path.name, *(f"--set={write_override(chance, tree)}" for _ in range(chance.randint(1, 3)))]
    if way == "text":
        path.write_bytes(damage_text(chance, FILES[name]).encode("utf-8", "surrogatepass"))
    else:
        text = yaml.safe_dump(mutate_tree(chance, tree), allow_unicode=chance.random() < 0.5, sort_keys=False)
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
    return [*command, path.name]


def find_faults(numbers, folder, names):
    """What is wrong with commands of these numbers, which mutate recipes of these names."""
    faults = []
    for number in numbers:
        outcome = attempts.attempt(draw_command(number, folder, names), folder)
        fault = outcome.find_fault()
        if not fault and outcome.status and len(outcome.output) > 4096:
            fault = f"{outcome.arguments}: {len(outcome.output)} letters: {outcome.output[:300]}"
        if not fault and any(not (letter.isprintable() or letter in "\n\t") for letter in outcome.output):
            fault = f"{outcome.arguments}: what it says holds control characters: {outcome.output[:300]!r}"
        if fault:
            faults.append(f"{number}: {fault}")
    return faults


def import_trainers():
    """Imports what trainings need: that takes long, the first time, and no recipe has a part in it."""
    for kind in KINDS:
        importlib.import_module(f"generate_any_scene.training.trainers.{kind}")


def test_a_few_mutated_recipes_are_answered(tmp_path):
    assert attempts.run_limited(lambda: find_faults(range(FEW), tmp_path, DATASETS)) == []


@pytest.mark.long
def test_mutated_recipes_are_answered(tmp_path):
    import_trainers()
    faults = []
    for start in range(0, MANY, PART):
        numbers = range(start, start + PART)
        faults += attempts.run_limited(lambda numbers=numbers: find_faults(numbers, tmp_path, NAMES))
    assert faults == []
