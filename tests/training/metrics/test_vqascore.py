"""VQAScore by any judge: what it asks, and that its number is GenEval 2's."""

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.judges.vision_language import VisionLanguageJudge
from generate_any_scene.training.metrics.loading import open_metric
from tiny import draw_picture, save_idefics3

PICTURES = [draw_picture(0), draw_picture(1, 60, 90)]
ROWS = [{"caption": "a red cup"}, {"caption": "the word {x}"}]


class Asked:
    """A judge that gives the probabilities that it is given, and keeps what it is asked."""

    id = "asked"

    def __init__(self, *probabilities):
        self.probabilities = list(probabilities)

    def probability(self, images, questions, answers):
        self.images, self.questions, self.answers = images, list(questions), list(answers)
        return self.probabilities


@pytest.mark.parametrize(
    ("formula", "question"),
    [
        ("geneval2", 'Does this image show "{}"? Answer the question with Yes or No.'),
        ("qwen", 'Does this figure show "{}"? Please answer Yes or No.'),
        ("clip-flant5", 'Does this figure show "{}"? Please answer yes or no.'),
    ],
)
def test_each_formula_asks_in_its_words(formula, question):
    judge = Asked(0.25, None)
    metric = open_metric("vqascore", judge=judge, formula=formula)
    shown = [PICTURES[0], PICTURES]
    assert metric.measure(shown, ROWS) == [0.25, None]
    assert judge.images == shown
    assert judge.questions == [question.replace("{}", row["caption"]) for row in ROWS]
    assert judge.answers == ["yes", "yes"]
    assert metric.id == f"vqascore@{formula}:asked"


def test_it_is_the_sum_over_the_spellings_of_yes_as_in_geneval_2(tmp_path):
    """That of the first token of the reply, read off one picture after another."""
    import torch

    judge = VisionLanguageJudge(str(save_idefics3(tmp_path)), device="cpu")
    found = open_metric("vqascore", judge=judge).measure(PICTURES, ROWS)
    expected = []
    for picture, row in zip(PICTURES, ROWS, strict=True):
        text = f'Does this image show "{row["caption"]}"? Answer the question with Yes or No.'
        content = [{"type": "image", "image": picture}, {"type": "text", "text": text}]
        inputs = judge.processor.apply_chat_template(
            [{"role": "user", "content": content}],
            tokenize=True,
            add_generation_prompt=True,
            return_dict=True,
            return_tensors="pt",
        )
        with torch.no_grad():
            shares = judge.network(**inputs).logits[0, -1].softmax(dim=-1)
        yes = [judge.processor.tokenizer.encode(text)[0] for text in ("Yes", "yes", " yes", " Yes")]
        expected.append(sum(shares[token].item() for token in yes))
    assert found == pytest.approx(expected, rel=1e-4)


def test_a_row_without_a_caption_is_named():
    metric = open_metric("vqascore", judge=Asked(0.25, 0.5))
    for row in ({}, {"caption": None}):
        with pytest.raises(GasError, match="row 2 of those to be measured has no `caption`"):
            metric.measure(PICTURES, [ROWS[0], row])


@pytest.mark.parametrize(("judge", "told"), [("sandbox", "`sandbox`"), (None, "a NoneType")])
def test_what_is_no_judge_is_refused(judge, told):
    with pytest.raises(GasError, match=f"vqascore: {told} is no judge; give judges.load"):
        open_metric("vqascore", judge=judge)


def test_other_formulas_are_refused():
    with pytest.raises(GasError, match=r"vqascore: formula cannot be `geneval`; did you mean `geneval2`\?"):
        open_metric("vqascore", judge=Asked(), formula="geneval")
    with pytest.raises(GasError, match="vqascore needs the option judge"):
        open_metric("vqascore")
