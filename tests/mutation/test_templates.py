"""Caption templates drawn at random are refused in a line or two, or say the same everywhere; none takes long."""

import json
import os
import random
import subprocess
import sys

import pytest
from attempts import attempt, run_limited
from generate_any_scene.builders.text.templates import FILTERS as OURS
from jinja2 import Environment

CASES = 500
HUGE = ("10 ** 9", "10 ** 10 ** 9", "99999", "20000", "-10 ** 18", "1e308", "2 ** 63")
ATOMS = (
    *("scene", "scene.objects", "scene.objects[0]", "scene.objects[0].name", "scene.relations", "scene.long", "frame"),
    *("'a'", "'%s'", "'{}'", "'%99999d'", "'\\ud800'", "'\ue000\ue001'", "[1, 'a']", "{'a': 1}", "()", "none", "kept"),
    *(
        "range",
        "lipsum",
        "cycler",
        "joiner",
        "namespace",
        "dict",
        "self",
        "loop",
        "caller",
        "other",
        "m",
        "my",
        "my.x",
    ),
)
ARGUMENTS = ("", "", "1", "'a'", "'upper'", "attribute='name'", "start=[]", "'a', 'bb'", "2, 'a'")
METHODS = (*dir(str), *dir(list), *dir(dict), *dir(int), "next", "mark", "words", "names")
OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "~", "==", "<", "in", "and", "or")
FILTERS, TESTS = sorted({*Environment().filters, *OURS}), sorted(Environment().tests)

CAPTIONS = """
import hashlib, json, sys
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer
digests = {}
for path in json.load(sys.stdin):
    table = create_writer(load_recipe(path)).write_block("train", 0, 40).select(["caption", "mentions"])
    digests[path] = hashlib.sha256(json.dumps(table.to_pylist()).encode()).hexdigest()
print(json.dumps(digests))
"""


def draw_expression(draw, depth=3):
    if not depth or draw.random() < 0.2:
        return draw.choice(ATOMS if draw.random() < 0.8 else HUGE)
    first, second = (draw_expression(draw, depth - 1) for _ in range(2))
    arguments = draw.choice((*ARGUMENTS, second, f"({draw.choice(HUGE)})"))
    return draw.choice(
        [
            f"({first}) | {draw.choice(FILTERS)}({arguments})",
            f"({first}) | {draw.choice(FILTERS)}",
            f"({first}) {draw.choice(OPERATORS)} ({second})",
            f"({first}).{draw.choice(METHODS)}({arguments})",
            f"({first}).{draw.choice(METHODS)}",
            f"({first})({arguments})",
            f"({first})[{draw.choice(('0', ':3', '::-1', second))}]",
            f"({first}) is {draw.choice(TESTS)}",
            f"[{first}, {second}]",
            f"{{{first}: {second}}}",
            f"({first} if {second} else {first})",
        ]
    )


def draw_statement(draw, depth=3):
    if not depth or draw.random() < 0.3:
        return f"{{{{ {draw_expression(draw)} }}}} "
    body, value = draw_statement(draw, depth - 1), draw_expression(draw, 2)
    return draw.choice(
        [
            f"{{% for one in {value} %}}{body}{{% endfor %}}",
            f"{{% for one in range(9999) %}}{body}{{% set my.x = my.x ~ my.x %}}{{% endfor %}}",
            f"{{% for one in scene.objects recursive %}}{body}{{{{ loop({value}) }}}}{{% endfor %}}",
            f"{{% if {value} %}}{body}{{% else %}}{{{{ {value} }}}}{{% endif %}}",
            f"{{% set kept %}}{body}{{% endset %}}{{{{ kept | {draw.choice(FILTERS)} }}}}",
            f"{{% set my.x = {value} %}}{{% set my.x = [my.x, my.x] %}}{body}",
            f"{{% macro m(n) %}}{body}{{{{ m(n) ~ {value} }}}}{{% endmacro %}}{{{{ m({value}) }}}}",
            f"{{% filter {draw.choice(FILTERS)} %}}{body}{{% endfilter %}}",
            f"{{% call m({value}) %}}{body}{{% endcall %}}",
            f"{{% include '{draw.choice(('mine.jinja', 'phrases.jinja', '../mine.jinja', 'a' * 5000))}' %}}{body}",
            body * draw.choice((2, 50)),
            draw.choice(("{% for i in [1] %}", "{% if 1 %}", "{{ (", "{% raw %}")) * draw.choice((1, 25, 300)) + body,
        ]
    )


def draw_template(draw):
    """Bytes of a template."""
    kept = "{% set my = namespace(x='a') %}{% set kept %}{{ scene.objects[0].name }} {% endset %}{{ kept }}"
    if draw.random() < 0.6:
        drawn = f"{{{{ {draw_expression(draw, 1)} }}}}"
    else:
        drawn = "".join(draw_statement(draw, 2) for _ in range(draw.randint(1, 2)))
    source = (kept + drawn).encode("utf-8", "replace")
    if draw.random() < 0.1:
        place = draw.randrange(len(source))
        source = source[:place] + draw.randbytes(3) + source[place:]
    return source


def write_recipes(folder, cases, seed):
    """Draws templates, each with its recipe in a folder of its own."""
    for number in range(cases):
        home = folder / f"t{number}"
        home.mkdir()
        (home / "mine.jinja").write_bytes(draw_template(random.Random(f"{seed}-{number}")))
        (home / "mine.yaml").write_text(
            f"extends: base\nname: t{number}\ncaptions: mine.jinja\nstructure: {{complexity: [1, 3]}}\nquestions: []\n"
            "splits: {train: 40, validation: 0, test: 0}\n"
        )
        yield home / "mine.yaml"


def write_captions(paths, home, seed):
    """Digests of the captions by each recipe, written by a process of its own with an empty cache."""
    values = {**os.environ, "PYTHONHASHSEED": str(seed), "XDG_CACHE_HOME": str(home / f"cache{seed}")}
    done = subprocess.run(
        [sys.executable, "-c", CAPTIONS],
        input=json.dumps(paths),
        env=values,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.long
def test_drawn_templates_are_refused_or_say_the_same_everywhere(tmp_path):
    def work():
        faults, accepted = [], []
        for path in write_recipes(tmp_path, CASES, "templates"):
            outcome = attempt(["validate", path], tmp_path)
            faults += filter(None, [outcome.find_fault()])
            if outcome.status == 0:
                accepted.append(str(path))
            elif len(outcome.output) > 4000 or "mine.jinja" not in outcome.output:
                faults.append(f"{path}: {outcome.output[:3000]}")
        (tmp_path / "accepted.json").write_text(json.dumps(accepted))
        return faults

    assert run_limited(work) == []
    paths = json.loads((tmp_path / "accepted.json").read_text())
    assert len(paths) > CASES / 50
    assert write_captions(paths, tmp_path, 1) == write_captions(paths[::-1], tmp_path, 2)
