"""The code of scorers and trainers reads exports of every shipped recipe, and gives a right picture its best score.

GAS_PEERS names a folder with checkouts of any of facebookresearch/GenEval2 (needs scipy), j-min/DSG, Yushi-Hu/tifa,
wdrink/SimpleAR, CaraJ7/T2I-R1, kohya-ss/sd-scripts (needs voluptuous), bghira/SimpleTuner and
modelscope/DiffSynth-Studio (needs imageio and einops), each under the name of its repository:

    GAS_PEERS=~/peers pytest -m slow tests/peers

Their functions and classes run as they are; what stands in for their networks sees a scene as the row has it, or with
a mistake in it.
"""

import argparse
import contextlib
import copy
import functools
import io
import json
import math
import os
import re
import runpy
import sys
import tomllib
import types
import typing
from collections import defaultdict
from pathlib import Path
from statistics import mean, stdev

import pandas as pd
import pytest
from checkouts import find_peer, take
from datasets import load_dataset
from generate_any_scene.builders.export.export import export_split
from generate_any_scene.builders.export.layout import count_things
from generate_any_scene.builders.folder.reading import find_split
from generate_any_scene.builders.recipe.loading import list_recipes
from PIL import Image

pytestmark = pytest.mark.slow

# GenEval 2


def run_analysis(data, scores, monkeypatch):
    """What soft_tifa_analysis.py prints."""
    pytest.importorskip("scipy")
    script = find_peer("GenEval2", "soft_tifa_analysis.py")
    monkeypatch.setattr(sys, "argv", [script.name, "--benchmark_data", str(data), "--score_data", str(scores)])
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(script), run_name="__main__")
    return printed.getvalue()


def score_geneval2(data, reply):
    known = {"send_message_with_image": lambda prompt, image, answer_list: (reply(prompt, answer_list), None)}
    tifa, _ = take(find_peer("GenEval2", "evaluation.py"), "tifa", "return_numeric_string", **known)
    return [tifa(json.loads(line)["vqa_list"], "") for line in data.read_text().splitlines()]


def test_geneval2_scores_and_analyses(export, monkeypatch, tmp_path):
    data, _, tally = export("geneval2", "test", "data.jsonl")
    right = score_geneval2(data, lambda prompt, answers: answers[0])
    assert all(score == 1 for score, _ in right)
    assert all(score == 0 for score, _ in score_geneval2(data, lambda prompt, answers: "no"))
    scores = tmp_path / "scores.json"
    scores.write_text(json.dumps([each for _, each in right]))
    if tally.missing:  # as the export has told
        with pytest.raises(ZeroDivisionError):
            run_analysis(data, scores, monkeypatch)
    else:
        assert "0.0\n" not in run_analysis(data, scores, monkeypatch).replace("100.0\n", "")


def test_geneval2_analyses_all_recipes_together(built_folder, monkeypatch, tmp_path):
    lines = []
    for name in sorted(list_recipes()):
        export_split(find_split(built_folder, name, "test"), "geneval2", tmp_path / name)
        lines += (tmp_path / name).read_text().splitlines()
    data, scores = tmp_path / "data.jsonl", tmp_path / "scores.json"
    data.write_text("".join(f"{line}\n" for line in lines))
    scores.write_text(json.dumps([[1] * len(json.loads(line)["skills"]) for line in lines]))
    printed = run_analysis(data, scores, monkeypatch).split()
    assert printed.count("100.0") == 5 + 8  # skills, and numbers of atoms


# DSG


