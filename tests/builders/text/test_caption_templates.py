"""Caption templates: the fast way says what the slow way says; templates of one's own; several of them in a list."""

import jinja2
import pytest
from generate_any_scene.builders.build.recipe_bundle import bundle_recipe
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.inspection.recipe_check import validate_recipe
from generate_any_scene.builders.recipe.loading import dump_recipe, load_recipe
from generate_any_scene.builders.rows.fingerprint import compute_fingerprint
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.builders.text.templates import list_templates
from generate_any_scene.errors import GasError

TWINS = ("content.objects.under=[dog.n.01]", "content.objects.top=3")
ALL = f"captions=[{', '.join(list_templates('captions'))}, {{template: default, count_alike: true}}]"


@pytest.fixture
def write_both_ways(open_both_ways):
    """The same rows, by traced templates and with every template rendered for every row."""

    def write(plan, folder=None, rows=150):
        fast, slow = open_both_ways(plan, folder)
        scenes = draw_block(plan, "train", 0).cut(0, rows)
        tables = fast.write(scenes, "train"), slow.write(scenes, "train")
        assert not fast.captions.tracer.row_by_row
        return [table.to_pylist() for table in tables]

    return write


@pytest.mark.parametrize(
    ("recipe", "overrides"),
    [
        ("general", ()),
        ("three_d", ()),
        ("video", (*TWINS, ALL)),
        pytest.param("video", (), marks=pytest.mark.slow),
        pytest.param("general", (*TWINS, ALL), marks=pytest.mark.slow),
    ],
)
def test_traced_templates_say_what_templates_say_row_by_row(recipe, overrides, open_writer, write_both_ways):
    for row, reference in zip(*write_both_ways(open_writer(recipe, *overrides).plan), strict=True):
        assert row == reference


def test_traced_templates_tell_senses_apart_as_templates_do_row_by_row(open_writer, write_both_ways):
    filters = ("content.objects.tier=full", "content.objects.under=[bat.n.01, club.n.03]", ALL)
    fast, slow = write_both_ways(open_writer("multi_object", *filters, "content.objects.weights.bat.n.01=900").plan)
    assert fast == slow


# Templates of one's own.


def test_a_template_may_compare_words(write_recipe):
    path = write_recipe(
        "captions: mine.jinja\nstructure: {complexity: [1, 5]}\nquestions: []\n"
        "content: {objects: {under: [dog.n.01, cat.n.01]}}"
    )
    path.with_name("mine.jinja").write_text(
        "{% for object in scene.objects %}"
        '{% if object.name == "dog" %}Our dog {{ object.name | upper }}'
        "{% else %}{{ object.name | capitalized }}{% endif %}"
        ". {% endfor %}\n"
    )
    writer = create_writer(load_recipe(path))
    rows = writer.write_block("train", 0, 500).to_pylist()
    assert writer.captions.tracer.row_by_row
    seen = set()
    for row in rows:
        names = [item["name"] for item in row["scene_graph"]["objects"]]
        seen.update(names)
        said = [f"Our dog {name.upper()}." if name == "dog" else f"{name[0].upper()}{name[1:]}." for name in names]
        assert row["caption"] == " ".join(said)
    assert "dog" in seen and len(seen) > 2


def test_a_template_of_ones_own_is_as_fast_when_it_only_prints_words(write_recipe, write_both_ways):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: [1, 5]}\nquestions: []")
    path.with_name("mine.jinja").write_text(
        '{% from "phrases.jinja" import introduce %}A picture of {% for object in scene.objects %}'
        "{{ introduce(object) }}{{ ', ' if not loop.last }}{% endfor %}."
    )
    writer = create_writer(load_recipe(path))
    rows = writer.write_block("train", 0, 200).to_pylist()
    assert not writer.captions.tracer.row_by_row
    slow = write_both_ways(writer.plan, path.parent, 200)[1]
    assert rows == slow
    assert all(row["caption"].startswith("A picture of ") for row in rows)


