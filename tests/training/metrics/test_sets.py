"""How different the pictures of a scene are."""

import sys
from itertools import combinations

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.metrics.loading import open_metric
from tiny import draw_picture, fill_weights, save_vit

PICTURES = [draw_picture(0), draw_picture(1, 300, 500), draw_picture(2, 640, 640)]


@pytest.fixture(scope="module")
def dino(tmp_path_factory):
    return save_vit(tmp_path_factory.mktemp("dino"))


def test_dino_distance_is_the_mean_over_pairs(dino):
    import torch
    from transformers import ViTModel
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    network = ViTModel.from_pretrained(dino, add_pooling_layer=False).eval()
    pixels = ViTImageProcessorPil.from_pretrained(dino)(PICTURES, return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        states = network(pixels).last_hidden_state[:, 0]
    pairs = [1 - torch.cosine_similarity(one, other, dim=0).item() for one, other in combinations(states, 2)]
    for batch_size in (32, 2):
        metric = open_metric("dino_distance", model=dino, device="cpu", batch_size=batch_size)
        found = metric.measure([PICTURES, PICTURES[:1], [], [PICTURES[0]] * 2])
        assert found == [pytest.approx(sum(pairs) / 3, abs=1e-6), None, None, pytest.approx(0, abs=1e-6)]
    assert min(pairs) > 0.005
    assert metric.id == f"dino_distance:{dino}"


@pytest.fixture
def alexnet(tmp_path, monkeypatch):
    """A network with random weights, where torchvision looks for its own."""
    import torch
    from torchvision.models import alexnet

    network = alexnet()
    fill_weights(network.features, 0.05)
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    torch.save(network.state_dict(), tmp_path / "hub" / "checkpoints" / "alexnet-owt-7be5be79.pth")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return network.features.eval()


def test_lpips_is_its_formula_with_the_published_heads(alexnet):
    """Unit vectors of five layers, their squared differences weighed by the heads, the mean over places, the sum."""
    import torch
    from torchvision.transforms.functional import to_tensor

    lpips = pytest.importorskip("lpips")

    heads = torch.load(f"{lpips.__path__[0]}/weights/v0.1/alex.pth", map_location="cpu", weights_only=True)
    shift, scale = torch.tensor([-0.030, -0.088, -0.188]), torch.tensor([0.458, 0.448, 0.450])

    def look(picture):
        state = to_tensor(picture.resize((64, 64), 3))[None] * 2 - 1
        state, found = (state - shift[:, None, None]) / scale[:, None, None], []
        for place, layer in enumerate(alexnet):
            state = layer(state)
            if place in (1, 4, 7, 9, 11):
                found.append(state / (state.pow(2).sum(dim=1, keepdim=True).sqrt() + 1e-10))
        return found

    def compare(one, other):
        return sum(
            (heads[f"lin{layer}.model.1.weight"] * (left - right) ** 2).sum(dim=1).mean().item()
            for layer, (left, right) in enumerate(zip(look(one), look(other), strict=True))
        )

    with torch.no_grad():
        pairs = [compare(one, other) for one, other in combinations(PICTURES, 2)]
    metric = open_metric("lpips", size=64, device="cpu", batch_size=2)
    found = metric.measure([PICTURES, PICTURES[:1], [], [PICTURES[0]] * 2])
    assert found == [pytest.approx(sum(pairs) / 3, abs=1e-5), None, None, 0]
    assert min(pairs) > 0.01
    assert metric.id == "lpips@alex,64"


def test_lpips_says_what_it_lacks_and_what_it_can_be():
    with pytest.raises(GasError, match=r"lpips: net cannot be `vgg16`; did you mean `vgg`\?"):
        open_metric("lpips", net="vgg16")
    with pytest.raises(GasError, match="lpips: size must be at least 1, not 0"):
        open_metric("lpips", size=0)


def test_lpips_without_its_package_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "lpips", None)
    with pytest.raises(GasError, match=r"lpips needs lpips: pip install 'generate-any-scene\[paper\]'") as told:
        open_metric("lpips")
    assert told.value.exit_status == 1
