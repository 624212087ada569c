"""Frameworks for reinforcement learning read exports, and their rewards give a right picture their best score.

GAS_PEERS names a folder with checkouts of any of yifan123/flow_grpo with yifan123/reward-server,
Tencent-Hunyuan/UniRL, X-GenGroup/Flow-Factory (needs imageio and diffusers) and verl-project/verl-omni (needs verl),
each under the name of its repository; see test_peers.py. What stands in for their detectors and language models sees a
scene as the row has it, or with a mistake in it.
"""

import importlib
import json
import logging
import os
import random
import types
from collections import defaultdict

import numpy as np
import pytest
from checkouts import find_peer, take
from generate_any_scene.builders.export.geneval import COLORS, UNSEEN, find_classes

pytestmark = pytest.mark.slow


def import_peer(monkeypatch, path, up, name):
    """A module of a checkout, of which `path` is a file that lies so many folders deep."""
    monkeypatch.syspath_prepend(str(path.parents[up]))
    return pytest.importorskip(name, exc_type=ImportError)


class Judge:
    """Answers questions about a picture as those of a prompt have it, but for some; tokens are whole words."""

    def __init__(self, vqa_list, wrong=()):
        self.answers = {question: "maybe" if question in wrong else answer for question, answer in vqa_list}
        self.words = []
        self.processor = types.SimpleNamespace(tokenizer=types.SimpleNamespace(encode=self.encode))

    def encode(self, word):
        self.words += [word] * (word not in self.words)
        return [self.words.index(word)]

    def answer(self, question, tokens):
        return float(self.encode(self.answers[question])[0] in tokens)


def list_asked(rows):
    """Rows of which GenEval 2 can ask something."""
    return [row for row in rows if any(question["answer"] == "yes" for question in row["questions"])]


# Flow-GRPO


def place_boxes(clauses, rng):
    """The centre of each class, as its place says; the others anywhere."""
    steps = {"left of": (-1, 0), "right of": (1, 0), "above": (0, -1), "below": (0, 1)}
    centres = []
    for clause in clauses:
        centre = rng.uniform(2000, 3000), rng.uniform(2000, 3000)
        if "position" in clause:
            word, target = clause["position"]
            centre = tuple(at + 600 * step for at, step in zip(centres[target], steps[word], strict=True))
        centres.append(centre)
    return centres


def detect(row, metadata, found, rng, also=True):
    """What a detector finds in a right picture, by class: boxes with colours. Of what it may find, all or nothing."""
    centres = dict(
        zip((one["class"] for one in metadata["include"]), place_boxes(metadata["include"], rng), strict=True)
    )
    boxes = defaultdict(list)
    for one in row["scene_graph"]["objects"]:
        known = found.get(one["concept"], UNSEEN)
        if not (known.surely or also):
            continue
        colors = [each["value"] for each in one["attributes"] if each["kind"] == "color"] or ["brown"]
        for class_ in known.classes:
            x, y = centres.get(class_, (9000, 9000))
            for _ in range(one["count"]):
                boxes[class_].append((np.array([x - 50, y - 50, x + 50, y + 50, 1.0]), colors[0]))
    return dict(boxes)


def test_flow_grpo_rewards_right_pictures_alone(export, taxonomy):
    trainer = find_peer("flow_grpo", "scripts", "train_sd3.py")
    known = {"Dataset": object, "os": os, "json": json}
    prompts, metadata = take(trainer, "TextPromptDataset", "GenevalPromptDataset", **known)
    known = {"np": np, "COLORS": sorted(COLORS), "POSITION_THRESHOLD": 0.1}
    known["color_classification"] = lambda image, boxes, name: [color for _, color in boxes]
    source = find_peer("reward-server", "reward_server", "gen_eval.py")
    evaluate_reward, evaluate, _ = take(source, "evaluate_reward", "evaluate", "relative_position", **known)
    folder, rows, tally = export("flow_grpo", "train", "flow")
    assert [one["prompt"] for one in map(prompts(folder).__getitem__, range(len(rows)))] == [
        row["caption"] for row in rows
    ]
    items, found, rng = metadata(folder), find_classes(taxonomy), random.Random(0)
    assert len(items) == len(rows) - tally.left_out["whole scenes in the metadata"] == tally.rewards["geneval"]
    by_caption = {row["caption"]: row for row in rows}
    for wanted in (items[number]["metadata"] for number in range(len(items))):
        row = by_caption[wanted["prompt"]]
        for also in (True, False):
            shown = detect(row, wanted, found, rng, also)
            assert evaluate_reward(None, shown, wanted)[:2] == (True, 1)
            assert evaluate(None, shown, wanted)[0]
        for spoiled in spoil(shown, wanted):
            assert evaluate_reward(None, spoiled, wanted)[1] < 1


