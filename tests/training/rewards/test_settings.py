"""What recipes may say of rewards."""

import re
from pathlib import Path

import pytest
from generate_any_scene.errors import RecipeError
from generate_any_scene.training.recipes.loading import load_training

DOCS = Path(__file__).parents[3] / "docs" / "rewards.md"
SHOWN = re.findall(r"^reward: .*$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)


def load(text):
    """The reward of a recipe that says nothing else of it."""
    return load_training("sandbox_grpo", ["reward=null", text.replace(": ", "=", 1).partition(" #")[0]]).recipe.reward


@pytest.mark.parametrize("text", SHOWN)
def test_what_the_docs_show_can_be_said(text):
    load(text)


def test_the_docs_show_each_key_and_the_default():
    default = load(SHOWN[0])
    assert default == load("reward: {}")
    text = " ".join(SHOWN)
    assert [key for key in type(default).model_fields if not re.search(rf"\b{key}:", text)] == []


def test_the_papers_reward_is_written_out_and_can_be_changed():
    paper = load("reward: paper")
    assert (paper.of, paper.by, paper.dependencies, paper.mean) == ("answers", "words", False, "questions")
    assert load("reward: {of: paper, questions: 8}") == paper.model_copy(update={"questions": 8})
    for override in ("reward=paper", "reward.of=paper"):
        assert load_training("sandbox_grpo", [override]).recipe.reward == paper
    assert load_training("sandbox_grpo", ["reward.of=clip_score"]).recipe.reward.of == "clip_score"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("reward: {options: {model: x}}", "`options` does not go with `of: answers`"),
        ("reward: {of: clip_score, split: true}", "`split` does not go with `of: clip_score`"),
        ("reward: {by: logits}", "by: "),
        ("reward: {questions: 0}", "questions: "),
        ("reward: {meen: kinds}", "did you mean `mean`"),
    ],
)
def test_what_does_not_go_together_is_refused(text, told):
    with pytest.raises(RecipeError, match=re.escape(told)):
        load(text)
