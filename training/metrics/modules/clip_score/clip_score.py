"""The metric `clip_score` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class ClipScore(evaluation.PicturesModule):
    metric = "clip_score"
