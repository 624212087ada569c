"""The metric `ocr_accuracy` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class OcrAccuracy(evaluation.PicturesModule):
    metric = "ocr_accuracy"
