"""What `generate_any_scene.training` offers under its own name, without torch until it is used."""

import generate_any_scene.training as training
import pytest


def test_the_public_names_are_there():
    assert dir(training) == [
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
    assert all(callable(getattr(training, name)) for name in training.__all__)
    with pytest.raises(AttributeError, match="no attribute 'judge_question'"):
        training.judge_question  # noqa: B018


def test_importing_them_loads_nothing_heavy(run_python):
    code = """
import sys
from generate_any_scene import training
before = set(sys.modules)
from generate_any_scene.training import EndpointJudge, VisionLanguageJudge, judge_questions
from generate_any_scene.training.judges import asking, endpoint, vision_language
assert EndpointJudge is endpoint.EndpointJudge
assert (judge_questions, VisionLanguageJudge) == (asking.judge_questions, vision_language.VisionLanguageJudge)
print(*before, "|", *sys.modules)
"""
    before, after = (part.split() for part in run_python(code).split("|"))
    assert not any("judges" in name for name in before)
    assert not {"torch", "transformers", "PIL", "numpy", "datasets", "openai", "httpx", "httpx2"} & set(after)