def spoil(shown, wanted):
    """The same with one mistake each: something missing, once more, in another colour or place."""
    for clause in wanted["include"]:
        boxes = shown[clause["class"]]
        yield {**shown, clause["class"]: boxes[1:]}
        yield {**shown, clause["class"]: [*boxes, boxes[0]]}
        if "color" in clause:
            other = next(color for color in sorted(COLORS) if color != clause["color"])
            yield {**shown, clause["class"]: [(boxes[0][0], other), *boxes[1:]]}
        if "position" in clause:
            target = wanted["include"][clause["position"][1]]["class"]
            yield {**shown, clause["class"]: shown[target], target: boxes} | (
                {} if "color" not in clause else {clause["class"]: [(shown[target][0][0], clause["color"])]}
            )


# UniRL


def test_unirl_reads_prompts_and_rewards_right_pictures(export, monkeypatch):
    source = find_peer("UniRL", "unirl", "data", "datasets.py")
    data = import_peer(monkeypatch, source, 2, "unirl.data.datasets")
    scorers = import_peer(monkeypatch, source, 2, "unirl.reward.local.geneval2")
    folder, rows, _ = export("unirl", "train", "unirl")
    examples = data.TextPromptDataset(str(folder / "train.jsonl"))
    rows = {row["id"]: row for row in list_asked(rows)}
    assert [examples[number]["prompt_id"] for number in range(len(examples))] == [*rows]
    scorer = object.__new__(scorers.GenEval2RewardScorer)
    scorer._prompt_to_vqa, scorer._aggregation, scorer.prompt_source = None, "gm", "generation"
    for number in range(len(examples)):
        example = examples.get_prompt_example(number)
        metadata = example["metadata"]
        assert example["prompt"] == rows[example["prompt_id"]]["caption"]
        assert json.loads(metadata["questions"]) == rows[metadata["id"]]["questions"]
        texts = types.SimpleNamespace(texts=[example["prompt"]])
        request = types.SimpleNamespace(
            images=[None], prompts=texts.texts, generation_prompt=texts, metadata=[metadata]
        )
        for wrong in ((), [metadata["vqa_list"][0][0]]):
            judge = Judge(metadata["vqa_list"], wrong)
            scorer.processor = judge.processor
            scorer._get_answer_probability = lambda question, image, tokens, judge=judge: judge.answer(
                question, tokens
            )
            (reward,) = scorer._compute_model_rewards(request)
            assert reward == pytest.approx(1) if not wrong else reward < 0.01


def test_geneval_of_unirl_rewards_right_pictures_alone(export, taxonomy):
    source = find_peer("UniRL", "unirl-reward-service", "reward_service", "scorers", "geneval.py")
    known = {"np": np, "BaseScorer": object, "Any": object, "ScoreItem": object, "Path": object}
    known |= {"torch": pytest.importorskip("torch"), "Image": types.SimpleNamespace(Image=object)}
    geneval, _ = take(source, "GenEvalScorer", "_relative_position", **known)
    scorer = object.__new__(geneval)
    scorer.position_threshold = 0.1
    scorer._classify_colors = lambda image, boxes, name: [color for _, color in boxes]
    folder, rows, tally = export("unirl", "train", "unirl")
    lines = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    found, rng = find_classes(taxonomy), random.Random(0)
    tagged = [line for line in lines if "include" in line]
    assert len(tagged) == tally.rewards["geneval"]
    by_id = {row["id"]: row for row in rows}
    for line in tagged:
        shown = detect(by_id[line["id"]], line, found, rng)
        assert scorer._evaluate_strict(None, shown, line)[0]
        assert scorer._evaluate_reward(None, shown, line)[:2] == (True, 1)
        for spoiled in spoil(shown, line):
            assert scorer._evaluate_reward(None, spoiled, line)[1] < 1


