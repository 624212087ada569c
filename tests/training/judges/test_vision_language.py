"""Judges that are vision-language models, on tiny ones of three architectures."""

import inspect
import json
import shutil
from string import ascii_lowercase

import numpy as np
import pytest
import tiny
from generate_any_scene.errors import GasError
from generate_any_scene.training.judges.chats import Chat, render_chat
from generate_any_scene.training.judges.replies import spell_tokens
from generate_any_scene.training.judges.vision_language import INSTRUCTION, MODEL, REQUEST, VisionLanguageJudge
from generate_any_scene.training.models import name_model

QUESTIONS = [
    "Is there a cup?",
    "Are the two dogs to the left of the very tall blue lamp that stands beside the window?",
    "What?",
    "How many cats are there?",
    "Which of these is above the horse?\nChoose one:\n- moon\n- red kite",
]
ANSWERS = ["yes", "No", "a horse", "two", "Yes"]
ARCHITECTURES = {"idefics3": tiny.save_idefics3, "qwen2_5_vl": tiny.save_qwen2_5_vl, "llava": tiny.save_llava}


@pytest.fixture(scope="module")
def images():
    from PIL import Image

    random = np.random.default_rng(0)
    sizes = [(64, 84), (80, 60), (140, 110), (64, 84), (56, 120)]
    return [Image.fromarray(random.integers(0, 255, (*size, 3), dtype=np.uint8)) for size in sizes]


@pytest.fixture(scope="module")
def open_judge(tmp_path_factory):
    """Judges by architecture and options, each made once."""
    folders, judges = {}, {}

    def open_one(architecture, **options):
        if architecture not in folders:
            folders[architecture] = ARCHITECTURES[architecture](tmp_path_factory.mktemp("model") / architecture)
        key = architecture, *sorted(options.items())
        if key not in judges:
            judges[key] = VisionLanguageJudge(str(folders[architecture]), device="cpu", **options)
        return judges[key]

    return open_one


@pytest.fixture(scope="module", params=ARCHITECTURES)
def judge(request, open_judge):
    return open_judge(request.param, max_new_tokens=6)


def ask_directly(judge, image, question, tokens=()):
    """Probabilities of the next token, from the network alone, after a question and the beginning of a reply."""
    import torch

    content = [{"type": "image", "image": image}, {"type": "text", "text": question}]
    inputs = judge.processor.apply_chat_template(
        [{"role": "user", "content": content}],
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
    )
    for token in tokens:
        inputs["input_ids"] = torch.cat([inputs["input_ids"], torch.tensor([[token]])], dim=1)
        inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
        if "mm_token_type_ids" in inputs:
            types = inputs["mm_token_type_ids"]
            inputs["mm_token_type_ids"] = torch.cat([types, torch.zeros_like(types[:, :1])], dim=1)
    with torch.no_grad():
        return judge.network(**inputs).logits[0, -1].softmax(-1)


def multiply_steps(judge, image, question, tokens):
    """The probability that a reply begins with tokens, one step of the network after the other."""
    product = 1.0
    for place, token in enumerate(tokens):
        product *= ask_directly(judge, image, question, tokens[:place])[token].item()
    return product


def encode(judge, text):
    return judge.processor.tokenizer.encode(text, add_special_tokens=False)


def test_replies_do_not_depend_on_the_batch(judge, images):
    together = judge.answer(images, QUESTIONS)
    alone = [judge.answer([image], [question])[0] for image, question in zip(images, QUESTIONS, strict=True)]
    assert together == alone
    assert len(set(together)) > 1
    judge.batch_size, before = 2, judge.batch_size
    assert judge.answer(images, QUESTIONS) == together
    judge.batch_size = before


def test_probabilities_do_not_depend_on_the_batch(judge, images):
    together = judge.probability(images, QUESTIONS, ANSWERS)
    alone = [judge.probability(*([one] for one in each))[0] for each in zip(images, QUESTIONS, ANSWERS, strict=True)]
    assert together == pytest.approx(alone, rel=1e-4)
    assert all(0 < one < 1 for one in together)
    judge.answer(images[:2], QUESTIONS[:2])  # which leaves nothing behind in the network
    assert judge.probability(images, QUESTIONS, ANSWERS) == together


def test_a_reply_is_the_likeliest_token_again_and_again(judge, images):
    tokens = []
    question = REQUEST.format(question=QUESTIONS[1], instruction=INSTRUCTION)
    end = judge.processor.tokenizer.eos_token_id
    while len(tokens) < 6 and end not in tokens:
        tokens.append(ask_directly(judge, images[2], question, tokens).argmax().item())
    text = judge.processor.tokenizer.decode(tokens, skip_special_tokens=True).strip()
    assert judge.answer([images[2]], [QUESTIONS[1]]) == [text]


