"""`gas taxonomy count`: how often captions say each concept."""

import math
import sys

import pytest
from generate_any_scene import cli
from generate_any_scene.taxonomy import COLUMNS, load_taxonomy
from generate_any_scene.taxonomy.counting import count_concepts
from generate_any_scene.taxonomy.usage import TABLES, measure_frequency, read_usage

CAPTIONS = ["Two dogs next to a hot dog stand.", "A wooden chair, next to a red dog", "mice"]


@pytest.fixture(scope="module")
def counted():
    return count_concepts(load_taxonomy(), CAPTIONS)


def run(monkeypatch, captions, out):
    """The exit status of `gas taxonomy count`."""
    monkeypatch.setattr(sys, "argv", ["gas", "taxonomy", "count", captions, "--out", out])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code or 0


def test_names_and_plurals_are_counted_in_any_case(counted):
    words = sum(map(len, map(str.split, CAPTIONS)))
    assert counted["dog.n.01"] == math.log10(2 * 1e9 / words)
    assert counted["mouse.n.01"] == math.log10(1e9 / words)
    assert counted["spatial.next_to"] == counted["dog.n.01"]


def test_the_longest_wording_counts_alone(counted):
    assert "hotdog.n.02" in counted
    assert "heat.n.01" not in counted


def test_what_is_only_called_so_is_not_meant(counted):
    assert "color.red" in counted
    assert "color.crimson" not in counted


def test_a_recipe_goes_by_frequencies_of_captions(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "captions.txt").write_text("\n".join(CAPTIONS), encoding="utf-8")
    assert run(monkeypatch, "captions.txt", "mine") == 0
    assert "mine/frequency.tsv" in capsys.readouterr().out
    taxonomy = load_taxonomy(["default", "./mine"], tmp_path)
    relations = dict(zip(taxonomy.relations["id"].to_pylist(), measure_frequency(taxonomy, "relations"), strict=True))
    assert relations["spatial.next_to"] > 7
    assert relations["spatial.on"] == 0


def test_captions_without_concepts_are_refused_in_one_line(tmp_path, monkeypatch, capsys):
    (tmp_path / "empty.txt").touch()
    assert run(monkeypatch, str(tmp_path / "empty.txt"), str(tmp_path / "mine")) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "mine").exists()


def test_the_shipped_frequencies_are_those_of_all_attributes_and_relations():
    taxonomy = load_taxonomy()
    ids = {id_ for table in TABLES for id_ in getattr(taxonomy, table)["id"].to_pylist()}
    assert set(read_usage()["id"].to_pylist()) == ids


def test_no_two_concepts_of_any_tables_have_one_id():
    taxonomy = load_taxonomy()
    ids = [id_ for table in COLUMNS if table != "frequency" for id_ in getattr(taxonomy, table)["id"].to_pylist()]
    assert len(set(ids)) == len(ids)