def test_dsg_reads_and_scores(export):
    path, rows, _ = export("dsg", "test", "anns.csv")
    text = find_peer("DSG", "dsg", "data_utils.py").read_text()
    loader = text[text.index("dsg_itemid2data = {}") : text.index("# Load TIFA question annotations")]
    known = {"pd": pd, "dsg_df": pd.read_csv(path)}
    exec(loader, known)
    (score,) = take(
        find_peer("DSG", "dsg", "vqa_utils.py"), "calc_vqa_score", deepcopy=copy.deepcopy, Dict=dict, Any=str
    )
    assert set(known["dsg_id2question"]) <= {row["id"] for row in rows}
    for item, questions in known["dsg_id2question"].items():
        answers, parents = dict.fromkeys(questions, "yes"), known["dsg_id2dependency"][item]
        assert set(parents) == set(questions), "their loader drops all dependencies of an item that it cannot read"
        assert score(answers, parents)["average_score_with_dependency"] == 1
        for number in questions:
            result = score(answers | {number: "no"}, parents)
            of_it = sum(number in (one, *parents[one]) for one in questions)
            assert math.isclose(result["average_score_with_dependency"], 1 - of_it / len(questions), abs_tol=1e-9)


# TIFA


def test_tifa_scores(export, tmp_path):
    path, rows, tally = export("tifa", "test", "questions.json")
    images = tmp_path / "images.json"
    images.write_text(json.dumps({row["id"]: "image.png" for row in rows}))
    answers = {(one["question"], *one["choices"]): one["answer"] for one in json.loads(path.read_text())}
    choose = {"right": lambda question, choices: answers[question, *choices]}
    choose["wrong"] = lambda question, choices: next(one for one in choices if one != answers[question, *choices])

    class Model:
        def __init__(self, name):
            self.choose = choose[name]

        def multiple_choice_vqa(self, image, question, choices):
            answer = self.choose(question, choices)
            return {"free_form_answer": answer, "multiple_choice_answer": answer}

    known = {"json": json, "os": os, "tqdm": iter, "defaultdict": defaultdict, "mean": mean, "stdev": stdev}
    source = find_peer("tifa", "tifascore", "tifa_score.py")
    (score,) = take(source, "tifa_score_benchmark", VQAModel=Model, **known)
    # Pictures of several scenes may be asked the same; such questions have their answers by scene.
    repeated = len(json.loads(path.read_text())) - len(answers)
    right, wrong = (score(name, str(path), str(images)) for name in ("right", "wrong"))
    assert repeated or (right["tifa_average"], wrong["tifa_average"]) == (1, 0)
    assert right["tifa_average"] > wrong["tifa_average"]
    assert tally.questions == sum(map(len, right["question_details"].values())), "the log is kept by question"


# SimpleAR


def test_simplear_reads_prompts(export):
    source = find_peer("SimpleAR", "simpar", "train", "t2i_data.py")
    tokens = types.SimpleNamespace(tolist=lambda: [0])
    known = {"Dataset": object, "json": json, "transformers": types.SimpleNamespace(PreTrainedTokenizer=object)}
    known["preprocess_t2i"] = lambda sources, tokenizer, **_: {"input_ids": [[tokens]]}
    (data,) = take(source, "GRPOT2IDataset", **known)
    path, rows, _ = export("simplear", "train", "prompts.json")
    items = data(str(path), None)
    assert len(items) == len(rows)
    for number, row in enumerate(rows):
        prompt = items[number]["prompt"]
        assert prompt.endswith(f"{row['caption']}<|soi|>")
        assert prompt.startswith("<|t2i|>A photo of a ")


# T2I-R1


def look_for(nouns, row, spatial):
    """What its detector finds of nouns in a right picture: boxes from 0 to 1 (x, y, width, height), words, scores."""
    import torch

    steps = {
        "on the left of": (-1, 0),
        "on the right of": (1, 0),
        "on the top of": (0, -1),
        "on the bottom of": (0, 1),
    }
    centres = dict.fromkeys(nouns, (0.5, 0.5))
    if spatial["locality"]:
        x, y = steps[spatial["locality"]]
        centres[spatial["obj1"]] = 0.5 + 0.3 * x, 0.5 + 0.3 * y
    names = count_things(row["scene_graph"]["objects"])
    boxes, words = [], []
    for noun in nouns:
        for number in range(names[noun]):
            x, y = centres[noun]
            boxes.append([x + 0.02 * number, y, 0.01, 0.01])
            words.append(noun)
    return torch.tensor(boxes), words, [torch.ones(len(words))]