def test_yes_is_the_first_token(judge, images):
    spellings = [encode(judge, text) for text in ("Yes", "yes", " Yes", " yes")]
    assert [len(one) for one in spellings] == [1, 1, 1, 1]
    assert len({one[0] for one in spellings}) == 4
    for image, question in zip(images[:3], QUESTIONS[:3], strict=True):
        expected = ask_directly(judge, image, question)[[one[0] for one in spellings]].sum().item()
        for answer in ("Yes", "yes"):
            assert judge.probability([image], [question], [answer]) == pytest.approx([expected], rel=1e-4)


def test_a_number_leaves_out_another_that_begins_with_it(judge, images):
    def ask(*answers):
        return judge.probability([images[0]] * len(answers), [QUESTIONS[3]] * len(answers), answers)

    def choose(*answers):
        return max(zip(ask(*answers), answers, strict=True))[1]

    # Each letter and digit is a token here: the likeliest ones stand for `1` and `10`, which are seldom said.
    short = choose(*ascii_lowercase)
    long = choose(*(short + letter for letter in ascii_lowercase))
    (alone,), (both, longer) = ask(short), ask(short, long)
    assert longer > 1e-3 * alone
    assert both == pytest.approx(alone - longer, rel=1e-4)
    assert ask(short, f"{short} {long}")[0] == pytest.approx(alone, rel=1e-4)


def test_an_answer_of_several_tokens_is_a_product(judge, images):
    cases = {"cup": ["cup", "Cup"], "two": ["two", "Two", "2"], "no": ["no", "No", " No"]}
    texts, images = QUESTIONS[: len(cases)], images[: len(cases)]
    found = judge.probability(images, texts, list(cases))
    for image, question, spellings, value in zip(images, texts, cases.values(), found, strict=True):
        expected = sum(multiply_steps(judge, image, question, encode(judge, text)) for text in spellings)
        assert value == pytest.approx(expected, rel=1e-3)


def test_all_that_a_reply_can_begin_with_is_at_most_one(judge, images):
    letters = "abcdefghijklmnopqrstuvwxyz3456789"
    answers = [*letters, "yes", "no"]
    found = judge.probability([images[0]] * len(answers), [QUESTIONS[0]] * len(answers), answers)
    firsts = {tokens[0] for answer in answers for tokens in spell_tokens(judge.processor.tokenizer, answer)}
    expected = ask_directly(judge, images[0], QUESTIONS[0])[sorted(firsts)].sum().item()
    # "no" is the token `no`, and as ` no` also what follows ` n`.
    assert 0 < sum(found) <= 1
    assert sum(found) == pytest.approx(expected, rel=1e-3)


def test_answers_to_one_question_are_read_off_together(open_judge, images, monkeypatch):
    judge = open_judge("llava", max_new_tokens=6)
    forward, sizes = judge.network.forward, []

    def count(**inputs):
        sizes.append(len(inputs["input_ids"]))
        return forward(**inputs)

    count.__signature__ = inspect.signature(forward)
    monkeypatch.setattr(judge.network, "forward", count)
    judge.probability([images[0]] * 3, [QUESTIONS[0]] * 3, ["yes", "no", "yes"])
    assert sizes == [1]


def test_a_network_that_gives_logits_of_all_tokens(judge, images, monkeypatch):
    expected = judge.probability(images, QUESTIONS, ANSWERS)
    forward = judge.network.forward
    monkeypatch.setattr(judge.network, "forward", lambda **inputs: forward(**inputs))
    assert judge.probability(images, QUESTIONS, ANSWERS) == pytest.approx(expected, rel=1e-4)


def test_images_that_are_made_when_they_are_taken_out(open_judge, images):
    class Copies(list):
        def __iter__(self):
            return (image.copy() for image in super().__iter__())

    judge = open_judge("llava", max_new_tokens=6)
    expected = judge.probability(images, QUESTIONS, ANSWERS)
    assert judge.probability(Copies(images), QUESTIONS, ANSWERS) == pytest.approx(expected, rel=1e-4)


def test_half_precision(open_judge, images):
    import torch

    judge = open_judge("llava", dtype="bfloat16")
    assert judge.network.dtype == torch.bfloat16
    assert all(0 < one < 1 for one in judge.probability(images, QUESTIONS, ANSWERS))


