"""What caption templates yielded, on disk: rows are the same with and without it."""

import pytest
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.builders.text import captions, trace_cache

TWINS = ("content.objects.under=[dog.n.01]", "content.objects.top=3")
COUNTED = "captions=[{template: default, count_alike: true}, terse]"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "generate-any-scene/captions"


def write(loaded, block=0, keep=True):
    """Rows of a block, and what a new writer had of its captions from the start."""
    writer = create_writer(loaded)
    known = dict(writer.captions.tracer.programs)
    rows = writer.write(draw_block(writer.plan, "train", block, 0, 500), "train")
    if keep:
        writer.captions.keep_traces()
    return rows, known


@pytest.mark.parametrize("overrides", [pytest.param((), marks=pytest.mark.slow), (*TWINS, COUNTED)])
def test_rows_are_the_same_with_what_was_kept_of_other_rows(overrides):
    loaded = load_recipe("general", ("questions=[object]", *overrides))
    expected, known = write(loaded, block=1, keep=False)
    assert not known
    write(loaded, block=0)
    rows, known = write(loaded, block=1)
    assert len(known) > 100
    assert rows.equals(expected)
    assert len(write(loaded, block=1)[1]) > len(known)


def test_what_depends_on_the_rows_is_not_kept():
    loaded = load_recipe("general", ("questions=[]", *TWINS, COUNTED))
    writer = create_writer(loaded)
    writer.write(draw_block(writer.plan, "train", 0, 0, 500), "train")
    assert any(key[-1] for _, key in writer.captions.tracer.programs)
    writer.captions.keep_traces()
    assert not any(key[-1] for _, key in create_writer(loaded).captions.tracer.programs)


@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda content: b"", lambda content: content[:99]])
def test_a_damaged_file_is_not_read_and_replaced(damage, cache):
    loaded = load_recipe("general", ("questions=[]",))
    expected, _ = write(loaded)
    (file,) = cache.glob("*.arrow")
    file.write_bytes(damage(file.read_bytes()))
    rows, known = write(loaded)
    assert not known
    assert rows.equals(expected)
    assert write(loaded)[1]


def test_other_templates_structures_and_code_have_other_files(cache, write_recipe, monkeypatch):
    def count(loaded):
        _, known = write(loaded)
        assert not known
        return len(list(cache.glob("*.arrow")))

    path = write_recipe("captions: mine.jinja\nstructure: {complexity: [1, 5]}\nquestions: []\n")
    path.with_name("mine.jinja").write_text("{% for object in scene.objects %}{{ object.name }}. {% endfor %}\n")
    assert count(load_recipe(path)) == 1
    path.with_name("mine.jinja").write_text("{% for object in scene.objects %}{{ object.name }}! {% endfor %}\n")
    assert count(load_recipe(path)) == 2
    assert count(load_recipe(path, ("structure.complexity=[1,4]",))) == 3
    monkeypatch.setattr(trace_cache, "hash_code", lambda *names: "other code")
    assert count(load_recipe(path)) == 4


def test_what_is_too_much_is_not_kept(cache, monkeypatch):
    monkeypatch.setattr(captions, "MOST_KEPT", 100)
    write(load_recipe("general", ("questions=[]",)))
    assert not cache.exists()


def test_a_template_that_looks_at_words_is_not_kept(cache, write_recipe):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: [1, 5]}\nquestions: []\n")
    path.with_name("mine.jinja").write_text(
        "{% for object in scene.objects %}{{ object.name | upper }}. {% endfor %}\n"
    )
    write(load_recipe(path))
    assert not cache.exists()
