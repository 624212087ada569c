"""Pictures of the sandbox: drawn, and by its small model."""

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.evaluation.backends.loading import check_backend, open_backend
from generate_any_scene.training.evaluation.backends.protocol import PictureRequest
from generate_any_scene.training.evaluation.making import list_requests
from generate_any_scene.training.sandbox.judge import SandboxJudge


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A folder as `gas train sandbox_grpo` leaves it, of a model that has learned nothing."""
    import torch
    from generate_any_scene.training.sandbox.model import make_model, make_tokenizer
    from generate_any_scene.training.sandbox.settings import SandboxModel

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("sandbox")
    tokenizer = make_tokenizer(["a circle", "a square above a very large blue star"])
    make_model(tokenizer, SandboxModel(hidden_size=16, layers=1, heads=2)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_what_is_drawn_shows_the_scene_in_several_looks(load, make_scenes):
    recipe = load({"backend": "sandbox", "count": 3})
    requests = list_requests(make_scenes(4), recipe, [3] * 4)
    pictures = open_backend(recipe.pictures, recipe).make(requests)
    questions = [f"Is there {request.prompt} in the picture?" for request in requests]
    assert SandboxJudge().answer(pictures, questions) == ["yes"] * 12
    assert len({picture.tobytes() for picture in pictures}) > 8


def test_a_model_samples_by_the_seed_of_each_picture(load, model):
    recipe = load({"backend": "sandbox", "model": str(model)})
    prompts = ["a circle<image>", "a square above a very large blue star<image>", "a circle<image>"]
    requests = [PictureRequest("a", number, prompt, number + 7) for number, prompt in enumerate(prompts)]
    backend = open_backend(recipe.pictures, recipe)
    together = backend.make(requests)
    alone = [backend.make([request])[0] for request in requests]
    assert [one.tobytes() for one in together] == [one.tobytes() for one in alone]
    assert together[0].tobytes() != together[2].tobytes() and 0 < backend.notes["out_of_range"] < 1
    assert backend.record["temperature"] == 1.0 and len(backend.record["model"]) == 64


def test_what_is_no_model_is_refused(load, tmp_path):
    recipe = load({"backend": "sandbox", "model": str(tmp_path / "none")})
    assert [problem.key for problem in check_backend(recipe.pictures)] == ["pictures.model"]
    with pytest.raises(GasError, match="the sandbox cannot load"):
        open_backend(recipe.pictures, recipe)