def test_the_order_of_pairs_is_kept(judge, images):
    order = [3, 0, 4, 2, 1, 0]
    expected = judge.probability(images, QUESTIONS, ANSWERS)
    some = ([values[place] for place in order] for values in (images, QUESTIONS, ANSWERS))
    assert judge.probability(*some) == pytest.approx([expected[place] for place in order], rel=1e-4)


def test_an_image_processor_of_pillow_alone(open_judge, images, monkeypatch):
    from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

    judge = open_judge("idefics3", max_new_tokens=6)
    processor = Idefics3ImageProcessorPil(**judge.processor.image_processor.to_dict())
    expected = judge.probability(images, QUESTIONS, ANSWERS)
    monkeypatch.setattr(judge.processor, "image_processor", processor)
    assert judge.probability(images, QUESTIONS, ANSWERS) == pytest.approx(expected, rel=0.2)
    assert len(judge.answer(images, QUESTIONS)) == len(images)


def test_images_of_any_mode(open_judge, images):
    judge = open_judge("llava", max_new_tokens=6)
    gray = images[0].convert("L")
    assert judge.answer([gray, gray.convert("RGBA")], ["What?"] * 2) == judge.answer(
        [gray.convert("RGB")] * 2, ["What?"] * 2
    )


def test_the_instruction_follows_the_question(open_judge, images):
    judge = open_judge("llava", max_new_tokens=6)
    silent = open_judge("llava", max_new_tokens=6, instruction="")
    written = [REQUEST.format(question=question, instruction=INSTRUCTION) for question in QUESTIONS]
    assert judge.answer(images, QUESTIONS) == silent.answer(images, written) != silent.answer(images, QUESTIONS)
    assert judge.probability(images, QUESTIONS, ANSWERS) == silent.probability(images, QUESTIONS, ANSWERS)


def test_a_models_own_ways_to_generate_are_left_out(open_judge, images, tmp_path):
    judge = open_judge("llava", max_new_tokens=6)
    shutil.copytree(judge.model, tmp_path / "own")
    path = tmp_path / "own" / "generation_config.json"
    own = {"do_sample": True, "temperature": 5.0, "repetition_penalty": 9.0, "max_length": 3, "top_k": 50}
    path.write_text(json.dumps({**json.loads(path.read_text()), **own}))
    other = VisionLanguageJudge(str(tmp_path / "own"), device="cpu", max_new_tokens=6)
    assert other.answer(images, QUESTIONS) == judge.answer(images, QUESTIONS)


def test_the_number_of_pixels(open_judge, images):
    def count_tokens(judge):
        return judge._reader.encode([Chat(images[2], "What?")], "left")["input_ids"].shape[1]

    few, most = open_judge("qwen2_5_vl", max_pixels=56 * 56), open_judge("qwen2_5_vl", min_pixels=100 * 100)
    assert count_tokens(few) < count_tokens(open_judge("qwen2_5_vl")) <= count_tokens(most)
    with pytest.raises(GasError, match="the image processor of .*llava knows no max_pixels; leave it out"):
        open_judge("llava", max_pixels=56 * 56)


def test_the_system_speaks_before_the_question(open_judge, images):
    judge = open_judge("llava", system="Look twice.", max_new_tokens=6)
    (text,) = {render_chat(judge.processor, Chat(image, "What?", judge.system), {}) for image in images}
    assert text.index("Look twice.") < text.index("<image>") < text.index("What?")
    assert judge.probability(images, QUESTIONS, ANSWERS) != open_judge("llava").probability(images, QUESTIONS, ANSWERS)


def test_a_chat_template_that_leaves_the_system_out(open_judge, tmp_path):
    shutil.copytree(open_judge("llava").model, tmp_path / "deaf")
    template = tmp_path / "deaf" / "chat_template.jinja"
    template.write_text("{% if messages[0]['role'] == 'user' %}" + template.read_text() + "{% endif %}")
    VisionLanguageJudge(str(tmp_path / "deaf"), device="cpu")
    with pytest.raises(GasError, match="leaves out what the system says; leave out `system`"):
        VisionLanguageJudge(str(tmp_path / "deaf"), device="cpu", system="Look twice.")
    template.write_text("{{ raise_exception('only users speak') }}")
    with pytest.raises(GasError, match="chat template of .*deaf cannot be used: only users speak"):
        VisionLanguageJudge(str(tmp_path / "deaf"), device="cpu")