def test_t2i_r1_rewards_right_pictures(export, tmp_path):
    import torch
    from torchvision.ops import nms

    source = find_peer("T2I-R1", "src", "t2i-r1", "src", "utils", "reward_gdino.py")
    (gdino,) = take(source, "GDino", torch=torch, nms=nms, defaultdict=defaultdict)
    judge = object.__new__(gdino)
    judge.device = "cpu"
    path, rows, _ = export("t2i_r1", "train", "prompts.json")
    by_caption = {row["caption"]: row for row in rows}
    for item in load_dataset("json", data_files=str(path), split="train"):
        row, nouns, type_ = by_caption[item["prompt"]], item["nouns"], item["task_type"]
        text, spans = judge.make_prompt(nouns)
        assert [" ".join(text[start:end] for start, end in span) for span in spans] == nouns
        graph = row["scene_graph"]
        seen = look_for(nouns, row, item["spatial_info"])
        if type_ == "spatial":
            assert judge.get_spatial_score(*seen, nouns, item["spatial_info"]) == pytest.approx(0.9)
            ends = {"obj1": item["spatial_info"]["obj2"], "obj2": item["spatial_info"]["obj1"]}
            seen = look_for(nouns, row, item["spatial_info"])
            assert judge.get_spatial_score(*seen, nouns, item["spatial_info"] | ends) == pytest.approx(0.4)
        elif type_ == "numeracy":
            assert judge.get_numeracy_score(*seen, nouns, item["numeracy_info"]) == pytest.approx(1)
            other = [one | {"num": one["num"] + 1} for one in item["numeracy_info"]]
            assert judge.get_numeracy_score(*seen, nouns, other) < 0.5
        else:
            assert judge.get_object_score(*seen, nouns) == pytest.approx(1)
            assert item["attr_nouns"] != nouns or not (
                graph["relations"] or any(o["attributes"] for o in graph["objects"])
            )


# kohya's sd-scripts, SimpleTuner, DiffSynth-Studio

CAPTIONS = ["None", "a red dog,\nand a cat", "two \u201ccats\u201d"]


@pytest.fixture
def export_pictures(gas, tmp_path, monkeypatch):
    """Writes three pictures in a format, and goes into its folder."""
    source = tmp_path / "source"
    source.mkdir()

    def write(format_):
        for number, caption in enumerate(CAPTIONS):
            Image.new("RGB", (64 + 32 * number, 64), "red").save(source / f"{number}.png")
            (source / f"{number}.txt").write_text(caption, encoding="utf-8")
        assert gas("export", source, "-f", format_, "-o", tmp_path / "out")[0] == 0
        monkeypatch.chdir(tmp_path / "out")

    return write


