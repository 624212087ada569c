"""The metric `sandbox_similarity` for `evaluate.load`."""

from generate_any_scene.training.metrics import evaluation


class SandboxSimilarity(evaluation.PicturesModule):
    metric = "sandbox_similarity"