def test_the_same_template_gives_the_same_rows_after_other_blocks(write_recipe):
    """A template that is rendered row by row keeps nothing of an earlier block."""
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: [1, 3]}\nquestions: []")
    path.with_name("mine.jinja").write_text("{% for object in scene.objects %}{{ object.name | upper }} {% endfor %}")
    writer = create_writer(load_recipe(path))
    writer.write_block("train", 1, 50)
    again = writer.write_block("train", 0, 50)
    assert again == create_writer(load_recipe(path)).write_block("train", 0, 50)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("First line.\n{{ scene.colour }}\n", r"mine\.jinja:2: .*colour"),
        ("{% for it in scene.objects %}\n\n{{ it.nmae }}{% endfor %}", r"mine\.jinja:3: .*nmae.*did you mean `name`"),
        ("A {{ caption }}", r"mine\.jinja:1: .*caption"),
        ("A\n{{ scene.objects[0].name }\n", r"mine\.jinja:2: "),
        ("{{ 1 / 0 }}", r"mine\.jinja:1: division by zero"),
        ('{% from "other.jinja" import x %}{{ x() }}', r"other\.jinja"),
    ],
)
def test_mistakes_in_a_template_are_told_with_their_place(template, message, write_recipe):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: [2, 3]}\nquestions: []")
    path.with_name("mine.jinja").write_text(template)
    with pytest.raises(GasError, match=message):
        create_writer(load_recipe(path)).write_block("train", 0, 10)


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ scene.__class__.__init__.__globals__ }}",
        "{{ scene.objects[0].words.__class__.__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        '{% include "../secret.jinja" %}',
        '{% include "/etc/hostname" %}',
        '{% from "nested/../../secret.jinja" import x %}',
    ],
)
def test_a_template_cannot_leave_its_sandbox(template, write_recipe, tmp_path):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: [2, 3]}\nquestions: []")
    (tmp_path / "secret.jinja").write_text("secret")
    path.with_name("mine.jinja").write_text(template)
    with pytest.raises(GasError, match=r"mine\.jinja"):
        create_writer(load_recipe(path)).write_block("train", 0, 10)


def test_a_template_that_is_not_there_is_named_with_the_closest(write_recipe):
    with pytest.raises(GasError, match=r"there is no template `defualt`; did you mean `default`\?"):
        create_writer(load_recipe(write_recipe("captions: defualt\nstructure: {complexity: 3}")))


# Several templates.


def open_several(write_recipe, captions):
    text = f"captions: {captions}\nstructure: {{complexity: [1, 6]}}\nquestions: []"
    return create_writer(load_recipe(write_recipe(text)))


def test_each_template_of_a_list_writes_its_share_of_captions(write_recipe):
    path = write_recipe(
        "captions: [{template: a.jinja, weight: 2}, {template: b.jinja, weight: 0.5}]\n"
        "structure: {complexity: 3}\nquestions: []"
    )
    for name in "ab":
        path.with_name(f"{name}.jinja").write_text(f"{name} {{{{ scene.objects[0].name }}}}")
    writer = create_writer(load_recipe(path))
    captions = writer.write_block("train", 0, 3000)["caption"].to_pylist()
    for end in (320, 640, 3000):
        assert abs(sum(caption.startswith("a ") for caption in captions[:end]) - end * 0.8) <= 13


def test_which_template_a_scene_gets_does_not_depend_on_what_else_is_written(write_recipe):
    writer = open_several(write_recipe, "[default, {template: verbose, weight: 3}, terse]")
    chosen = writer.captions.choose_templates(7, 0, 2000)
    assert (writer.captions.choose_templates(7, 100, 900) == chosen[100:1000]).all()
    rows = writer.write_block("train", 1, 300)
    assert open_several(write_recipe, "[default, {template: verbose, weight: 3}, terse]").write_block(
        "train", 1, 100
    ) == rows.slice(0, 100)


