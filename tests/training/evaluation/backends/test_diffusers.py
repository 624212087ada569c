"""Pictures by pipelines of diffusers, tiny ones of several families, built from configs."""

import functools
import json

import numpy as np
import pytest
import tiny_pipelines
import torch
from generate_any_scene.errors import GasError, RecipeError
from generate_any_scene.training.evaluation.backends.diffusers import BATCHED, DiffusersBackend
from generate_any_scene.training.evaluation.backends.protocol import NotMade, PictureRequest
from generate_any_scene.training.pictures import choose_frames
from generate_any_scene.training.recipes.pictures import DiffusersPictures

SIZE = {"width": 32, "height": 32, "num_inference_steps": 2}
EXTRA = {"PixArtAlphaPipeline": {"use_resolution_binning": False}, "SanaPipeline": {"use_resolution_binning": False}}
PROMPTS = ("a red cube", "two blue dogs beside a tall lamp", "a cat, " * 20)


@pytest.fixture
def open_backend(find_pipeline):
    def open_one(family, options=None, **settings):
        given = {"dtype": "float32", "options": {**SIZE, **EXTRA.get(family, {}), **(options or {})}}
        return DiffusersBackend(DiffusersPictures(model=str(find_pipeline(family)), **{**given, **settings}))

    return open_one


def request(prompt, seed, scene="general/test/000000001"):
    return PictureRequest(scene, 0, prompt, seed)


def read_pixels(made):
    return np.stack([np.asarray(one, dtype=int) for one in made]) if isinstance(made, list) else np.asarray(made, int)


def test_a_picture_follows_from_its_prompt_and_seed_alone(open_backend):
    backend = open_backend("StableDiffusionPipeline")
    first, other_seed, other_prompt = (
        read_pixels(backend.make([request(prompt, seed)])[0])
        for prompt, seed in (("a red cube", 1), ("a red cube", 2), ("a dog", 1))
    )
    assert first.shape == (32, 32, 3)
    assert not np.array_equal(first, other_seed) and not np.array_equal(first, other_prompt)
    torch.manual_seed(99)  # what others draw does not matter, and what is drawn here does not matter to others
    state = torch.get_rng_state()
    assert np.array_equal(first, read_pixels(backend.make([request("a red cube", 1, "another")])[0]))
    assert torch.equal(state, torch.get_rng_state())
    assert np.array_equal(
        first, read_pixels(open_backend("StableDiffusionPipeline").make([request("a red cube", 1)])[0])
    )


@pytest.mark.parametrize(
    "family",
    [
        "StableDiffusionPipeline",
        "FluxPipeline",
        "StableDiffusion3Pipeline",
        pytest.param("StableDiffusionXLPipeline", marks=pytest.mark.slow),
        pytest.param("PixArtAlphaPipeline", marks=pytest.mark.slow),
        pytest.param("SanaPipeline", marks=pytest.mark.slow),
    ],
)
def test_pictures_made_at_once_are_those_made_one_by_one_but_for_rounding(open_backend, count_calls, family):
    assert family in BATCHED
    backend = open_backend(family, {"negative_prompt": "blurred, ugly"})
    calls = count_calls(backend)
    requests = [request(prompt, seed) for seed, prompt in enumerate(PROMPTS)]
    together = [read_pixels(one) for one in backend.make(requests)]
    assert calls == [list(PROMPTS)]
    for one, own in zip(requests, together, strict=True):
        (alone,) = backend.make([one])
        assert np.abs(read_pixels(alone) - own).max() <= 1
        assert own.std() > 10


@pytest.fixture
def count_calls(monkeypatch):
    """Writes down the prompts of each call of a pipeline."""

    def watch(backend):
        kind, calls = type(backend.pipeline), []
        call = kind.__call__

        @functools.wraps(call)
        def call_counted(self, *arguments, **options):
            calls.append(options["prompt"])
            return call(self, *arguments, **options)

        monkeypatch.setattr(kind, "__call__", call_counted)
        return calls

    return watch


@pytest.mark.parametrize("family", ["ZImagePipeline", pytest.param("Flux2KleinPipeline", marks=pytest.mark.slow)])
def test_other_pipelines_make_a_picture_at_a_time(open_backend, count_calls, family):
    backend = open_backend(family)
    calls = count_calls(backend)
    requests = [request(prompt, seed) for seed, prompt in enumerate(PROMPTS)]
    together = backend.make(requests)
    assert calls == list(PROMPTS)
    for one, own in zip(requests, together, strict=True):
        assert np.array_equal(read_pixels(backend.make([one])[0]), read_pixels(own))
    assert backend.make([]) == []


@pytest.mark.parametrize(
    "family", [pytest.param("WanPipeline"), pytest.param("AnimateDiffPipeline", marks=pytest.mark.slow)]
)
def test_of_videos_frames_are_kept_evenly(open_backend, family):
    every = open_backend(family, {"num_frames": 5})
    kept = open_backend(family, {"num_frames": 5}, frames=3)
    (frames,) = every.make([request("a dog runs", 3)])
    (some,) = kept.make([request("a dog runs", 3)])
    assert len(frames) == 5 and len(some) == 3
    assert np.array_equal(read_pixels(frames)[choose_frames(5, 3)], read_pixels(some))
    assert every.notes["size"] == [32, 32]


def test_frames_that_a_pipeline_tells_as_pictures_are_one_video(open_backend):
    options = {"video_length": 3, "num_inference_steps": 4, "t0": 1, "t1": 2}
    (frames,) = open_backend("TextToVideoZeroPipeline", options).make([request("a dog runs", 3)])
    assert len(frames) == 3 and frames[0].size == (32, 32)


