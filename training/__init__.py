"""What datasets of scenes train. Read from the top, the folders are the way from a recipe to its results.

    fields          fields of recipes and of judges' settings
    recipes         what a training recipe may say, a file a kind; reading one
    upstream        keys of other packages, checked before anything is loaded
    sources         models and data sets by their names, looked up before anything is loaded
    models          loading models: where they compute, what is wrong with one
    stages          folders of results, each there whole or not at all
    json_lines      logs and lists of results, a JSON object a line
    data            rows to train on, whoever made them
    pictures        pictures as people see them
    sandbox         colored shapes: pictures, a judge that is never wrong, a small model, an encoder
    judges          who answers questions about pictures, and which replies are right
    vqa             questions of rows, of other datasets, too
    decoders        visual tokens -> pictures
    metrics         what a model is measured by, a file a metric
    evaluation      `gas evaluate`: pictures made or found, asked about and measured, and a report
    exam            `gas calibrate`: pictures whose truth is known, right and wrong, to find out what a judge sees
    reports         contact sheets, curves, and trainings compared over seeds
    rewards         what reinforcement learning is rewarded by
    curriculum      streams of scenes whose difficulty follows rewards
    serving         `gas serve`: rewards for trainers elsewhere, over HTTP
    generate        pictures of held-out scenes, judged before and after
    preferences     pairs of pictures, a better and a worse one, for other trainers
    picture_export  `gas export` of pictures with captions, for other trainers
    trainers        what trains, a file or folder a kind
    run             `gas train`: check, train, write down

The command takes `load_checked`, `run_training` and `describe_run` (`run.py`). Users take the
names below from here; each is imported when it is asked for, and torch only when a judge's model is loaded.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .evaluation.results import evaluate, open_report
    from .judges.asking import judge_questions
    from .judges.endpoint import EndpointJudge
    from .judges.vision_language import VisionLanguageJudge
    from .metrics.intervals import compare_models, estimate_mean
    from .metrics.loading import find_evaluate_module, open_metric

__all__ = [
    "EndpointJudge",
    "VisionLanguageJudge",
    "compare_models",
    "estimate_mean",
    "evaluate",
    "find_evaluate_module",
    "judge_questions",
    "open_metric",
    "open_report",
]

_PLACES = {
    "EndpointJudge": ".judges.endpoint",
    "VisionLanguageJudge": ".judges.vision_language",
    "compare_models": ".metrics.intervals",
    "estimate_mean": ".metrics.intervals",
    "evaluate": ".evaluation.results",
    "find_evaluate_module": ".metrics.loading",
    "judge_questions": ".judges.asking",
    "open_metric": ".metrics.loading",
    "open_report": ".evaluation.results",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name], __name__), name)


def __dir__() -> list[str]:
    return __all__