# Flow-Factory


def load_flow_factory(monkeypatch, folder, cache):
    """Its dataset of a split as its trainers see it, and a function that gives the metadata of samples."""
    source = find_peer("Flow-Factory", "src", "flow_factory", "data_utils", "dataset.py")
    data = import_peer(monkeypatch, source, 2, "flow_factory.data_utils.dataset")
    trainers = import_peer(monkeypatch, source, 2, "flow_factory.trainers.abc")
    dataset = data.GeneralDataset(str(folder), split="train", cache_dir=str(cache), preprocess_func=count_letters)

    def read_metadata(items):
        samples = [types.SimpleNamespace(extra_kwargs={}) for _ in items]
        batch = data.GeneralDataset.collate_fn(items)
        trainers.BaseTrainer._inject_batch_metadata(samples, batch)
        return [sample.extra_kwargs["metadata"] for sample in samples]

    return source, dataset, read_metadata


def count_letters(prompt):
    return {"letters": [len(one) for one in prompt]}


def test_flow_factory_reads_prompts_and_rewards_right_pictures(export, monkeypatch, tmp_path):
    folder, rows, _ = export("flow_factory", "train", "flow_factory")
    source, dataset, read_metadata = load_flow_factory(monkeypatch, folder, tmp_path / "cache")
    tifa = import_peer(monkeypatch, source, 2, "flow_factory.rewards.geneval2_soft_tifa")
    rows = list_asked(rows)
    items = [dataset[number] for number in range(len(dataset))]
    assert [item["prompt"] for item in items] == [row["caption"] for row in rows]
    model = object.__new__(tifa.GenEval2SoftTIFARewardModel)
    model._prompt_to_vqa, model._aggregation = None, "am"
    for row, item, metadata in zip(rows, items, read_metadata(items), strict=True):
        assert json.loads(json.loads(metadata)["questions"]) == row["questions"]
        asked = json.loads(json.loads(metadata)["vqa_list"])
        for wrong in ((), [asked[0][0]]):
            judge = Judge(asked, wrong)
            model._answer_probability = lambda text, image, words, judge=judge: judge.answer(
                text.removesuffix(" Answer in one word."), [judge.encode(word)[0] for word in words]
            )
            (reward,) = model(prompt=[item["prompt"]], image=[None], metadata=[metadata]).rewards.tolist()
            share = sum(question in wrong for question, _ in asked) / len(asked)
            assert reward == pytest.approx(1 - share)


def test_geneval_of_flow_factory_rewards_right_pictures_alone(export, monkeypatch, taxonomy, tmp_path):
    folder, rows, tally = export("flow_factory", "train", "flow_factory")
    source, dataset, read_metadata = load_flow_factory(monkeypatch, folder, tmp_path / "cache")
    geneval = import_peer(monkeypatch, source, 2, "flow_factory.rewards.geneval")
    names = geneval._load_object_names(str(find_peer("Flow-Factory", "dataset", "geneval", "object_names.txt")))
    model = object.__new__(geneval.GenEvalRewardModel)
    model._object_names, model._name_to_idx = names, {name: number for number, name in enumerate(names)}
    model._counting_threshold, model._max_objects = 0.9, 16
    found, rng, by_id = find_classes(taxonomy), random.Random(0), {row["id"]: row for row in rows}
    items = [dataset[number] for number in range(len(dataset))]
    tagged = 0
    for item, metadata in zip(items, read_metadata(items), strict=True):
        wanted = json.loads(metadata)
        wanted |= {key: json.loads(wanted[key]) for key in ("include", "exclude")}
        if not wanted["include"]:
            continue
        tagged += 1
        shown = detect(by_id[wanted["id"]], wanted, found, rng)

        def score(shown, prompt=item["prompt"], metadata=metadata):
            boxes = [(names.index(name), box, color) for name, some in shown.items() for box, color in some]
            colors = {tuple(box[:4]): color for _, box, color in boxes}
            model._detect_objects = lambda image: (
                np.array([box[:4] for _, box, _ in boxes]).reshape(-1, 4),
                np.array([label for label, _, _ in boxes]),
                np.array([box[4] for _, box, _ in boxes]),
            )
            model._classify_color = lambda image, box, name: colors[tuple(box)]
            return model(prompt=[prompt], image=[None], metadata=[metadata]).rewards[0]

        assert score(shown) == 1
        assert score({name: [] for name in shown}) < 1
    assert tagged == tally.rewards["geneval"]


