"""Writes the tables of `templates/WORDS.md`: `python tests/builders/words_page.py`.

Meanings stand beside the words in the code (`builders/text/views.py`); examples are what the words say in some scenes.
"""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from generate_any_scene.builders.questions.batches import VIEWS
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.builders.text import views
from generate_any_scene.builders.text.templates import create_environment, list_templates
from jinja2 import nodes
from jinja2.defaults import DEFAULT_FILTERS

PAGE = Path(__file__).parents[2] / "templates" / "WORDS.md"
MOST_EXAMPLES = 4
PHRASES = "phrases.jinja"
SCENES = (
    (
        "{concept: dog.n.01, attributes: [{value: small}, {value: red}]}, {concept: dog.n.01}, {concept: sand.n.01},"
        "{concept: girl.n.01}, {concept: scissors.n.01, attributes: [{value: old}]}",
        "{subject: 0, predicate: chasing, object: 1}, {subject: 4, predicate: near, object: 2}",
    ),
    (
        "{concept: bat.n.01}, {concept: bat.n.05}, {concept: house.n.01, attributes: [{value: Chinese}]},"
        "{concept: statue.n.01}",
        "{subject: 2, predicate: contain, object: 0}, {subject: 3, predicate: a statue of, object: 1}",
    ),
    (
        "{concept: ball.n.01}, {concept: ball.n.01, attributes: [{value: red}]},"
        "{concept: ball.n.01, attributes: [{value: red}]}",
        "",
    ),
)
WORDS = {
    "objects": ("objects", views.OBJECTS),
    "attributes": ("objects", views.ATTRIBUTES),
    "relations": ("relations", views.RELATIONS),
    "scene attributes": ("attributes", views.SCENE_ATTRIBUTES),
    "counted": ("counted", views.COUNTED),
}
"""For each table of words: the list of the scene that its elements come from, and what the words mean."""


def find_macros(template: str) -> dict[str, str]:
    """How each macro of a template is called, by its name."""
    environment = create_environment(None)
    tree = environment.parse(environment.loader.get_source(environment, template)[0])
    return {
        macro.name: f"{macro.name}({', '.join(argument.name for argument in macro.args)})"
        for macro in tree.body
        if isinstance(macro, nodes.Macro)
    }


def write_probe() -> str:
    """A template that prints every word of every element, and every macro of every object, as `key=value|`."""
    parts = [f'{{% import "{PHRASES}" as phrases %}}']
    for table, (source, words) in WORDS.items():
        entries = "".join(f"{table}/{word}={{{{ one.{word} }}}}|" for word in words)
        if table == "attributes":
            entries = f"{{% for one in one.attributes %}}{entries}{{% endfor %}}"
        if table == "counted":
            entries = f"{{% if one.count > 1 %}}{entries}{{% endif %}}"
        parts.append(f"{{% for one in scene.{source} %}}{entries}{{% endfor %}}")
    for macro in find_macros(PHRASES):
        several = macro == "introduce_several"
        source, condition = ("counted", "if one.count > 1") if several else ("in_order", "")
        call = f"macros/{macro}={{{{ phrases.{macro}(one) }}}}|"
        parts.append(f"{{% for one in scene.{source} {condition} %}}{call}{{% endfor %}}")
    return "".join(parts)


def find_examples(folder: Path) -> dict[str, list[str]]:
    """What each word and macro says in the scenes, each text once; what is empty comes last."""
    (folder / "probe.jinja").write_text(write_probe(), encoding="utf-8")
    found: dict[str, list[str]] = {}
    for number, (objects, relations) in enumerate(SCENES):
        size = sum((objects + relations).count(f"{{{key}:") for key in ("concept", "value", "subject"))
        path = folder / f"scene_{number}.yaml"
        path.write_text(
            f"extends: base\nname: scene_{number}\nquestions: []\nsplits: {{train: 64, validation: 0, test: 0}}\n"
            f"structure: {{seed_graph: {{objects: [{objects}], relations: [{relations}]}}, complexity: {size}}}\n"
            "content: {scene_attributes: {count: 2, kinds: [location, painting_style]}}\n"
            "captions: {template: probe.jinja, count_alike: true}\n"
        )
        caption = create_writer(load_recipe(path)).write_block("train", 0, 1)["caption"][0].as_py()
        for entry in caption.removesuffix("|").split("|"):
            key, _, value = entry.partition("=")
            found.setdefault(key, []).append(value)
    return {key: sorted(dict.fromkeys(values), key=lambda value: not value) for key, values in found.items()}


def write_code(text: str) -> str:
    """A text as code, in quotes where its ends would not be seen."""
    return f"`{text}`" if text and text == text.strip() else f'`"{text}"`'


def write_codes(texts: Iterable[str]) -> str:
    """Some texts as code, separated by commas."""
    return ", ".join(map(write_code, texts))


def write_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def make_tables() -> dict[str, str]:
    """All tables of the page, by their names."""
    with tempfile.TemporaryDirectory() as folder:
        examples = find_examples(Path(folder))

    def show(key: str) -> str:
        return write_codes(examples[key][:MOST_EXAMPLES])

    tables = {
        name: write_table(
            ("word", "meaning", "for instance"),
            [(f"`{word}`", meaning, show(f"{name}/{word}")) for word, meaning in words.items()],
        )
        for name, (_, words) in WORDS.items()
    }
    for name, fields in (("scene", views.SCENE_FIELDS), ("fields", views.ELEMENT_FIELDS)):
        rows = [(f"`{field}`", meaning) for field, meaning in fields.items()]
        tables[name] = write_table(("field", "meaning"), rows)
    tables["mentions"] = f"{write_codes(sorted(views.NAMING))}\n"
    macros = find_macros(PHRASES).items()
    tables["macros"] = write_table(
        ("macro", "prints"), [(f"`{call}`", show(f"macros/{name}")) for name, call in macros]
    )
    filters = {name: call for name, call in create_environment(None).filters.items() if name not in DEFAULT_FILTERS}
    tables["filters"] = write_table(
        ("filter", "prints"),
        [(f"`{name}`", call.__doc__.splitlines()[0].partition(": ")[2]) for name, call in filters.items()],
    )
    tables["question macros"] = write_table(
        ("template", "macros"),
        [
            (f"`{kind}`", write_codes(find_macros(f"questions/{kind}.jinja").values()))
            for kind in list_templates("questions")
        ],
    )
    tables["roles"] = write_table(
        ("argument", "words"),
        [(f"`{role}`", write_codes(words)) for role, (_, words) in VIEWS.items()],
    )
    return tables


def fill_page(page: str) -> str:
    """The page with its tables as they should be: what stands between `<!-- table: NAME -->` and `<!-- end -->`."""
    first, *parts = page.split("<!-- table: ")
    tables, filled = make_tables(), [first]
    for part in parts:
        name, rest = part.split(" -->", 1)
        filled.append(f"{name} -->\n\n{tables.pop(name)}\n<!-- end -->{rest.split('<!-- end -->', 1)[1]}")
    if tables:
        raise ValueError(f"the page has no place for {', '.join(tables)}")
    return "<!-- table: ".join(filled)


if __name__ == "__main__":
    PAGE.write_text(fill_page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