def test_the_id_says_what_changes_answers(open_judge):
    name = open_judge("qwen2_5_vl").model
    assert open_judge("qwen2_5_vl", grid=3).id == f"{name}[grid=3]"
    assert open_judge("qwen2_5_vl", batch_size=3, dtype="float32").id == f"{name}[grid=auto]"
    told = {"max_new_tokens": 6, "max_pixels": 5000, "system": "Look.", "instruction": "Say it."}
    told |= {"dtype": "bfloat16", "chat_template": {"enable_thinking": False}}
    judge = VisionLanguageJudge(name, device="cpu", **told)
    assert judge.id == (
        f"{name}[max_new_tokens=6,max_pixels=5000,system=Look.,instruction=Say it.,"
        "chat_template={'enable_thinking': False},dtype=bfloat16,grid=auto]"
    )


def test_a_folder_has_one_name_however_it_is_written(tmp_path, monkeypatch):
    (tmp_path / "m").mkdir()
    (tmp_path / "link").symlink_to("m")
    monkeypatch.chdir(tmp_path)
    ways = ("m", "./m", "m/", "../" + tmp_path.name + "/m", str(tmp_path / "m"), "link")
    assert {name_model(way) for way in ways} == {str(tmp_path.resolve() / "m")}
    assert name_model("owner/m", "main") == "owner/m#main"


def test_a_folder_has_no_revisions(open_judge):
    folder = open_judge("qwen2_5_vl").model
    with pytest.raises(GasError, match="is a folder, and has no revision `main`; leave `revision` out"):
        VisionLanguageJudge(folder, revision="main", device="cpu")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda image: None, "picture 2 of 2 cannot be judged: there is no picture"),
        (lambda image: "cup.png", "picture 2 of 2 cannot be judged: it is no picture"),
        (lambda image: [], "picture 2 of 2 cannot be judged: it has no frames"),
        (lambda image: [image, None], "picture 2 of 2 cannot be judged: frame 2 of 2: there is no picture"),
        (lambda image: image.convert("F"), "picture 2 of 2 cannot be judged: it has numbers that are not from 0 to 1"),
    ],
)
def test_pictures_that_cannot_be_judged(open_judge, images, make, words):
    judge = open_judge("llava", max_new_tokens=6)
    shown = [images[0], make(images[1])]
    with pytest.raises(GasError, match=words):
        judge.answer(shown, QUESTIONS[:2])
    with pytest.raises(GasError, match=words):
        judge.probability(shown, QUESTIONS[:2], ANSWERS[:2])


def test_nothing_asked(judge):
    assert judge.answer([], []) == judge.probability([], [], []) == []


def test_lists_of_different_lengths(judge, images):
    with pytest.raises(ValueError, match="1 images, 2 questions"):
        judge.answer(images[:1], QUESTIONS[:2])
    with pytest.raises(ValueError, match="2 images, 2 questions, 1 answers"):
        judge.probability(images[:2], QUESTIONS[:2], ["yes"])


@pytest.mark.parametrize("answer", ["", "  "])
def test_an_empty_answer(judge, images, answer):
    with pytest.raises(ValueError, match="must have words"):
        judge.probability(images[:1], QUESTIONS[:1], [answer])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "nobody/nothing"}, ["nobody/nothing", "check its name", "hf download nobody/nothing", "HF_TOKEN"]),
        ({"revision": "v9"}, [f"{MODEL} at revision v9", f"hf download {MODEL}"]),
        ({"model": "/no/such/folder"}, ["there is no folder `/no/such/folder`", "as `save_pretrained` wrote it"]),
        ({"dtype": "float61"}, ["float61", "did you mean `float16`?"]),
        ({"device": "gpu"}, ["gpu", "choose cuda or cpu"]),
        ({"batch_size": 0}, ["batch_size", "at least 1"]),
    ],
)
def test_a_judge_that_cannot_be_loaded(options, words):
    with pytest.raises(GasError) as caught:
        VisionLanguageJudge(**options)
    message = str(caught.value)
    assert "\n" not in message
    assert [word for word in words if word not in message] == []


def test_a_model_without_a_chat(open_judge, tmp_path):
    shutil.copytree(open_judge("llava", max_new_tokens=6).model, tmp_path / "silent")
    (tmp_path / "silent" / "chat_template.jinja").unlink()
    with pytest.raises(GasError, match="no chat template"):
        VisionLanguageJudge(str(tmp_path / "silent"))


def test_weights_that_cannot_be_read(open_judge, tmp_path):
    shutil.copytree(open_judge("llava", max_new_tokens=6).model, tmp_path / "broken")
    (tmp_path / "broken" / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(GasError, match=r"a judge cannot load .*broken: .*header") as caught:
        VisionLanguageJudge(str(tmp_path / "broken"))
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_model(tmp_path):
    with pytest.raises(GasError, match="choose a vision-language model"):
        VisionLanguageJudge(str(tmp_path))
