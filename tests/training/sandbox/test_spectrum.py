"""The backbone of spatial frequencies: held against the cosine transform written from its formula."""

import math

import numpy as np
import pytest
import timm
import torch
from generate_any_scene.training.sandbox.spectrum import NAME
from timm.data import resolve_model_data_config


def transform(square):
    """The orthonormal DCT-II of a square of 8 x 8 numbers, by its sum."""
    waves = np.array(
        [
            [math.sqrt((1 if u == 0 else 2) / 8) * math.cos(math.pi * (2 * x + 1) * u / 16) for x in range(8)]
            for u in range(8)
        ]
    )
    return waves @ square @ waves.T


def test_features_are_logarithms_of_mean_strengths():
    pictures = torch.rand(2, 3, 24, 20, generator=torch.Generator().manual_seed(0))
    found = timm.create_model(NAME)(pictures).numpy()
    for picture, features in zip(pictures.numpy(), found, strict=True):
        gray = picture.mean(axis=0).astype(float) * 255
        squares = [gray[top : top + 8, left : left + 8] for top in range(0, 17, 4) for left in range(0, 13, 4)]
        strengths = np.mean([abs(transform(one)) for one in squares], axis=0)
        np.testing.assert_allclose(features, np.log(strengths + 0.1).ravel(), atol=1e-3)


def test_what_is_blurred_lacks_high_frequencies():
    sharp = torch.rand(1, 3, 72, 72, generator=torch.Generator().manual_seed(0))
    model = timm.create_model(NAME)
    less = (model(sharp) - model(torch.nn.functional.avg_pool2d(sharp, 3, 1, 1)))[0].reshape(8, 8)
    assert less[4:, 4:].min() > less[:2, :2].max()


def test_timm_takes_it_as_any_other():
    model = timm.create_model(NAME, num_classes=1)
    assert model.get_classifier().weight.shape == (1, model.num_features)
    assert model(torch.zeros(2, 3, 72, 72)).shape == (2, 1)
    assert resolve_model_data_config(model)["input_size"] == (3, 72, 72)
    with pytest.raises(TypeError):
        timm.create_model(NAME, img_sise=3)