# VeRL-Omni


def score_questions(extra_info, solution_image):
    """A reward of one's own, as VeRL-Omni's configs name them by file and function: the share of right answers."""
    asked = extra_info["vqa_list"]
    return sum(SHOWN[extra_info["id"]].get(question) == answer for question, answer in asked) / len(asked)


def score_ground_truth(ground_truth, extra_info, solution_image):
    return {"score": float(CAPTIONS[extra_info["id"]] == ground_truth), "letters": len(ground_truth)}


SHOWN, CAPTIONS = {}, {}


def test_verl_omni_reads_rows_and_hands_them_to_rewards(export, monkeypatch):
    omni = find_peer("verl-omni", "verl_omni", "utils", "dataset", "rl_dataset.py")
    upstream = pytest.importorskip("verl.utils.dataset.rl_dataset")
    base = pytest.importorskip("verl.experimental.reward_loop.reward_manager.base").RewardManagerBase
    protocol, config = importlib.import_module("verl").DataProto, importlib.import_module("omegaconf").OmegaConf
    torch = importlib.import_module("torch")
    known = {"_UpstreamRLHFDataset": upstream.RLHFDataset, "DictConfig": dict}
    (reader,) = take(omni, "RLHFDataset", **known)
    folder, rows, tally = export("verl_omni", "train", "verl_omni")
    settings = {"filter_overlong_prompts": False}
    data = reader([str(folder / "train.parquet")], tokenizer=None, config=config.create(settings), processor=None)
    rows = list_asked(rows)
    assert len(data) == len(rows) == tally.scenes
    batch = upstream.collate_fn([data[number] for number in range(len(data))])
    assert [one[0]["content"] for one in batch["raw_prompt"]] == [row["caption"] for row in rows]
    assert {one[0]["content"] for one in batch["raw_negative_prompt"]} == {" "}
    assert [*batch["index"]] == [*range(len(rows))]
    managers = omni.parents[2] / "reward_loop" / "reward_manager"
    known = {
        "RewardManagerBase": base,
        "DataProto": protocol,
        "torch": torch,
        "inspect": importlib.import_module("inspect"),
    }
    known |= {"_upstream_default_compute_score": None, "default_compute_score_image": None}
    manager, check = take(managers / "visual.py", "VisualRewardManager", "_validate_visual_response", **known)
    known |= {"VisualRewardManager": manager, "_validate_visual_response": check}
    known |= {"load_extern_object": lambda path, name: globals()[name], "logger": logging}
    known["_multi_reward_placeholder"] = None
    both, _ = take(managers / "multi.py", "MultiVisualRewardManager", "_filter_kwargs", **known)
    functions = {
        name: {"path": "here", "name": f"score_{name}", "required": True} for name in ("questions", "ground_truth")
    }
    rollout = {"pipeline": {"output_type": "image"}, "val_kwargs": {"pipeline": {}}}
    settings = {"reward": {"reward_functions": functions}, "actor_rollout_ref": {"rollout": rollout}}
    rewards = both(config.create(settings), None, None)
    pictures = protocol.from_single_dict({**batch, "responses": torch.zeros(len(rows), 3, 8, 8, dtype=torch.uint8)})
    for number, row in enumerate(rows):
        extra = batch["extra_info"][number]
        assert (extra["id"], json.loads(extra["questions"])) == (row["id"], row["questions"])
        assert batch["reward_model"][number]["ground_truth"] == CAPTIONS.setdefault(row["id"], row["caption"])
        SHOWN[row["id"]] = dict(map(tuple, extra["vqa_list"]))
        result = rewards.loop.run_until_complete(rewards.run_single(pictures[number : number + 1]))
        assert result["reward_score"] == 2
        SHOWN[row["id"]].popitem()
        result = rewards.loop.run_until_complete(rewards.run_single(pictures[number : number + 1]))
        assert result["reward_score"] < 2
    tagged = [json.loads(one["geneval"]) for one in batch["extra_info"] if one["geneval"]]
    assert len(tagged) == tally.rewards["geneval"] and all(one["include"] for one in tagged)
