"""Templates of one's own do bounded work, depend on the scene alone, and may keep words as well as print them."""

import functools
import os
import re
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import jinja2
import pytest
from generate_any_scene.builders.text import sandbox
from generate_any_scene.builders.text.marks import Slot, WordInspected, make_word
from generate_any_scene.builders.text.templates import (
    FILTERS,
    create_environment,
    list_templates,
    load_template,
    read_sources,
    render_block,
    split_blocks,
)
from generate_any_scene.builders.text.views import SCENE_FIELDS, Shape, view_scene
from generate_any_scene.errors import GasError
from hypothesis import given, settings
from hypothesis import strategies as st

SHAPE = Shape((2, 0), (0,), (1,))
NAME = "scene.objects[0].name"
HUGE = ("10 ** 9", "10 ** 18", "99999999", "10 ** 10 ** 9")


def view(leaf, shape=SHAPE):
    return view_scene(leaf, shape, (1, 1, 1, 1), "image")


@pytest.fixture
def load(tmp_path):
    """Loads a template of a recipe's folder."""

    def load(source, name="mine.jinja"):
        (tmp_path / name).write_bytes(source if isinstance(source, bytes) else source.encode())
        sandbox_template = load_template("captions", name, tmp_path)
        read_sources(sandbox_template)
        return sandbox_template

    return load


@pytest.fixture
def refuse(load):
    """Checks that a template is refused quickly, in one line that says where; gives the message."""

    def check(source, line=1):
        start = time.monotonic()
        with pytest.raises(GasError) as caught:
            template = load(source)
            try:
                render_block(template, "", {"scene": view(Slot), "frame": 0})
            except WordInspected:
                render_block(template, "", {"scene": view(lambda *place: make_word("dog", place[-1])), "frame": 0})
        message = str(caught.value)
        assert time.monotonic() - start < 5
        assert re.search(rf"mine\.jinja:{line}: ." if line else r"mine\.jinja", message)
        assert len(message) < 4000 and "\n" not in message
        return message

    return check


# Work.


@pytest.mark.parametrize("huge", HUGE)
@pytest.mark.parametrize(
    "expression",
    [
        *("'a' * {}", "{} * 'a'", "[1] * {}", "(1, 2) * {}", "range({}) | list", "2 ** ({})"),
        *("'a' | center({})", "'a' | indent({}, true)", "[1] | batch({}, 0) | list", "[1] | slice({}) | list"),
        *("'a'.center({})", "'a'.ljust({})", "'a'.rjust({}, 'b')", "'a'.zfill({})", "'\t'.expandtabs({})"),
        *("'%*d' % ({}, 1)", "'{{:{{}}}}'.format(1, {})", "1.5 | round({})", "'a' | replace('a', 'b' * {})"),
    ],
)
def test_an_operation_is_not_given_huge_numbers(expression, huge, refuse):
    refuse("{{ (" + expression.format(f"({huge})") + ") | string | length }}")


@pytest.mark.parametrize(
    "expression",
    [
        *("'%999999999d' % 1", "'%-99999d' | format(1)", "'%.9999f' % 1.5", "'{:999999999}'.format(1)"),
        *("'{:a<9999}'.format(1)", "'{x:>+9999}'.format(x=1)", "'{x:9999}'.format_map({'x': 1})"),
        *(
            "('a' * 9000) | replace('a', 'b' * 9000)",
            "(['a'] * 9000) | join('b' * 9000)",
            "('\\n' * 9000) | indent(9000)",
        ),
        *("('a' * 15000) ~ ('a' * 15000)", "('a' * 15000) + ('a' * 15000)", "[1] * 15000 + [1] * 15000"),
    ],
)
def test_a_value_has_a_largest_size(expression, refuse):
    refuse("{{ (" + expression + ") | string | length }}")


