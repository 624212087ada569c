"""VBench's dimensions, on tiny networks.

The numbers are those of VBench 0.1.5's own functions (`subject_consistency`, `background_consistency`,
`laion_aesthetic`, with `dino_transform` and `clip_transform`), run once on the same frames and weights: with DINO's
own `VisionTransformer` (facebookresearch/dino) of the weights of `save_vit`, and `save_clip`'s CLIP.
"""

import json

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.metrics.loading import open_metric
from tiny import draw_picture, save_clip, save_vit

VIDEO = [draw_picture(seed, 320, 180) for seed in range(4)]
SUBJECT, BACKGROUND, AESTHETIC = 0.990954597791036, 0.9414997200171152, 0.4694709777832031


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return save_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def dino(tmp_path_factory):
    return save_vit(tmp_path_factory.mktemp("dino"))


@pytest.mark.parametrize("batch_size", [32, 3])
def test_consistency_is_that_of_vbench(clip, dino, batch_size):
    """Of frames that are no squares, for which DINO makes positions between those that it learned."""
    options = {"device": "cpu", "batch_size": batch_size}
    subject = open_metric("subject_consistency", model=dino, **options)
    background = open_metric("background_consistency", model=clip, **options)
    assert subject.measure([VIDEO, VIDEO[0]], [{}, {}]) == [pytest.approx(SUBJECT, abs=1e-6), None]
    assert background.measure([VIDEO, VIDEO[:1]], [{}, {}]) == [pytest.approx(BACKGROUND, abs=1e-6), None]
    assert [subject.id, background.id] == [f"subject_consistency:{dino}", f"background_consistency:{clip}"]


def test_a_still_video_is_consistent_and_its_frames_have_one_size(dino):
    metric = open_metric("subject_consistency", model=dino, device="cpu")
    assert metric.measure([[VIDEO[0]] * 3], [{}]) == [pytest.approx(1, abs=1e-6)]
    with pytest.raises(GasError, match="video 2 of those to be measured has frames of 2 sizes"):
        metric.measure([VIDEO, [VIDEO[0], draw_picture(0, 64, 64)]], [{}, {}])


def test_aesthetic_quality_is_that_of_vbench(clip, tmp_path):
    import torch

    head = tmp_path / "head.pth"
    torch.save({"weight": torch.arange(16.0)[None] / 10, "bias": torch.tensor([5.0])}, head)
    metric = open_metric("aesthetic_quality", model=clip, head=str(head), device="cpu")
    values = metric.measure([VIDEO, *VIDEO], [{}] * 5)
    assert values[0] == pytest.approx(AESTHETIC, abs=1e-6)
    assert sum(values[1:]) / 4 == pytest.approx(values[0], abs=1e-6)
    assert len({round(value, 4) for value in values}) == 5
    other = tmp_path / "other.pth"
    torch.save({"weight": torch.ones(1, 16), "bias": torch.zeros(1)}, other)
    assert metric.id != open_metric("aesthetic_quality", model=clip, head=str(other), device="cpu").id


@pytest.mark.parametrize("head", ["none.pth", "wrong.pth"])
def test_without_its_head_it_says_where_that_is(clip, head, tmp_path):
    (tmp_path / "wrong.pth").write_text("<html>")
    with pytest.raises(
        GasError, match="is no linear head for .*; take sa_0_4_vit_l_14_linear.pth of https://github.com"
    ):
        open_metric("aesthetic_quality", model=clip, head=str(tmp_path / head), device="cpu")


@pytest.fixture
def results(tmp_path):
    """As VBench writes them: of each dimension the mean, and what it gives for each video."""

    def list_videos(*values):
        paths = ["out/sandbox/train/000000001.mp4", "out\\sandbox\\train\\000000002.mp4"]
        return [
            {"video_path": path, "video_results": value, "cnt": 3} for path, value in zip(paths, values, strict=True)
        ]

    found = {
        "motion_smoothness": [0.75, list_videos(0.5, 1.0)],
        "dynamic_degree": [0.5, list_videos(False, True)],
        "imaging_quality": [0.6, list_videos(50.0, 70.0)],
        "color": "not measured",
    }
    path = tmp_path / "mine_eval_results.json"
    path.write_text(json.dumps(found))
    return str(path)


@pytest.mark.parametrize(
    ("dimension", "values"),
    [("motion_smoothness", [1.0, 0.5]), ("dynamic_degree", [1.0, 0.0]), ("imaging_quality", [0.7, 0.5])],
)
def test_what_vbench_measured_is_found_by_the_scene(results, dimension, values):
    metric = open_metric("vbench_results", results=results, dimension=dimension)
    rows = [{"id": "sandbox/train/000000002"}, {"id": "000000001"}]
    assert metric.measure([VIDEO, VIDEO], rows) == pytest.approx(values)
    assert metric.id == f"vbench_results@{dimension}"


def test_what_vbench_did_not_measure_is_told(results, tmp_path):
    metric = open_metric("vbench_results", results=results, dimension="motion_smoothness")
    with pytest.raises(
        GasError, match=r"has no video of 1 of 2 scenes, such as sandbox/train/000000003; did you mean"
    ):
        metric.measure([VIDEO] * 2, [{"id": "sandbox/train/000000001"}, {"id": "sandbox/train/000000003"}])
    with pytest.raises(GasError, match="row 2 of those to be measured has no `id`"):
        metric.measure([VIDEO] * 2, [{"id": "sandbox/train/000000001"}, {}])
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "torn.json").write_text('{"color')
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "nan.json").write_text('{"color": [0.5, [{"video_path": "a.mp4", "video_results": NaN}]]}')
    for file, dimension, what in (
        (results, "motions", "dimension cannot be `motions`; choose from motion_smoothness, dynamic_degree, "),
        (results, "color", "is no result of VBench: color has no list of videos"),
        (tmp_path / "list.json", "color", "is no result of VBench: it is no mapping of dimensions"),
        (tmp_path / "torn.json", "color", "is no result of VBench: Unterminated string"),
        (tmp_path / "deep.json", "color", "is no result of VBench: maximum recursion depth"),
        (tmp_path / "nan.json", "color", "nan.json has no number for a in color"),
        (tmp_path / "none.json", "color", "none.json cannot be used: No such file"),
    ):
        with pytest.raises(GasError, match=what):
            open_metric("vbench_results", results=str(file), dimension=dimension)
