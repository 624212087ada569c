"""The metric `aesthetic_quality` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class AestheticQuality(evaluation.PicturesModule):
    metric = "aesthetic_quality"
