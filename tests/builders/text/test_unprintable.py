"""What no text can have, a template cannot print: it is refused with its line, however the template comes by it."""

import random

import pytest
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.errors import GasError, escape

CHARACTERS = [*"\0\b\x1b\x7f\x9b\u200b\u202e\u2066\ufeff\ufffe\ue000", "\x0b\x07"]
WAYS = {
    "as it is": "a{character}b",
    "in an expression": '{{{{ "{written}" }}}}',
    "with a word": '{{{{ "x{written}" ~ scene.objects[0].name }}}}',
    "kept": '{{% set x = "{written}" %}}{{{{ x }}}}',
    "by a macro": "{{% macro say() %}}a{character}b{{% endmacro %}}{{{{ say() }}}}",
    "by a filter": '{{{{ "abc" | replace("b", "{written}") }}}}',
    "in a block": '{{% block one %}}{{{{ "{written}" | capitalized }}}}{{% endblock %}}',
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("character", CHARACTERS, ids=ascii)
def test_unprintable_text_is_refused_with_its_line(character, way, write_recipe):
    lines = random.Random(f"{character}{way}").randrange(4)
    written = "".join(f"\\u{ord(letter):04x}" for letter in character)
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: 1}\nquestions: []")
    template = path.with_name("mine.jinja")
    template.write_text("{# #}\n" * lines + WAYS[way].format(character=character, written=written), encoding="utf-8")
    writer = create_writer(load_recipe(path))
    with pytest.raises(GasError) as caught:
        writer.write_block("train", 0, 2)
    message = str(caught.value)
    told = escape(character[-1])
    assert message == f"{template}:{lines + 1}: it prints `{told}`, which is no character of a text; remove it"


@pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\u00a0b", "a\u2028b", "é 中 🐈", "می\u200cخواهم", "👩\u200d🚀"])
def test_white_space_and_letters_are_printed(text, write_recipe):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: 1}\nquestions: []")
    path.with_name("mine.jinja").write_text(text, encoding="utf-8")
    rows = create_writer(load_recipe(path)).write_block("train", 0, 2).to_pylist()
    assert {row["caption"] for row in rows} == {" ".join(text.split())}