def test_a_list_of_templates_writes_what_each_of_them_writes_alone(write_recipe):
    names = ["default", "terse", "verbose", "prompt"]
    writer = open_several(write_recipe, f"[{', '.join(names)}]")
    columns = ["caption", "mentions"]
    rows = writer.write_block("train", 0, 400).select(columns).to_pylist()
    tables = [open_several(write_recipe, name).write_block("train", 0, 400).select(columns) for name in names]
    alone = [table.to_pylist() for table in tables]
    assert all(row in choices for row, choices in zip(rows, zip(*alone, strict=True), strict=True))
    assert all(any(row == other for row, other in zip(rows, one, strict=True)) for one in alone)


def test_a_template_that_counts_nothing_is_not_asked_to(write_recipe):
    path = write_recipe("captions:\n  template: terse\n  count_alike: true\nstructure: {complexity: 3}")
    with pytest.raises(GasError, match=r"mine\.yaml:6:3: captions\.count_alike: `terse` counts no objects"):
        create_writer(load_recipe(path))


def test_a_list_of_ones_own_templates_is_copied_checked_and_fingerprinted(write_recipe):
    path = write_recipe("captions: [a.jinja, {template: b.jinja, weight: 3}]\nstructure: {complexity: 3}")
    path.with_name("a.jinja").write_text("{% include 'c.jinja' %}{{ scene.objects[0].name }}")
    path.with_name("b.jinja").write_text("{{ scene.objects[0].name | upper }}")
    path.with_name("c.jinja").write_text("A picture of ")
    loaded = load_recipe(path)
    writer = create_writer(loaded)
    before = compute_fingerprint(writer)
    assert set(bundle_recipe(loaded, writer).files) == {"a.jinja", "b.jinja", "c.jinja"}
    assert validate_recipe(loaded).row_by_row == ["captions.1"]
    path.with_name("c.jinja").write_text("A view of ")
    assert compute_fingerprint(create_writer(loaded)) != before
    path.with_name("again.yaml").write_text(dump_recipe(loaded.recipe))
    assert load_recipe(path.with_name("again.yaml")).recipe == loaded.recipe


@pytest.mark.parametrize(
    ("captions", "message"),
    [
        ("[]", "captions: must name at least one"),
        ("[default, ../b.jinja]", r"captions\.1: `\.\./b\.jinja` leaves the recipe's folder"),
        ("[default, {template: terse, wieght: 2}]", r"captions\.1\.wieght: unknown key `wieght`; did you"),
        ("[default, {template: terse, weight: 0}]", r"captions\.1\.weight: must be greater than 0"),
        ("[default, tersse]", r"mine\.yaml:4:21: captions\.1: there is no template `tersse`; did you mean `terse`"),
    ],
)
def test_mistakes_in_a_list_of_templates_are_told_with_their_place(captions, message, write_recipe):
    path = write_recipe(f"captions: {captions}\nstructure: {{complexity: 3}}")
    with pytest.raises(GasError, match=message):
        create_writer(load_recipe(path))


def test_work_grows_with_the_number_of_templates_and_no_faster(write_recipe, monkeypatch):
    """Each template of one's own is parsed twice: to be compiled, and for all that is asked of its tree."""
    parsed = []
    usual = jinja2.Environment._parse
    monkeypatch.setattr(
        jinja2.Environment, "_parse", lambda self, source, *names: parsed.append(source) or usual(self, source, *names)
    )
    for count in (20, 40):
        names = [f"{count}-{number}.jinja" for number in range(count)]
        path = write_recipe(f"captions: [{', '.join(names)}]", extends="sandbox")
        for name in names:
            (path.parent / name).write_text(f"{{# {name} #}}A picture of {{{{ scene.objects[0].name }}}}.")
        parsed.clear()
        validate_recipe(load_recipe(path))
        own = [source for source in parsed if "#}A picture" in source]
        assert len(own) <= 2 * count and len(set(own)) == count
        assert len(parsed) - len(own) < 40