GROW = "{% set my = namespace(x=%s) %}{% for i in range(99) %}{% set my.x = {} %}{% endfor %}"


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}",
        "{% for i in range(9999) %}{% for j in range(9999) if j < 0 %}{% endfor %}{% endfor %}",
        "{% macro f(n) %}{% for i in range(9999) %}{% endfor %}"
        "{% if n %}{{ f(n - 1) ~ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}",
        "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
        "{% macro f(n) %}{{ g(n) }}{% endmacro %}{% macro g(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
        "{% for x in [[1]] recursive %}{{ loop(x) if x is iterable }}{{ loop([x, x]) }}{% endfor %}",
        "{% include 'mine.jinja' %}{% include 'mine.jinja' %}",
        "{% import 'mine.jinja' as mine %}",
        "{% extends 'mine.jinja' %}",
        "{% block a %}{{ self.a() }}{{ self.a() }}{% endblock %}",
        *(
            GROW.replace("%s", first).replace("{}", grown, 1) + "{{ my.x == my.x }}"
            for first, grown in [
                *(("'a'", "my.x ~ my.x"), ("'a'", "my.x + my.x"), ("'ab'", "my.x | replace('a', my.x)")),
                *(
                    ("[1]", "my.x + my.x"),
                    ("[1]", "[my.x, my.x]"),
                    ("(1,)", "(my.x, my.x)"),
                    ("{}", "{1: my.x, 2: my.x}"),
                ),
                *(("2", "my.x * my.x"), ("2", "my.x ** my.x"), ("{}", "dict(a=my.x, b=my.x)"), ("[]", "[my.x]")),
            ]
        ),
        "{% set my = namespace(x='a') %}{% for i in range(99) %}"
        "{% set my.x %}{{ my.x }}{{ my.x }}{% endset %}{% endfor %}",
        "{% set x = range(9999) | list %}{% for i in range(999) %}{% if x == x %}{% endif %}{% endfor %}",
        "{% set x = 'a' * 9999 %}{% for i in range(999) %}{% set y = x[1:] %}{% endfor %}",
        "{% for i in range(9999) %}" + "{% if i %}{% endif %}" * 2000 + "{% endfor %}",
        "{% for i in range(999) %}" + "a" * 999 + "{% endfor %}",
    ],
)
def test_a_template_takes_so_many_steps_and_no_more(source, refuse):
    refuse(source, line=r"\d+")


def test_the_bound_holds_for_larger_scenes(load):
    template = load("{% for a in scene.objects %}" * 3 + "{{ a.number * 2 }}" + "{% endfor %}" * 3)
    assert render_block(template, "", {"scene": view(Slot)})
    with pytest.raises(GasError, match=r"mine\.jinja:1: the template takes more than 50,000 steps"):
        render_block(template, "", {"scene": view(Slot, Shape((0,) * 60, (), ()))})


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (b"one\n\xff\xfe", 2),
        ("\n" + "{% for i in [1] %}" * 25 + "{% endfor %}" * 25, 2),
        ("{% if 1 %}" * 120 + "{% endif %}" * 120, 1),
        ("\n\n{{ " + "(" * 300 + "1" + ")" * 300 + " }}", 3),
        ("{{ " + "[" * 300 + "]" * 300 + " }}", 1),
        ("{{ " + "not " * 999 + "1 }}", 1),
        ("{{ 1" + " + 1" * 999 + " }}", 1),
        ("\n{{ 'a'" + " | upper" * 2000 + " }}", 2),
        ("{{ x" + ".x" * 999 + " }}", 1),
        ("{% include '" + "a" * 5000 + "' %}", None),
        ("{% include 'a\\0b' %}", None),
        ("\n{{ '\\ud800' }}", 2),
        ("{{ '%c' % 55296 }}", 1),
        ("{{ 9" + "9" * 5000 + " }}", 1),
        ("{{ " + "a" * 50000 + " }}", 1),
        ("a" * 200_000, None),
        ("{% include frame %}", 1),
        ("{% autoescape true %}{% endautoescape %}", 1),
    ],
)
def test_hostile_syntax_is_a_message_with_its_line(source, line, refuse):
    refuse(source, line)


def test_what_cannot_be_read_is_a_message(load, tmp_path):
    outside = tmp_path.parent / "outside.jinja"
    outside.write_text("secret")
    (tmp_path / "link.jinja").symlink_to(outside)
    with pytest.raises(GasError, match=r"mine\.jinja: .*link\.jinja.* leaves the recipe's folder"):
        load("{% include 'link.jinja' %}")
    with pytest.raises(GasError, match=r"other\.jinja:2: it is not UTF-8"):
        (tmp_path / "other.jinja").write_bytes(b"\n\xff")
        load("{% include 'other.jinja' %}")


