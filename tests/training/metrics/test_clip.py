"""Metrics in the space of CLIP, on a tiny one, against the cosines that transformers' `CLIPModel` gives itself."""

import pytest
from generate_any_scene.errors import GasError, GasWarning
from generate_any_scene.training.metrics.loading import open_metric
from PIL import Image
from tiny import draw_picture, save_clip, save_vit

PICTURES = [draw_picture(0), draw_picture(1, 300, 500), draw_picture(2, 640, 640)]
CAPTIONS = ["a red cup", "two dogs on a long table", "x"]
ROWS = [{"caption": caption} for caption in CAPTIONS]


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return save_clip(tmp_path_factory.mktemp("clip"))


def score(folder, captions):
    """Of each picture and its caption: what the model says of them alone, with its own processor."""
    import torch
    from transformers import CLIPModel, CLIPProcessor

    network, processor = CLIPModel.from_pretrained(folder).eval(), CLIPProcessor.from_pretrained(folder, backend="pil")
    found = []
    for picture, caption in zip(PICTURES, captions, strict=True):
        inputs = processor(text=[caption], images=[picture], return_tensors="pt")
        with torch.no_grad():
            out = network(**inputs)
        found.append((out.logits_per_image.item(), (out.image_embeds @ out.text_embeds.T).item()))
    return found


def test_the_cosine_and_the_original_formula(clip):
    cosines = [cosine for _, cosine in score(clip, CAPTIONS)]
    assert max(cosines) - min(cosines) > 0.03
    metric = open_metric("clip_score", model=clip, device="cpu")
    assert metric.measure(PICTURES, ROWS) == pytest.approx(cosines, abs=1e-6)
    prompted = [cosine for _, cosine in score(clip, [f"A photo depicts {caption}" for caption in CAPTIONS])]
    original = open_metric("clip_score", model=clip, device="cpu", formula="original")
    assert original.measure(PICTURES, ROWS) == pytest.approx([2.5 * max(one, 0) for one in prompted], abs=1e-6)
    assert [metric.id, original.id] == [f"clip_score@cosine:{clip}", f"clip_score@original:{clip}"]


def test_pickscore_is_the_cosine_or_the_models_logit(clip):
    logits, cosines = zip(*score(clip, CAPTIONS), strict=True)
    options = {"model": clip, "prepared": clip, "device": "cpu"}
    metric = open_metric("pick_score", **options)
    assert metric.measure(PICTURES, ROWS) == pytest.approx(cosines, abs=1e-6)
    assert metric.id == f"pick_score@cosine,{clip}:{clip}"
    scaled = open_metric("pick_score", **options, scale="logit")
    assert scaled.measure(PICTURES, ROWS) == pytest.approx(logits, abs=1e-5)


def test_batches_change_nothing_and_frames_count_by_their_mean(clip):
    together = open_metric("clip_score", model=clip, device="cpu").measure(
        [*PICTURES, PICTURES, []], [*ROWS, *ROWS[:2]]
    )
    alone = open_metric("clip_score", model=clip, device="cpu", batch_size=1)
    assert together[:3] == pytest.approx(alone.measure(PICTURES, ROWS), abs=1e-6)
    assert together[3] == pytest.approx(sum(alone.measure(PICTURES, ROWS[:1] * 3)) / 3, abs=1e-6)
    assert together[4] is None


def test_captions_that_are_cut_are_told(clip):
    metric = open_metric("clip_score", model=clip, device="cpu")
    ends = [{"caption": "x " * 75 + end} for end in ("", "y", "z")]  # two tokens more begin and end them
    assert metric.share_cut(ends) == pytest.approx(2 / 3)
    with pytest.warns(GasWarning, match="clip_score reads 77 tokens: of 67% of the captions it does not read the end"):
        values = metric.measure([PICTURES[0]] * 3, ends)
    assert values == pytest.approx([values[0]] * 3, abs=1e-6)
    assert metric.share_cut(ROWS) == metric.share_cut([]) == 0


def test_half_precision_has_another_name(clip):
    metric = open_metric("clip_score", model=clip, device="cpu", dtype="bfloat16")
    full = open_metric("clip_score", model=clip, device="cpu").measure(PICTURES, ROWS)
    assert metric.id == f"clip_score@cosine,bfloat16:{clip}"
    assert metric.measure(PICTURES, ROWS) == pytest.approx(full, abs=0.03)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (
            {"model": "no/such/folder"},
            "clip_score cannot load no/such/folder: there is no folder `no/such/folder`; give a folder",
        ),
        ({"formula": "cos"}, r"clip_score: formula cannot be `cos`; did you mean `cosine`\?"),
        ({"dtype": "int8"}, "clip_score: dtype cannot be `int8`; choose from float32, bfloat16, float16"),
        ({"batch_size": 0}, "clip_score: batch_size must be at least 1, not 0"),
        ({"device": "meat"}, "clip_score cannot compute on the device meat: .*; choose cuda or cpu"),
    ],
)
def test_what_cannot_be_opened_is_told_in_a_line(clip, options, what):
    with pytest.raises(GasError, match=what) as told:
        open_metric("clip_score", **{"model": clip, "device": "cpu", **options})
    assert "\n" not in str(told.value)


def test_models_of_other_kinds_are_refused(tmp_path):
    with pytest.raises(GasError, match="it is no CLIP model, but of the kind vit"):
        open_metric("clip_score", model=save_vit(tmp_path), device="cpu")


def test_a_model_without_some_weights_is_refused(tmp_path):
    """transformers would fill them with noise, and warn."""
    from safetensors.torch import load_file, save_file

    file = tmp_path / "model.safetensors"
    save_clip(tmp_path)
    states = load_file(file)
    del states["visual_projection.weight"]
    save_file(states, file, metadata={"format": "pt"})
    with pytest.raises(GasError, match=r"it lacks 1 weights, such as visual_projection.weight"):
        open_metric("clip_score", model=str(tmp_path), device="cpu")


def test_pictures_that_cannot_be_read_are_named(clip):
    moving = Image.new("I", (8, 8), 70000)
    with pytest.raises(GasError, match="picture 2 of those to be measured: it has whole numbers of 32 bits"):
        open_metric("clip_score", model=clip, device="cpu").measure([PICTURES[0], moving], ROWS[:2])
    with pytest.raises(GasError, match="picture 1 of those to be measured: it is no picture, but `cup.png`"):
        open_metric("clip_score", model=clip, device="cpu").measure(["cup.png"], ROWS[:1])


def test_there_must_be_a_row_for_each_picture(clip):
    with pytest.raises(ValueError, match="1 rows, but more pictures"):
        open_metric("clip_score", model=clip, device="cpu").measure(PICTURES[:2], ROWS[:1])
