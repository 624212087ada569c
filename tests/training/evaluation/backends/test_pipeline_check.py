"""What a pipeline of diffusers cannot be called with is told before any weight is loaded."""

import json

import pytest
import tiny_pipelines
from generate_any_scene.training.evaluation.backends.loading import check_backend
from generate_any_scene.training.recipes.pictures import DiffusersPictures


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_pipelines.save_pipeline("StableDiffusionPipeline", tmp_path_factory.mktemp("pipeline") / "sd")


def list_problems(**settings):
    return [str(problem) for problem in check_backend(DiffusersPictures(**settings))]


def test_a_folder_and_options_that_fit_have_no_problems(folder):
    given = {"num_inference_steps": "20", "guidance_scale": 7, "negative_prompt": "blurred"}
    scheduler = {"class": "DPMSolverMultistepScheduler", "use_karras_sigmas": True}
    enable = {"model_cpu_offload": {}, "vae.tiling": {}}
    assert not list_problems(model=str(folder), options=given, scheduler=scheduler, enable=enable, dtype="float32")


@pytest.mark.parametrize(
    ("settings", "place", "said"),
    [
        ({"options": {"guidance": 3}}, "options.guidance", "did you mean `guidance_scale`?"),
        ({"options": {"height": "large"}}, "options.height", "must be a whole number"),
        ({"options": {"negative_prompt": False}}, "options.negative_prompt", "must be text"),
        ({"options": {"prompt": "a cat"}}, "options.prompt", "stands elsewhere"),
        ({"options": {"num_images_per_prompt": 4}}, "options.num_images_per_prompt", "say `pictures.count`"),
        ({"pipeline": "StableDifusionPipeline"}, "pipeline", "did you mean `StableDiffusionPipeline`?"),
        ({"pipeline": "FluxPipeline"}, "pipeline", "without the text_encoder_2, tokenizer_2, transformer"),
        ({"scheduler": {"class": "DDIMSchedule"}}, "scheduler.class", "did you mean `DDIMScheduler`?"),
        ({"scheduler": {"class": "DDIMScheduler", "stepz": 3}}, "scheduler.stepz", "DDIMScheduler has no key"),
        ({"enable": {"frou": {}}}, "enable.frou", "did you mean `freeu`?"),
        ({"quantization": {"components_to_quantize": ["unet"]}}, "quantization", "`quant_backend`"),
        (
            {"components": {"vae": {"class": "AutoencoderKX", "model": "a/b"}}},
            "components.vae.class",
            "did you mean `AutoencoderK",
        ),
    ],
)
def test_what_does_not_fit_is_told_at_its_place(folder, settings, place, said):
    problems = list_problems(model=str(folder), **settings)
    assert any(one.startswith(f"pictures.{place}: ") and said in one for one in problems), problems
    assert all(len(one) < 4000 and "\n" not in one for one in problems)


def test_a_pipeline_of_other_components_takes_those_that_are_named(folder):
    adapter = {"motion_adapter": {"class": "MotionAdapter", "model": "some/adapter"}}
    assert not list_problems(model=str(folder), pipeline="AnimateDiffPipeline", components=adapter)
    (problem,) = list_problems(model=str(folder), pipeline="AnimateDiffPipeline")
    assert "without the motion_adapter of AnimateDiffPipeline" in problem


def test_models_that_are_not_here_are_checked_by_the_class_that_the_recipe_names():
    assert not list_problems(model="some/model")
    (problem,) = list_problems(model="some/model", pipeline="FluxPipeline", options={"steps": 4})
    assert "FluxPipeline has no key `steps`" in problem


def test_old_names_of_transformers_and_parts_that_are_replaced_are_no_problems(tmp_path):
    index = {"_class_name": "StableDiffusionPipeline", "vae": ["diffusers", "AutoencoderOfTomorrow"]}
    index |= {name: ["transformers", "OldName"] for name in ("text_encoder", "tokenizer", "feature_extractor")}
    index |= {name: ["diffusers", "UNet2DConditionModel"] for name in ("unet", "scheduler")}
    index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    (tmp_path / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
    assert len(list_problems(model=str(tmp_path))) == 1
    vae = {"vae": {"class": "AutoencoderKL", "model": "some/vae"}}
    assert not list_problems(model=str(tmp_path), components=vae)


@pytest.mark.parametrize(
    ("index", "said"),
    [
        (None, "it has no model_index.json"),
        ("{", "cannot be read"),
        ({"_class_name": "NextYearPipeline"}, "has no pipeline `NextYearPipeline`"),
        (
            {"_class_name": "StableDiffusionPipeline", "vae": ["diffusers", "AutoencoderOfTomorrow"]},
            "its vae is a `AutoencoderOfTomorrow`",
        ),
        (
            {"_class_name": "StableDiffusionPipeline", "vae": ["antigravity", "fly"]},
            "of antigravity, which is not known here",
        ),
    ],
)
def test_what_a_models_own_index_says_is_read(tmp_path, index, said):
    if index is not None:
        text = index if isinstance(index, str) else json.dumps(index)
        (tmp_path / "model_index.json").write_text(text, encoding="utf-8")
    assert any(said in problem for problem in list_problems(model=str(tmp_path)))