@pytest.mark.parametrize("main", [True, False])
@pytest.mark.parametrize(
    ("make", "obstacle"),
    [
        (os.mkfifo, "is not a regular file"),
        (Path.mkdir, "is a folder"),
        (lambda path: path.symlink_to(path.name), "cannot be read: Too many levels of symbolic links"),
        (lambda path: (path.touch(), os.truncate(path, 1 << 40)), "is larger than"),
    ],
    ids=["FIFO", "folder", "loop of links", "huge"],
)
def test_what_is_no_template_file_is_not_opened(make, obstacle, main, load, tmp_path):
    make(tmp_path / "other.jinja")
    with pytest.raises(GasError, match=rf"other\.jinja {obstacle}") as caught:
        load_template("captions", "other.jinja", tmp_path) if main else load("{% include 'other.jinja' %}")
    assert caught.value.exit_status == 2


# Nothing but the scene.


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "range(9) | random",
            "scene.objects | random",
            "scene.objects | shuffle",
            "lipsum()",
            "now()",
            "'a' | pprint",
        ),
        *("scene", "scene.objects", "scene.objects[0]", "scene.relations[0].subject", "scene | string", "scene ~ ''"),
        *("[scene] | join", "'%s' % scene", "'{}'.format(scene)", "cycler('a')", "joiner()", "namespace()", "self"),
        *("'a'.upper", "['a'.upper] | string", "scene.objects.count ~ ''", "namespace() | string", "cycler('a') ~ ''"),
        *(
            "scene.objects | map(attribute='name')",
            "range",
            "dict",
            "loop",
            "caller",
            "'a'.encode()",
            "'a' is sameas 'a'",
        ),
        *("scene.objects.clear()", "scene.objects.append(1)", "scene.objects.sort()", "scene.objects.reverse()"),
        *("scene.objects.pop()", "{}.update(a=1)", "{}.setdefault('a', 1)", "scene.objects[0].words", "scene.names"),
        *("scene.objects[0].name.mark", "scene.objects[0] | attr('words')", "scene.objects[0]['words']"),
        *("[scene.objects[0]] | map(attribute='words') | first", "scene.objects.__len__()"),
    ],
)
def test_what_is_not_of_the_scene_is_refused(expression, refuse):
    refuse("{{ " + NAME + " }} {{ " + expression + " }}")


@pytest.mark.parametrize("field", SCENE_FIELDS)
def test_a_field_of_the_scene_that_stands_alone_is_told_whose_it_is(field, refuse, load):
    message = refuse(f"{{{{ {field} }}}}")
    assert message.endswith(f"there is no `{field}`; did you mean `scene.{field}`?")
    assert "is undefined" not in message
    load(f"{{% if scene.{field} %}}{{% endif %}}")


def test_a_name_that_nothing_has_is_told_what_there_is(refuse):
    assert refuse("{{ scen.objects }}").endswith("there is no `scen`; did you mean `scene`?")
    assert "there is no `xyzzy`; captions have `scene` (scene.objects, scene.subjects, " in refuse("{{ xyzzy }}")


def test_a_scene_cannot_be_set(refuse):
    refuse("{% set scene.objects = [] %}{{ scene.objects | length }}")


def test_nothing_is_left_of_earlier_scenes(load):
    load(
        "{% set my = namespace(n=0) %}{% set turn = cycler('a', 'b') %}{% set comma = joiner() %}"
        "{% macro count() %}{% set my.n = my.n + 1 %}{{ my.n }}{{ turn.next() }}{{ comma() }}{% endmacro %}",
        "other.jinja",
    )
    template = load("{% from 'other.jinja' import count %}{{ count() }} {{ count() }}")
    for _ in range(3):
        (piece,) = render_block(template, "", {"scene": view(Slot)})
        assert piece.text == "1a 2b,"


# Words.

