"""What comes with a recipe: however its paths are spelled, what is built can be verified, or the build is refused."""

import pytest
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.inspection.verification import verify_folder
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.errors import GasError

TABLE = b"id\tparent\tname\tkinds\r\nmything\tdog.n.01\tmything\tanimal\r\n"
TEMPLATE = "{{ scene.objects[0].name }}"
KEPT = {
    "captions: t.jinja": ["t.jinja"],
    "captions: ./t.jinja": ["t.jinja"],
    "captions: .//./t.jinja": ["t.jinja"],
    "captions: [./t.jinja, t.jinja]": ["t.jinja"],
    "captions: link.jinja": ["link.jinja"],
    "captions: sub/imports.jinja": ["sub/imports.jinja", "macros.jinja"],
    "taxonomy: [default, tables]": ["tables/objects.tsv"],
    "taxonomy: [default, ./tables]": ["tables/objects.tsv"],
    "taxonomy: [default, tables//]": ["tables/objects.tsv"],
    "taxonomy: [default, link]": ["link/objects.tsv"],
    "taxonomy: [default, .]": ["objects.tsv"],
    "taxonomy: [default, ./]": ["objects.tsv"],
}
REFUSED = {
    "captions: sub/../t.jinja": "`sub/../t.jinja` goes up again; write `t.jinja`",
    "taxonomy: [default, sub/../tables]": "`sub/../tables` goes up again; write `tables`",
    "captions: ./r.yaml": "r.yaml is the recipe's own place in a built folder",
    "captions: ./R.YAML": "R.YAML is the recipe's own place in a built folder",
    "captions: [t.jinja, T.jinja]": "differ in case alone",
    "captions: ./aux.jinja": "`aux.jinja` is no name of a file; rename it beside your recipe",
    "captions: ../t.jinja": "leaves the recipe's folder",
    "taxonomy: [default, out]": "leaves the recipe's folder",
}


@pytest.fixture
def load(tmp_path):
    """Loads a recipe with some lines of its own, in a folder with templates and tables."""
    folder = tmp_path / "mine"
    (folder / "sub").mkdir(parents=True)
    for path in ("t.jinja", "aux.jinja", "R.YAML"):
        (folder / path).write_text(TEMPLATE)
    (folder / "macros.jinja").write_text("{% macro say() %}{% endmacro %}")
    (folder / "T.jinja").write_text(f"{TEMPLATE}!")
    (folder / "sub/imports.jinja").write_text("{% import './macros.jinja' as other %}" + TEMPLATE)
    for path in (folder / "tables", folder, tmp_path / "outside"):
        path.mkdir(exist_ok=True)
        (path / "objects.tsv").write_bytes(TABLE)
    (folder / "link.jinja").symlink_to("t.jinja")
    (folder / "link").symlink_to("tables")
    (folder / "out").symlink_to(tmp_path / "outside")

    def load(lines):
        (folder / "r.yaml").write_text(
            f"extends: sandbox\nname: r\nsplits: {{train: 3, validation: 0, test: 0}}\n{lines}\n"
        )
        return load_recipe(folder / "r.yaml")

    return load


@pytest.mark.parametrize("lines", KEPT)
def test_what_comes_with_a_recipe_is_kept_once_and_verified(lines, load, tmp_path):
    build_datasets([load(lines)], tmp_path / "gas")
    there = {str(path.relative_to(tmp_path / "gas/recipes")) for path in (tmp_path / "gas/recipes").rglob("*.*")}
    assert there == {"r.yaml", *KEPT[lines]}
    result = verify_folder(tmp_path / "gas", None)
    assert (result.findings, result.remade) == ([], 3)


@pytest.mark.parametrize("lines", REFUSED)
def test_what_could_not_be_verified_is_not_built(lines, load, tmp_path):
    with pytest.raises(GasError) as caught:
        build_datasets([load(lines)], tmp_path / "gas")
    assert REFUSED[lines] in str(caught.value)
    assert not (tmp_path / "gas").exists()


def test_a_file_and_a_folder_of_one_name_are_refused(tmp_path):
    loaded = []
    for name, template in (("one", "a.jinja"), ("two", "a.jinja/b.jinja")):
        path = tmp_path / name / template
        path.parent.mkdir(parents=True)
        path.write_text(TEMPLATE)
        (tmp_path / name / f"{name}.yaml").write_text(f"extends: sandbox\nname: {name}\ncaptions: {template}\n")
        loaded.append(load_recipe(tmp_path / name / f"{name}.yaml"))
    with pytest.raises(GasError, match=r"recipes/a.jinja would be a file, and the folder of recipes/a.jinja/b.jinja"):
        build_datasets(loaded, tmp_path / "gas")