def test_what_a_safety_checker_blacks_out_is_no_picture(tmp_path):
    from diffusers import StableDiffusionPipeline

    StableDiffusionPipeline(**tiny_pipelines.make_checked(-2.0)).save_pretrained(tmp_path)
    backend = DiffusersBackend(DiffusersPictures(model=str(tmp_path), dtype="float32", options=SIZE))
    made = backend.make([request("a cube", 1), request("a dog", 2)])
    assert made == [NotMade("its safety checker blacked it out")] * 2
    assert backend.notes["blacked_out"] == 2


def test_what_text_encoders_cut_is_counted_by_tokenizer(open_backend):
    backend = open_backend("FluxPipeline", {"max_sequence_length": 100})
    assert backend.record["text_limits"] == {"tokenizer": 77, "tokenizer_2": 100}
    # Words are letters here: 75 and a beginning and an end fit into 77 places of CLIP's, 100 into those of T5.
    backend.make([request("a" * length, 1) for length in (75, 76, 100, 101)])
    cut = backend.notes["captions_cut"]
    assert (cut["tokenizer"]["cut"], cut["tokenizer_2"]["cut"]) == (3, 1)
    assert cut["tokenizer"]["share"] == 0.75 and backend.notes["prompts"] == 4
    backend.read_prompts(["a" * 101, "a" * 200])  # those of pictures that are there already count, too, each once
    assert backend.notes["captions_cut"]["tokenizer_2"] == {"limit": 100, "cut": 2, "share": 0.4}


def test_the_record_tells_all_that_changes_pictures(open_backend, find_pipeline):
    backend = open_backend("StableDiffusionPipeline", scheduler={"class": "EulerDiscreteScheduler"})
    record = json.loads(json.dumps(backend.record))
    assert record["pipeline"] == "StableDiffusionPipeline" and record["dtype"] == "float32"
    assert record["options"]["guidance_scale"] == 7.5  # the pipeline's default
    assert record["options"]["num_inference_steps"] == 2 and record["options"]["height"] == 32
    assert record["scheduler"]["class"] == "EulerDiscreteScheduler"
    assert record["versions"]["diffusers"] and len(record["revision"]) == 64
    assert backend.id == "StableDiffusionPipeline"
    assert open_backend("StableDiffusionPipeline").record != backend.record


def test_another_scheduler_changes_pictures_and_what_is_enabled_is_on(open_backend):
    plain, other = (
        open_backend("StableDiffusionPipeline", **more)
        for more in ({}, {"scheduler": {"class": "DDPMScheduler"}, "enable": {"vae.tiling": {}}})
    )
    assert other.pipeline.vae.use_tiling and not plain.pipeline.vae.use_tiling
    pixels = [read_pixels(backend.make([request("a cube", 1)])[0]) for backend in (plain, other)]
    assert not np.array_equal(*pixels)


def test_an_adapter_changes_pictures_by_its_strength(open_backend, find_pipeline, tmp_path):
    from diffusers import StableDiffusionPipeline
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    pipeline = StableDiffusionPipeline.from_pretrained(find_pipeline("StableDiffusionPipeline"))
    pipeline.unet.add_adapter(LoraConfig(r=2, target_modules=["to_q", "to_v"], init_lora_weights=False))
    with torch.no_grad():
        for name, weight in pipeline.unet.named_parameters():
            if "lora_" in name:
                weight.normal_(generator=torch.Generator().manual_seed(0))
    StableDiffusionPipeline.save_lora_weights(tmp_path, unet_lora_layers=get_peft_model_state_dict(pipeline.unet))
    plain, weak, strong = (
        read_pixels(open_backend("StableDiffusionPipeline", **more).make([request("a cube", 1)])[0])
        for more in ({}, {"lora": str(tmp_path), "lora_strength": 0.1}, {"lora": str(tmp_path)})
    )
    assert 0 < np.abs(weak - plain).mean() < np.abs(strong - plain).mean()
    assert open_backend("StableDiffusionPipeline", lora=str(tmp_path)).record["lora"]["strength"] == 1.0


def test_a_component_is_loaded_from_elsewhere(open_backend, find_pipeline, tmp_path):
    tiny_pipelines.make_animatediff()["motion_adapter"].save_pretrained(tmp_path)
    adapter = {"motion_adapter": {"class": "MotionAdapter", "model": str(tmp_path)}}
    backend = open_backend(
        "StableDiffusionPipeline", {"num_frames": 3}, pipeline="AnimateDiffPipeline", components=adapter
    )
    (frames,) = backend.make([request("a dog", 1)])
    assert len(frames) == 3
    assert backend.record["components"]["motion_adapter"]["class"] == "MotionAdapter"


def test_values_that_a_pipeline_refuses_are_told_in_one_line(open_backend):
    with pytest.raises(GasError, match="refuses `pictures.options`: .*divisible by 8.*; mend them") as caught:
        open_backend("StableDiffusionPipeline", {"height": 33}).make([request("a cube", 1)])
    assert caught.value.exit_status == 2


def test_what_cannot_be_loaded_is_told_in_one_line(open_backend, tmp_path):
    with pytest.raises(RecipeError, match="has no key `guidance`"):
        open_backend("StableDiffusionPipeline", {"guidance": 3})
    with pytest.raises(GasError, match="making pictures cannot load owner/nothing: .*"):
        DiffusersBackend(DiffusersPictures(model="owner/nothing", pipeline="FluxPipeline"))
