"""Scores of captions, on tiny models: against the formulas, one caption at a time."""

import math

import pytest
import tiny
from generate_any_scene.errors import GasError
from generate_any_scene.training.evaluation.captions import check_scores, score_captions
from tiny import TEXT, fill_weights, make_tokenizer

CAPTIONS = ["a red dog", "Two very large blue boxes are to the left of a teapot.", "yes, a", "a cup", "a red dog"]


@pytest.fixture(scope="module")
def causal(tmp_path_factory):
    """Language models whose tokenizer has a token that begins texts, or has none."""
    from transformers import LlamaConfig, LlamaForCausalLM

    folders = {}
    for name in ("begun", "plain"):
        tokenizer = make_tokenizer(["<|im_start|>"])
        if name == "begun":
            tokenizer.bos_token = "<|im_start|>"
        sizes = {"vocab_size": len(tokenizer), "max_position_embeddings": 64, "num_key_value_heads": 2}
        network = LlamaForCausalLM(LlamaConfig(**{**TEXT, **sizes}))
        folders[name] = str(tmp_path_factory.mktemp("models") / name)
        fill_weights(network).save_pretrained(folders[name])
        tokenizer.save_pretrained(folders[name])
    return folders


def measure_perplexity(folder, text, begins):
    """exp of the mean of -log p over tokens, each read off a run of the model on those before it alone."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer, network = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder).eval()
    ids = ([tokenizer.convert_tokens_to_ids("<|im_start|>")] if begins else []) + tokenizer(text)["input_ids"]
    losses = []
    with torch.no_grad():
        for place in range(1, len(ids)):
            logits = network(torch.tensor([ids[:place]])).logits[0, -1].double()
            losses.append(float(torch.logsumexp(logits, 0) - logits[ids[place]]))
    return math.exp(sum(losses) / len(losses))


@pytest.mark.parametrize(("name", "begins"), [("begun", True), ("plain", False)])
@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_perplexity_is_that_of_the_formula_in_batches_of_any_size(causal, name, begins, batch_size):
    options = {"model": causal[name], "device": "cpu", "batch_size": batch_size}
    ((metric, found),) = score_captions({"perplexity": options}, CAPTIONS).items()
    wanted = [measure_perplexity(causal[name], caption, begins) for caption in CAPTIONS]
    assert found == pytest.approx(wanted, rel=1e-4)
    assert max(found) / min(found) > 1.01 and found[0] == found[4]
    assert metric == f"perplexity{'' if begins else '@no-bos'}:{causal[name]}"


def score(name, captions, **options):
    (found,) = score_captions({name: {"device": "cpu", **options}}, captions).values()
    return found


def test_what_has_no_token_to_score_has_no_number(causal):
    assert score("perplexity", ["", "a"], model=causal["begun"])[0] is None
    found = score("perplexity", ["a", "", "ab"], model=causal["plain"])
    assert found[:2] == [None, None] and found[2] > 1
    assert score("perplexity", [], model=causal["plain"]) == []


def test_a_caption_that_a_model_cannot_read_whole_is_refused(causal):
    with pytest.raises(GasError, match="caption 2 has 64 tokens, and .*begun reads 64; take another model"):
        score("perplexity", ["a", "b" * 64], model=causal["begun"])


@pytest.fixture(scope="module")
def vera(tmp_path_factory):
    return tiny.save_vera(tmp_path_factory.mktemp("vera"))


def measure_vera(folder, text):
    """As the model card has it, of one statement: a linear layer out of the embeddings reads the last state."""
    import torch
    from transformers import AutoTokenizer, T5EncoderModel

    tokenizer, network = AutoTokenizer.from_pretrained(folder), T5EncoderModel.from_pretrained(folder).eval()
    linear = torch.nn.Linear(network.shared.embedding_dim, 1)
    linear.weight = torch.nn.Parameter(network.shared.weight[32099, :].unsqueeze(0))
    linear.bias = torch.nn.Parameter(network.shared.weight[32098, 0].unsqueeze(0))
    temperature = network.shared.weight[32097, 0].item()
    ids = tokenizer([text], return_tensors="pt", truncation=True, max_length=128).input_ids
    with torch.no_grad():
        return float((linear(network(ids).last_hidden_state[0, -1]) / temperature).sigmoid())


@pytest.mark.parametrize("batch_size", [1, 4])
def test_vera_is_that_of_its_model_card(vera, batch_size):
    captions = [*CAPTIONS, "a very long caption of dogs " * 12]
    options = {"model": vera, "device": "cpu", "batch_size": batch_size}
    ((metric, found),) = score_captions({"vera": options}, captions).items()
    assert found == pytest.approx([measure_vera(vera, caption) for caption in captions], abs=1e-5)
    assert max(found) - min(found) > 0.01 and metric == f"vera:{vera}"


@pytest.fixture(scope="module")
def classifiers(tmp_path_factory):
    """Sequence classifiers of one label, and of two."""
    from transformers import BertConfig, BertForSequenceClassification

    folders = {}
    for labels in (1, 2):
        folders[labels] = str(tmp_path_factory.mktemp("classifiers") / str(labels))
        tokenizer = make_tokenizer([])
        names = {0: "odd", 1: "plausible"} if labels == 2 else {0: "LABEL_0"}
        config = BertConfig(**{**TEXT, "vocab_size": len(tokenizer)}, max_position_embeddings=128, id2label=names)
        fill_weights(BertForSequenceClassification(config)).save_pretrained(folders[labels])
        tokenizer.save_pretrained(folders[labels])
    return folders


@pytest.mark.parametrize(("labels", "label", "column"), [(1, None, 0), (2, "plausible", 1), (2, 0, 0)])
def test_any_sequence_classifier_may_score(classifiers, labels, label, column):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = classifiers[labels]
    network = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer, wanted = AutoTokenizer.from_pretrained(folder), []
    for caption in CAPTIONS:
        with torch.no_grad():
            logits = network(**tokenizer([caption], return_tensors="pt")).logits[0].tolist()
        powers = [math.exp(logit) for logit in logits]
        wanted.append(powers[0] / (1 + powers[0]) if labels == 1 else powers[column] / sum(powers))
    given = {"model": folder, "device": "cpu"} | ({} if label is None else {"label": label})
    ((metric, found),) = score_captions({"vera": given}, CAPTIONS).items()
    assert found == pytest.approx(wanted, abs=1e-5) and max(found) - min(found) > 1e-3
    assert metric == f"vera{'' if label is None else f'@label={label}'}:{folder}"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "has several labels; give as `label` what means plausible: odd, plausible"),
        ({"label": "on"}, "no label on"),
    ],
)
def test_which_of_several_labels_means_plausible_must_be_said(classifiers, given, message):
    with pytest.raises(GasError, match=message):
        score("vera", CAPTIONS, model=classifiers[2], **given)


def test_an_encoder_of_another_kind_is_refused(tmp_path):
    from transformers import T5Config, T5EncoderModel

    T5EncoderModel(T5Config(**tiny.T5, vocab_size=300, architectures=["T5EncoderModel"])).save_pretrained(tmp_path)
    make_tokenizer([]).save_pretrained(tmp_path)
    with pytest.raises(GasError, match="is an encoder, but not of Vera's kind; give liujch1998/vera or a classifier"):
        score("vera", CAPTIONS, model=str(tmp_path))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"perplexty": {}}, "there is no score perplexty of captions; did you mean `perplexity`?"),
        ({"perplexity": {}}, "perplexity needs the option model"),
        ({"perplexity": {"model": "./nowhere"}}, "perplexity: there is no folder `./nowhere`"),
        ({"perplexity": {"modle": "x/y"}}, "perplexity has no option modle; did you mean `model`?"),
        ({"vera": {"model": ".", "revision": "main"}}, "`.` is a folder, and has no revision `main`"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_loaded(names, message):
    with pytest.raises(GasError) as error:
        check_scores(names)
    assert message in str(error.value) and "\n" not in str(error.value)