def find_arguments(*scripts):
    """What scripts say that they take, by the text of what they add to their parsers."""
    return {name for script in scripts for name in re.findall(r"\"--(\w+)\"", script.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("name", ["sd3", "flux"])
def test_sd_scripts_read_captions_and_take_every_argument(name, export_pictures):
    voluptuous = pytest.importorskip("voluptuous")
    script = find_peer("sd-scripts", f"{name}_train_network.py")
    export_pictures("kohya")
    library = script.parent / "library"
    known = {key: getattr(voluptuous, key) for key in ("Any", "ExactSequence", "Object", "Required", "Schema")}
    known |= {"voluptuous": voluptuous, "functools": functools, "argparse": argparse}
    known |= {"Sequence": list, "Tuple": tuple, "Union": typing.Union}
    (sanitizer,) = take(library / "config_util.py", "ConfigSanitizer", **known)
    data = tomllib.loads(Path("dataset.toml").read_text())
    assert sanitizer(True, True, False, True).sanitize_user_config(data)
    (read,) = take(library / "train_util.py", "read_caption", os=os)
    extension = data["general"]["caption_extension"]
    shown = [read(f"pictures/{number}.png", extension, False) for number in range(len(CAPTIONS))]
    assert shown == [" ".join(caption.split()) for caption in CAPTIONS]
    (training,) = [path for path in Path().glob("*.toml") if script.name in path.read_text()]
    taken = find_arguments(script, script.with_name("train_network.py"), *library.glob("*.py"))
    assert tomllib.loads(training.read_text()).keys() <= taken
    assert (
        script.parent.joinpath(*tomllib.loads(training.read_text())["network_module"].split("."))
        .with_suffix(".py")
        .is_file()
    )


def test_simpletuner_reads_captions_and_takes_every_key(export_pictures, monkeypatch):
    prompts = find_peer("SimpleTuner", "simpletuner", "helpers", "prompts.py")
    export_pictures("simpletuner")
    (read,) = take(prompts, "prepare_instance_prompt_from_textfile", os=os, BaseDataBackend=None)
    files = types.SimpleNamespace(exists=os.path.exists, read=lambda path: Path(path).read_bytes())
    shown = [read(f"pictures/{number}.png", True, False, files) for number in range(len(CAPTIONS))]
    assert shown == [" ".join(caption.split()) for caption in CAPTIONS]
    fields = prompts.parents[1] / "simpletuner_sdk" / "server" / "services" / "field_registry" / "sections"
    taken = find_arguments(*fields.glob("*.py"))
    for config in Path("config").glob("*/config.json"):
        said = json.loads(config.read_text())
        assert said.keys() <= taken and Path(said["data_backend_config"]).is_file()
        family = prompts.parent / "models" / said["model_family"] / "model.py"
        (paths,) = re.findall(r"HUGGINGFACE_PATHS[^=]*= \{(.*?)\}", family.read_text(encoding="utf-8"), re.DOTALL)
        assert f'"{said["model_flavour"]}": ' in paths
    monkeypatch.syspath_prepend(str(prompts.parents[2]))
    known = pytest.importorskip("simpletuner.helpers.data_backend.config", exc_type=ImportError)
    for backend, kind in zip(
        json.loads(Path("config/multidatabackend.json").read_text()), ("Image", "TextEmbed"), strict=True
    ):
        arguments = {"model_type": "lora", "resolution": 1024, "resolution_type": "pixel_area"}
        checked = getattr(known, f"{kind}BackendConfig").from_dict(backend, arguments)
        checked.apply_defaults(arguments)
        checked.validate(arguments)


def test_diffsynth_reads_pictures_and_takes_every_argument(export_pictures, monkeypatch):
    data = find_peer("DiffSynth-Studio", "diffsynth", "core", "data", "unified_dataset.py")
    export_pictures("diffsynth")
    package = types.ModuleType("diffsynth_data")
    package.__path__ = [str(data.parent)]
    monkeypatch.setitem(sys.modules, "diffsynth_data", package)
    reader = pytest.importorskip("diffsynth_data.unified_dataset", exc_type=ImportError).UnifiedDataset
    operator = reader.default_image_operator(base_path=".", max_pixels=1024**2)
    rows = reader(".", "metadata.json", data_file_keys=("image",), main_data_operator=operator)
    assert [rows[number]["prompt"] for number in range(len(rows))] == [
        " ".join(caption.split()) for caption in CAPTIONS
    ]
    assert [rows[number]["image"].size for number in range(len(rows))] == [(64, 64), (96, 64), (128, 64)]
    parsers = data.parents[2] / "diffusion" / "parsers.py"
    for command in Path().glob("*.sh"):
        text = command.read_text()
        (script,) = re.findall(r"examples/\w+/model_training/train.py", text)
        assert (data.parents[3] / script).is_file()
        assert {*re.findall(r"--(\w+)", text)} <= find_arguments(parsers, data.parents[3] / script)
