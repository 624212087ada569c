"""The metric `subject_consistency` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class SubjectConsistency(evaluation.PicturesModule):
    metric = "subject_consistency"
