"""Shipped recipes of evaluations: they load, the installed diffusers takes their keys, and tiny pipelines run them."""

import re
from importlib.metadata import version

import pytest
import tiny_pipelines
from generate_any_scene.builders.recipe.loading import list_files, list_recipes, load_recipe
from generate_any_scene.training.evaluation.backends.loading import check_backend, open_backend
from generate_any_scene.training.evaluation.making import make_pictures
from generate_any_scene.training.metrics.loading import list_metrics
from generate_any_scene.training.recipes.loading import dump_training, load_evaluation
from packaging.version import Version

SHIPPED = list_recipes("evaluation")
MADE = [name for name in SHIPPED if name != "smoke" and load_evaluation(name).recipe.pictures.backend == "diffusers"]
PAPER = {
    "image": "deepfloyd_if sd21 sdxl playground_v25 wuerstchen_v2 sd3_medium pixart_alpha pixart_sigma flux1_schnell "
    "flux1_dev dalle3 flux11_pro",
    "video": "modelscope zeroscope text2video_zero cogvideox_2b videocrafter2 animatelcm animatediff freeinit "
    "open_sora_12",
    "three_d": "sjc dreamfusion magic3d latent_nerf prolificdreamer",
}
"""The models of the paper's Appendix A.1."""
NEW = pytest.mark.skipif(Version(version("diffusers")) < Version("0.42"), reason="some pipelines of today are newer")
SMALL = {"width": 32, "height": 32, "num_frames": 5, "video_length": 3, "num_inference_steps": 2}
ALSO = {
    "LTX2Pipeline": {"spatio_temporal_guidance_blocks": [0], "num_inference_steps": 2},
    "PixArtAlphaPipeline": {"use_resolution_binning": False},
    "PixArtSigmaPipeline": {"use_resolution_binning": False},
    "SanaPipeline": {"use_resolution_binning": False},
    "TextToVideoZeroPipeline": {"num_inference_steps": 4, "t0": 1, "t1": 2},
}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_recipe_loads_and_its_first_line_is_its_command(name, tmp_path):
    recipe = load_evaluation(name).recipe
    assert recipe.name == name and recipe.description.endswith(".")
    text = list_files("evaluation")[name].read_text(encoding="utf-8")
    assert re.match(rf"# gas evaluate {name}\n", text) and max(map(len, text.splitlines())) < 200
    assert recipe.metrics.keys() <= set(list_metrics())
    assert recipe.data.split == "test" and load_recipe(recipe.data.recipe, recipe.data.overrides).recipe.splits["test"]
    copy = tmp_path / "copy.yaml"
    copy.write_text(dump_training(recipe), encoding="utf-8")
    assert load_evaluation(copy).recipe == recipe


@NEW
@pytest.mark.parametrize("name", SHIPPED)
def test_the_installed_packages_take_what_a_shipped_recipe_says(name):
    assert check_backend(load_evaluation(name).recipe.pictures) == []


def test_the_papers_models_have_recipes_with_its_settings():
    assert {f"paper_{name}" for names in PAPER.values() for name in names.split()} | {"paper_sd15"} == {
        name for name in SHIPPED if name.startswith("paper_")
    }
    for modality, names in PAPER.items():
        for name in names.split():
            recipe = load_evaluation(f"paper_{name}").recipe
            assert {"clip_score", "pick_score", "image_reward", "tifa", "clip_flant5"} <= recipe.metrics.keys()
            data = load_recipe(recipe.data.recipe, recipe.data.overrides).recipe
            low, high, attributes = (1, 3, 2) if modality == "three_d" else (3, 12, 5)
            assert tuple(data.structure.complexity) == (low, high)
            assert data.content.scene_attributes.count.high == attributes
            size = 1000 if modality == "three_d" or "1,000" in recipe.description else 10000
            assert data.splits["test"].size == size
            options = getattr(recipe.pictures, "options", {})
            if modality == "image" and "width" in options:
                assert (options["width"], options["height"]) == (1024, 1024)
            if modality == "video" and recipe.pictures.backend == "diffusers":
                assert 16 in (options.get("num_frames"), options.get("video_length"), recipe.pictures.frames)
            assert recipe.judge.grid == {"image": None, "video": 2, "three_d": 3}[modality]


@pytest.fixture(scope="module")
def save(tmp_path_factory):
    """Saves a tiny pipeline, each once."""
    root = tmp_path_factory.mktemp("pipelines")

    def save_one(family):
        folder = root / family
        return folder if folder.exists() else tiny_pipelines.save_pipeline(family, folder)

    return save_one


@NEW
@pytest.mark.slow
@pytest.mark.parametrize("name", MADE)
def test_a_tiny_pipeline_makes_pictures_as_a_shipped_recipe_says(name, save, tmp_path, make_scenes):
    pictures = load_evaluation(name).recipe.pictures
    sizes = {key: value for key, value in SMALL.items() if key in pictures.options}
    if pictures.pipeline == "HunyuanVideo15Pipeline":
        sizes |= {"width": 32, "height": 32}
    given = {
        "model": str(save(pictures.pipeline)),
        "dtype": "float32",
        "options": {**sizes, **ALSO.get(pictures.pipeline, {})},
        "loading": {"variant": None},
        "lora": None,
    }
    if pictures.components:
        adapter = tmp_path / "adapter"
        tiny_pipelines.make_animatediff()["motion_adapter"].save_pretrained(adapter)
        given["components"] = {"motion_adapter": {"model": str(adapter)}}
    recipe = load_evaluation(name, {"pictures": given, "output": str(tmp_path / "run")}).recipe
    assert check_backend(recipe.pictures) == []
    backend = open_backend(recipe.pictures, recipe)
    found = make_pictures(backend, make_scenes(2), recipe, recipe.folder)
    assert len(found.pictures) == 2 and not found.not_made
    kept = {**pictures.options, **given["options"]}.items()
    assert kept <= backend.record["options"].items()
