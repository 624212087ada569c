"""The metric `hpsv3` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class Hpsv3(evaluation.PicturesModule):
    metric = "hpsv3"