WORDS = {
    "name": "little Red panda",
    "sense": "",
    "sense_last": "",
    "article": "a",
    "text": "3.5",
    "before": "old ",
    "verb": "sees",
}
PLACES = (
    *("scene.objects[0].name", "scene.objects[1].article", "scene.objects[0].sense", "scene.relations[0].verb"),
    *("scene.objects[0].attributes[0].text", "scene.objects[0].attributes[1].before"),
)
KEEP = (
    "{% set x = PRINT %}",
    "{% set x %}{{ PRINT }}{% endset %}",
    "{% set x %}so {{ PRINT }}, {{ PRINT }}{% endset %}",
    "{% macro m() %}{{ PRINT }} {% endmacro %}{% set x = m() %}",
    "{% macro m() %}{% set y = caller() %}{{ y }}{% endmacro %}"
    "{% set x %}{% call m() %}{{ PRINT }}{% endcall %}{% endset %}",
    "{% set x %}{% filter capitalized %}{{ PRINT }}!{% endfilter %}{% endset %}",
    "{% set x = [PRINT, 'b'] | listing %}",
    "{% set x = PRINT ~ ' and ' ~ PRINT %}",
    "{% set x = PRINT + '.' %}",
)
ARGUMENTS = {
    **{"attr": "'upper'", "batch": "2", "default": "'none', true", "d": "'none', true", "format": "1, 'a'"},
    **{"groupby": "0", "join": "'-'", "map": "'upper'", "reject": "'in', 'abc'", "select": "'in', 'abc'"},
    **{"rejectattr": "'upper'", "selectattr": "'upper'", "replace": "'e', 'xyz'", "round": "1", "slice": "2"},
    **{"truncate": "5, true, '', 0", "indent": "2, true", "center": "40"},
}
TESTS = [
    name for name in jinja2.Environment().tests if name.isidentifier() and name not in ("sameas", "filter", "test")
]
METHODS = (
    *("upper()", "lower()", "title()", "swapcase()", "capitalize()", "casefold()", "strip()", "split()", "split('e')"),
    *("startswith('l')", "endswith('a')", "find('e')", "count('e')", "index('e')", "replace('e', 'i')", "isdigit()"),
    *("partition('e')", "zfill(30)", "ljust(30, '.')", "center(30, '.')", "join(['a', 'b'])", "removeprefix('li')"),
    *("splitlines()", "isalpha()", "islower()", "expandtabs()", "format(1)", "encode()", "rsplit('e', 1)"),
)
OPERATIONS = (
    *(
        f"x | {name}({ARGUMENTS.get(name, '')})"
        for name in jinja2.Environment().filters
        if name not in sandbox.HIDDEN_FILTERS
    ),
    *(f"x | {name}" for name in FILTERS),
    *(f"x is {name} {'2' if name in ('divisibleby', 'eq', 'ne') else ''}" for name in TESTS),
    *(f"x.{method}" for method in METHODS),
    *(
        "x[:3]",
        "x[-2:]",
        "x[::-1]",
        "x[0]",
        "x[-1]",
        "x[99]",
        "x * 2",
        "2 * x",
        "x + x",
        "x ~ 1 ~ x",
        "x % 1",
        "-x",
        "x - 1",
    ),
    *(
        "x == 'a'",
        "x != 'a'",
        "x < 'b'",
        "x >= 'b'",
        "'e' in x",
        "x in 'abc'",
        "x in ['a', x]",
        "not x",
        "x or 'none'",
    ),
    *(
        "x and 'some'",
        "{x: 1}[x]",
        "{'a': x}['a']",
        "[x, 'z'] | sort | join(' ')",
        "[x] | first",
        "[x, x] | unique | list",
    ),
    *(
        "', '.join([x, x])",
        "'%s!' % x",
        "'%s!' | format(x)",
        "'{}!'.format(x)",
        "[x] == [x]",
        "[x, 'a'] | max",
        "'a' ~ x",
    ),
    *(
        "'a'.startswith((x, 'a'))",
        "x == x",
        "[x] | string",
        "[x] | map('upper') | join",
        "(x, 1) < ('b', 2)",
        "range(x)",
    ),
)
ENDS = (
    "{{ y if y is string or y is number else y | join('/') }}",
    "{{ y | join('/') }}.",
    "{{ y }}",
    "{% if y %}yes{% else %}no{% endif %}",
    "{% for one in y %}{{ one }},{% endfor %}",
    "{{ x }}{{ y | string | length }}{{ x }}",
)


def read_word(column, role, number, element):
    return WORDS.get(column.split(".")[1], "word")


def fill_slot(piece):
    """What a piece says, and of what."""
    if piece.slot is None:
        return piece.text, piece.element
    word = read_word(piece.slot[0].removesuffix("^"), *piece.slot[1:], piece.element)
    return (word[:1].upper() + word[1:] if piece.slot[0].endswith("^") else word), piece.element


