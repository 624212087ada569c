"""The metric `vqascore` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class Vqascore(evaluation.PicturesModule):
    metric = "vqascore"
