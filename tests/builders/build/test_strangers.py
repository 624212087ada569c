"""What no build wrote keeps its bytes, whatever is built around it; or a build is refused, and changes nothing."""

import os
import random

import pytest
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.folder import build_folder
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.errors import GasError

TINY = "splits={train: 2, validation: 0, test: 0}"
PLACES = (
    *("pets/notes.txt", "pets/train-00000-of-00001.parquet", "pets/train-00000-of-00001.parquet/x", "pets"),
    *("pets/sub/notes.txt", "pets/.hidden", "recipes/pets.yaml", "recipes/mine.yaml", "recipes/pets.yaml/x"),
    *("card-assets/pets-graph-1.svg", "card-assets/mine.svg", "card-assets/mine-graph-1.svg", "dropped/pets.jsonl"),
    *("notes.txt", "mine/train-00000-of-00001.parquet", "first/notes.txt", "first/train-00000-of-00009.txt"),
    *("LICENSE", ".gitattributes", "train-00000-of-00001.parquet", "Pets/notes.txt"),
)
"""Where somebody may put a file beside the configs `first`, which is built, and `pets`, which is to be."""


@pytest.fixture(scope="module")
def recipes():
    return {name: load_recipe("sandbox", (f"name={name}", TINY)) for name in ("first", "pets")}


def read_tree(place):
    """Every path in a folder; bytes of files, targets of links."""
    return {
        str(path.relative_to(place)): os.readlink(path)
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else None
        for path in sorted(place.rglob("*"))
    }


def put(place, path, target, choose):
    """Puts a file of somebody's own, a folder, or a link to one outside, in a place that is free; whether it was."""
    file = place / path
    above = file.parents[: path.count("/")]
    if any(os.path.lexists(one) and (one.is_symlink() or not one.is_dir()) for one in above):
        return False
    if os.path.lexists(file):
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    kind = choose.choice(["file", "file", "folder", "link", "link to a file", "link to nothing"])
    if kind == "file":
        file.write_text("mine")
    elif kind == "folder":
        file.mkdir()
    else:
        file.symlink_to({"link": target, "link to a file": target / "mine.txt"}.get(kind, "nowhere"))
    return True


def try_build(recipes, place):
    """Builds; whether it was not refused."""
    try:
        build_datasets(recipes, place)
    except GasError as error:
        assert error.exit_status == 2
        return False
    return True


@pytest.mark.parametrize("number", [*range(12), *(pytest.param(n, marks=pytest.mark.slow) for n in range(12, 200))])
def test_what_no_build_wrote_stays(number, recipes, tmp_path):
    choose = random.Random(number)
    place, target = tmp_path / "gas", tmp_path / "outside"
    target.mkdir()
    (target / "mine.txt").write_text("mine")
    build_datasets([recipes["first"]], place)
    foreign = [path for path in choose.sample(PLACES, choose.choice([1, 1, 2, 4])) if put(place, path, target, choose)]
    for names in (["pets"], choose.choice([["first"], ["pets", "first"], ["pets"]])):
        before = read_tree(place)
        built = try_build([recipes[name] for name in names], place)
        after = read_tree(place)
        assert {path: after.get(path) for path in foreign} == {path: before[path] for path in foreign}
        if not built:
            assert after == before
        assert read_tree(target) == {"mine.txt": b"mine"}


def test_a_build_that_was_stopped_goes_on_over_its_own_files_alone(recipes, tmp_path, monkeypatch):
    """Stopped after its files are in their places, before a manifest names them."""
    from generate_any_scene.builders.build import build

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(build, "write_card", stop)
        with pytest.raises(KeyboardInterrupt):
            build_datasets([recipes["pets"]], tmp_path / "gas")
    assert (tmp_path / "gas/recipes/pets.yaml").exists()
    (tmp_path / "gas/pets/notes.txt").write_text("mine")
    assert not try_build([recipes["pets"]], tmp_path / "gas")
    (tmp_path / "gas/pets/notes.txt").unlink()
    other = load_recipe("sandbox", ("name=pets", TINY, "seed=5"))
    assert try_build([other], tmp_path / "gas")
    assert build_folder.WORK not in {path.name for path in (tmp_path / "gas").iterdir()}


@pytest.mark.parametrize("damage", ["missing", "cut", "a folder", "no recipe"])
def test_a_build_beside_a_damaged_config_changes_nothing(damage, recipes, tmp_path):
    place = tmp_path / "gas"
    build_datasets([recipes["first"]], place)
    file = place / ("recipes/first.yaml" if damage == "no recipe" else "first/train-00000-of-00001.parquet")
    data = file.read_bytes()
    file.unlink()
    if damage == "cut":
        file.write_bytes(data[:1000])
    elif damage == "a folder":
        file.mkdir()
    before = read_tree(place)
    with pytest.raises(GasError, match=f"{file.name} is .*building its recipe again mends it") as caught:
        build_datasets([recipes["pets"]], place)
    assert caught.value.exit_status == 2
    assert read_tree(place) == before
    if damage != "a folder":
        build_datasets([*recipes.values()], place)
        assert file.read_bytes() == data