def render(source, leaf):
    """What a template says of a scene, piece by piece, or None if it is refused."""
    template = create_environment(Path("nowhere")).from_string(source)
    try:
        return [fill_slot(piece) for piece in render_block(template, "", {"scene": view(leaf)})]
    except GasError:
        return None


def read_all(function):
    """A filter that gives a list where Jinja gives a generator, whose text has an address."""

    @functools.wraps(function)
    def read(*arguments, **named):
        result = function(*arguments, **named)
        return list(result) if isinstance(result, (Iterator, range)) else result

    return read


def render_by_jinja(source):
    """What Jinja says of a scene whose words are plain texts, or None if it fails."""
    plain = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    plain.globals["range"] = read_all(range)
    plain.filters |= {**{name: read_all(one) for name, one in plain.filters.items()}, **FILTERS, "starting": str}
    try:
        text = plain.from_string(source).render(scene=view(read_word))
    except Exception:
        return None
    return " ".join(text.split())


def check_words(source):
    """Checks that a template is refused or says what Jinja says of the words; tells whether it is not refused."""
    by_row, said = render(source, lambda *place: make_word(read_word(*place), place[-1])), render_by_jinja(source)
    try:
        traced = render(source, Slot)
        assert traced is None if by_row is None else [one for one in traced if one[0]] == by_row, source
    except WordInspected:
        pass
    if by_row is None:
        return False
    text = "".join(text for text, _ in by_row)
    assert " ".join(text.split()) == said, source
    assert not sandbox.SURROGATE.search(text), source
    words = {*WORDS.values(), "word"}
    assert {text for text, element in by_row if element} <= words | {word[:1].upper() + word[1:] for word in words}, (
        source
    )
    return True


def write(keep, place, operation, end):
    return keep.replace("PRINT", place) + f"{{% set y = {operation} %}}It is {end}"


def test_what_is_kept_of_words_is_as_good_as_the_words():
    """Every operation, with one place, way of keeping and end after the other."""
    choices = zip(cycle(KEEP), cycle(PLACES), OPERATIONS, cycle(ENDS), strict=False)
    right = [check_words(write(*choice)) for choice in choices]
    assert sum(right) > len(right) / 2


@pytest.mark.slow
@pytest.mark.parametrize("keep", KEEP)
@pytest.mark.parametrize("place", PLACES)
def test_every_operation_on_every_word_that_is_kept_is_as_good_as_on_the_words(keep, place):
    sources = [write(keep, place, operation, end) for operation in OPERATIONS for end in ENDS]
    # `capitalized` gives the first word a capital, be it one that some scenes lack.
    right = [check_words(one) for one in sources if "sense" not in place or "capitalized" not in one]
    assert sum(right) >= len(right) / 4


@settings(max_examples=40)
@given(
    st.sampled_from(KEEP),
    st.sampled_from(PLACES),
    st.lists(st.sampled_from(OPERATIONS), min_size=2, max_size=3),
    st.sampled_from(ENDS),
)
def test_operations_on_operations_are_as_good_as_on_the_words(keep, place, operations, end):
    then = "".join(f"{{% set x = {one} %}}" for one in operations[:-1])
    check_words(keep.replace("PRINT", place) + then + write("", place, operations[-1], end))


def test_a_kept_word_loses_its_comma_as_a_printed_one_does():
    word = make_word("the tool,", "")
    template = create_environment(Path("nowhere")).from_string("{% set x %}{{ word }}.{% endset %}{{ x | upper }}")
    (piece,) = render_block(template, "", {"word": word})
    assert piece.text == "THE TOOL."


@pytest.mark.parametrize("name", list_templates("captions"))
def test_shipped_templates_are_traced_within_the_bounds(name, tmp_path):
    """For a scene that is far larger than any that recipes draw."""
    large = Shape((2,) * 40, tuple(range(40)), (*range(1, 40), 0))
    scenes = [
        (view(Slot, shape), frame) for shape in (SHAPE, Shape((1, 0, 0), (), ()), large) for frame in range(0, 12, 4)
    ]
    own, ours = (load_template("captions", name, folder) for folder in (tmp_path, None))
    for scene, frame in scenes:
        for block in split_blocks(own):
            variables = {"scene": scene, "frame": frame}
            assert render_block(own, block, variables) == render_block(ours, block, variables)
