"""The metric `clip_flant5` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class ClipFlant5(evaluation.PicturesModule):
    metric = "clip_flant5"
