"""Datasets whose rows are chosen by scores of tiny models: as the scores themselves say, and none scored twice."""

import re
import sys

import pyarrow.parquet as pq
import pytest
import tiny
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.folder.build_folder import WORK
from generate_any_scene.builders.folder.files import VERDICT
from generate_any_scene.builders.folder.manifest import read_built_manifest
from generate_any_scene.builders.inspection.preview import preview_rows
from generate_any_scene.builders.inspection.recipe_check import validate_recipe
from generate_any_scene.builders.inspection.verification import verify_folder
from generate_any_scene.builders.recipe.filters import SCORES
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows import filtering
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.errors import GasError
from generate_any_scene.training.evaluation import captions
from generate_any_scene.training.evaluation.captions import score_captions
from stopping import StoppedError, hash_files, stop_at
from tiny import TEXT, fill_weights, make_tokenizer

RUN = 64
PLAIN = {"structure.complexity": [1, 3], "questions": [], "splits": {"train": 100, "validation": 0, "test": 0}}


@pytest.fixture(scope="module", autouse=True)
def short_runs():
    """Runs of few candidates, so that few are scored."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filtering, "SCORED", RUN)
        yield


@pytest.fixture(scope="module")
def causal(tmp_path_factory):
    """A folder with a language model."""
    from transformers import LlamaConfig, LlamaForCausalLM

    folder, tokenizer = str(tmp_path_factory.mktemp("models") / "causal"), make_tokenizer(["<|im_start|>"])
    tokenizer.bos_token = "<|im_start|>"
    sizes = {"vocab_size": len(tokenizer), "max_position_embeddings": 512, "num_key_value_heads": 2}
    fill_weights(LlamaForCausalLM(LlamaConfig(**{**TEXT, **sizes}))).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def candidates():
    """The first candidates, and their captions."""
    rows = create_writer(load_recipe("multi_object", PLAIN)).write_block("train", 0, 1024).to_pylist()
    return rows, [row["caption"] for row in rows]


@pytest.fixture(scope="module")
def scores(causal, candidates):
    (found,) = score_captions({"perplexity": {"model": causal, "device": "cpu"}}, candidates[1]).values()
    return found


@pytest.fixture(scope="module")
def most(scores):
    """A bound that half of the captions keep, far from all scores."""
    ranked = sorted(set(scores))
    place = max(range(len(ranked) // 3, len(ranked) // 2), key=lambda place: ranked[place + 1] - ranked[place])
    return (ranked[place] + ranked[place + 1]) / 2


@pytest.fixture(scope="module")
def recipe(causal, most):
    filters = {"perplexity": {"max": most, "model": causal}, "caption_words": {"max": 8}}
    return load_recipe("multi_object", {**PLAIN, "filters": filters})


@pytest.fixture(scope="module")
def filtered(recipe, short_runs, tmp_path_factory):
    out = tmp_path_factory.mktemp("filtered") / "gas"
    build_datasets([recipe], out)
    return out


@pytest.fixture
def scored(monkeypatch):
    """The captions that a model scores."""
    seen, score = [], captions.Perplexity.score

    def note(self, some):
        seen.extend(some)
        return score(self, some)

    monkeypatch.setattr(captions.Perplexity, "score", note)
    return seen


def read_rows(folder):
    return pq.read_table(folder / "multi_object/train-00000-of-00001.parquet").to_pylist()


def test_rows_are_those_that_the_scores_keep(filtered, candidates, scores, most):
    chosen = [
        row
        for row, score in zip(candidates[0], scores, strict=True)
        if score <= most and len(row["caption"].split()) <= 8
    ]
    assert read_rows(filtered) == chosen[:100]


def test_the_manifest_and_the_card_name_the_model(filtered, causal):
    filters = read_built_manifest(filtered).configs["multi_object"].splits["train"].filters
    assert list(filters) == ["caption_words", "perplexity"]
    assert filters["perplexity"].score == f"perplexity:{causal}" and filters["perplexity"].dropped > 0
    (line,) = [line for line in (filtered / "README.md").read_text().splitlines() if "| `perplexity` |" in line]
    dropped = filters["perplexity"].dropped
    assert re.fullmatch(rf"\| `perplexity` \| at most \S+ \| perplexity:\S+ \| {dropped} \|", line)


def test_only_captions_that_other_filters_keep_are_scored(recipe, scored, tmp_path):
    build_datasets([recipe], tmp_path / "gas")
    assert 100 < len(scored) < 1024
    assert max(len(caption.split()) for caption in scored) == 8


def test_no_caption_is_scored_twice(recipe, filtered, scored, tmp_path):
    out = tmp_path / "gas"
    for rows in (30, 60, 120):
        with pytest.raises(StoppedError):
            build_datasets([recipe], out, report=stop_at(rows))
    runs = len(list((out / WORK).rglob(f"*{VERDICT}")))
    before = len(scored)
    build_datasets([recipe], out)
    assert runs > 2 and len(scored) == before  # all was scored, and nothing written
    assert hash_files(out) == hash_files(filtered)
    build_datasets([recipe], tmp_path / "again")
    assert len(scored) == 2 * before


@pytest.mark.slow
def test_processes_do_not_change_the_bytes(causal, most, tmp_path):
    """With runs of the usual length, as other processes have them."""
    asked = {"splits": {**PLAIN["splits"], "train": 700}, "filters": {"perplexity": {"max": most, "model": causal}}}
    recipe = load_recipe("multi_object", {**PLAIN, **asked})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filtering, "SCORED", 512)
        for workers in (1, 3):
            build_datasets([recipe], tmp_path / str(workers), workers=workers)
    assert hash_files(tmp_path / "1") == hash_files(tmp_path / "3")


@pytest.mark.slow
def test_a_cluster_does_not_change_the_bytes(causal, most, tmp_path):
    import ray

    asked = {"splits": {**PLAIN["splits"], "train": 700}, "filters": {"perplexity": {"max": most, "model": causal}}}
    recipe = load_recipe("multi_object", {**PLAIN, **asked})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filtering, "SCORED", 512)
        build_datasets([recipe], tmp_path / "one")
    ray.init(num_cpus=2, log_to_driver=False, logging_level="ERROR")
    try:
        build_datasets([recipe], tmp_path / "ray", engine="ray")
    finally:
        ray.shutdown()
    assert hash_files(tmp_path / "ray") == hash_files(tmp_path / "one")


def test_vera_chooses_the_rows_of_a_build(candidates, tmp_path):
    folder = tiny.save_vera(tmp_path / "vera")
    (scores,) = score_captions({"vera": {"model": folder, "device": "cpu"}}, candidates[1]).values()
    ranked = sorted(set(scores))
    # A bound that is far from all scores: another batch may change the last digits of one.
    place = max(range(len(ranked) // 3, len(ranked) // 2), key=lambda place: ranked[place + 1] - ranked[place])
    least = (ranked[place] + ranked[place + 1]) / 2
    recipe = load_recipe("multi_object", {**PLAIN, "filters": {"vera": {"min": least, "model": folder}}})
    build_datasets([recipe], tmp_path / "gas")
    chosen = [row for row, score in zip(candidates[0], scores, strict=True) if score >= least]
    assert read_rows(tmp_path / "gas") == chosen[:100]
    told = read_built_manifest(tmp_path / "gas").configs["multi_object"].splits["train"].filters["vera"]
    assert told.score == f"vera:{folder}" and told.dropped == candidates[0].index(chosen[99]) + 1 - 100
    assert verify_folder(tmp_path / "gas", None).findings == []


def test_the_number_of_threads_stays_as_it_was(causal):
    import torch
    from generate_any_scene.training.filters.perplexity import open_score

    torch.set_num_threads(2)
    score = open_score(model=causal)
    assert score.score(["a red dog", ""])[1] is None
    assert torch.get_num_threads() == 2


def test_a_preview_asks_the_model(recipe, filtered):
    assert preview_rows(recipe, "train", 3) == read_rows(filtered)[:3]


def test_verify_needs_no_model(filtered, scored):
    assert verify_folder(filtered, None).findings == []
    assert scored == []


def test_what_lacks_the_extra_stops_before_anything_is_built(recipe, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    match = r"the filter perplexity needs torch: pip install 'generate-any-scene\[eval\]'"
    with pytest.raises(GasError, match=match) as caught:
        build_datasets([recipe], tmp_path / "gas")
    assert caught.value.exit_status == 1 and not (tmp_path / "gas").exists()
    with pytest.raises(GasError, match=match):
        preview_rows(recipe, "train", 3)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"perplexity": {"max": 4, "model": "./none"}}, "perplexity: there is no folder `./none`"),
        ({"perplexity": {"max": 4, "label": "good"}}, "perplexity has no option label"),
        ({"vera": {"min": 0.4}}, "filters.vera.model: `liujch1998/vera` is no folder, nor in the cache"),
    ],
)
def test_what_cannot_be_opened_stops_before_anything_is_built(filters, message, tmp_path):
    recipe = load_recipe("multi_object", {**PLAIN, "filters": filters})
    with pytest.raises(GasError, match=message) as caught:
        build_datasets([recipe], tmp_path / "gas")
    assert len(str(caught.value).splitlines()) == 1 and not (tmp_path / "gas").exists()
    assert validate_recipe(recipe).structures > 1  # which asks no Hub


@pytest.mark.parametrize("name", SCORES)
def test_every_score_has_what_the_engine_calls(name):
    from importlib import import_module

    module = import_module(f"generate_any_scene.training.filters.{name}")
    assert callable(module.check_score) and callable(module.open_score)
