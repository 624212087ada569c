"""Layouts of an export: trainers find in the files what they expect."""

import json
from collections import Counter

import networkx
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from generate_any_scene.builders.export.export import export_split
from generate_any_scene.builders.export.formats import list_formats, load_format
from generate_any_scene.builders.export.formats.flow_grpo import (
    convert_line,
)
from generate_any_scene.builders.export.formats.gas import (
    convert_gas,
)
from generate_any_scene.builders.export.formats.prompts import (
    convert_prompt,
)
from generate_any_scene.builders.export.formats.simplear import (
    convert_simplear,
)
from generate_any_scene.builders.export.formats.t2i_r1 import (
    convert_t2i_r1,
)
from generate_any_scene.builders.export.formats.trl import (
    convert_trl,
)
from generate_any_scene.builders.export.geneval import CLASSES, COLORS, UNSEEN, Found, convert_geneval, find_classes
from generate_any_scene.builders.export.layout import Tally
from generate_any_scene.builders.export.rewards import Rewarding
from generate_any_scene.builders.folder.reading import find_split
from generate_any_scene.builders.recipe.networkx_graphs import to_networkx
from generate_any_scene.training.judges.marking import choose_questions


@pytest.fixture(scope="module", params=["multi_object", "video", "dogs"])
def exported(request, built_with_dogs, tmp_path_factory):
    """Writes a split; gives the file or folder and the rows that it was made of."""
    source = find_split(built_with_dogs, request.param, "test")
    rows = pq.read_table([*source.files]).to_pylist()
    folder = tmp_path_factory.mktemp("exported")

    def export(format_, name=None):
        out = folder / (name or format_)
        if not out.exists():
            export_split(source, format_, out)
        return out, rows

    return export


def make_object(name, concept=None, **attributes):
    pairs = [{"kind": kind, "value": value} for kind, value in attributes.items()]
    return {"name": name, "concept": concept or f"{name.replace(' ', '_')}.n.01", "attributes": pairs}


def make_row(*objects, relations=(), scene=(), questions=()):
    keys = ("subject", "predicate", "category", "object")
    return {
        "id": "mine/test/000000007",
        "caption": "Caf\u00e9\nscene.",
        "scene_graph": {
            "objects": list(objects),
            "relations": [dict(zip(keys, relation, strict=True)) for relation in relations],
        },
        "scene_attributes": [{"kind": kind, "value": value} for kind, value in scene],
        "questions": list(questions),
        "structure": {"complexity": 4},
    }


DOG, CAT, CAR = make_object("dog", color="red"), make_object("cat"), make_object("car", color="scarlet")
SCENE = [("weather", "rain"), ("artist", "Hokusai"), ("weather", "fog")]

# Prompts


def test_prompts_and_simplear():
    assert convert_prompt(make_row(DOG), Tally()) == [{"id": "mine/test/000000007", "prompt": "Caf\u00e9\nscene."}]
    (item,) = convert_simplear(make_row(DOG), Tally())
    assert item == {"caption": "a scene: Caf\u00e9\nscene.", "image_path": ""}
    assert convert_simplear({"caption": "a red dog, at dusk"}, Tally())[0]["caption"] == "a red dog, at dusk"
    assert convert_line(make_row(DOG), Tally(), Rewarding({}, ())) == ["Caf\u00e9 scene."]


def test_simplear_reads_every_prompt(exported):
    """As GRPOT2IDataset in t2i_data.py does."""
    path, rows = exported("simplear")
    with path.open() as file:
        items = json.load(file)
    prompts = ["<|t2i|>" + "A photo of " + item["caption"] + "<|soi|>" for item in items]
    assert prompts == [f"<|t2i|>A photo of a scene: {row['caption']}<|soi|>" for row in rows]
    assert {item["image_path"] for item in items} == {""}


# TRL


def test_trl_rows():
    asked = {"question": "Is it?", "answer": "yes", "choices": [], "depends_on": [], "form": "yes_no"}
    chosen = {"question": "Which?", "answer": "b", "choices": ["a", "b"], "depends_on": [0], "form": "open"}
    chosen["aliases"] = ["bee"]
    row, tally = make_row(DOG, questions=[asked, chosen]), Tally()
    (record,) = convert_trl(row, tally)
    assert list(record) == ["id", "prompt", "questions", "complexity"]
    assert record["complexity"] == row["structure"]["complexity"]
    assert (record["id"], record["prompt"]) == ("mine/test/000000007", "Caf\u00e9\nscene.")
    assert json.loads(record["questions"]) == [asked, chosen]
    assert convert_trl(row, tally, chat=True) == [
        {**record, "prompt": [{"role": "user", "content": "Caf\u00e9\nscene."}]}
    ]
    assert tally.questions == 4


def test_trl_has_questions_of_any_kind(built):
    asked = {"question": "Is it?", "answer": "yes", "choices": [], "depends_on": [], "form": "yes_no", "kind": "story"}
    tally, layout = Tally(), load_format("trl")(find_split(built, "video", "test").recipe)
    (record,) = layout.convert_known(make_row(DOG, questions=[asked]), tally)
    assert (json.loads(record["questions"]), tally.questions, +tally.left_out) == ([asked], 1, {})


@pytest.mark.parametrize("format_", ["trl", "trl_chat"])
def test_trl_gives_rewards_the_questions(format_, exported):
    """As GRPOTrainer does: every column but the prompt is an argument of rewards, a list with an item a prompt."""
    path, rows = exported(format_, f"{format_}.jsonl")
    data = load_dataset("json", data_files=str(path), split="train")
    arguments = {key: [row[key] for row in data] for key in data.column_names if key not in ("prompt", "completion")}

    def reward(questions, **others):
        assert list(others) == ["id", "complexity"]
        return [choose_questions(text, None) for text in questions]

    for row, prompt, asked in zip(rows, data["prompt"], reward(**arguments), strict=True):
        assert prompt == (row["caption"] if format_ == "trl" else [{"role": "user", "content": row["caption"]}])
        assert asked == row["questions"]


# Flow-GRPO


def read_geneval(path):
    """As GenevalPromptDataset in train_sd3.py does."""
    with path.open(encoding="utf-8") as file:
        metadatas = [json.loads(line) for line in file]
    return [item["prompt"] for item in metadatas], metadatas


def score_geneval(metadata, objects):
    """As `evaluate_reward` in gen_eval.py does, of (class, colours, place on a line) instead of boxes in a picture."""
    rewards, groups = [], []
    for wanted in metadata.get("include", []):
        found = [one for one in objects if one[0] == wanted["class"]]
        rewards.append(1 - abs(wanted["count"] - len(found)) / wanted["count"])
        matched = len(found) == wanted["count"]
        if matched and "color" in wanted:
            rewards.append(sum(wanted["color"] in one[1] for one in found) / wanted["count"])
        if matched and "position" in wanted:
            word, target = wanted["position"]
            assert groups[target] is not None
            for one in found:
                for other in groups[target]:
                    rewards.append(float(word in ("left of", "above") if one[2] < other[2] else word == "right of"))
        groups.append(found if matched else None)
    return sum(rewards) / len(rewards)


def test_flow_grpo_reads_both_files(exported):
    folder, rows = exported("flow_grpo")
    with (folder / "test.txt").open() as file:  # as TextPromptDataset does
        assert [line.strip() for line in file.readlines()] == [row["caption"] for row in rows]
    prompts, metadatas = read_geneval(folder / "test_metadata.jsonl")
    captions = iter([row["caption"] for row in rows])
    assert all(prompt in captions for prompt in prompts)  # some of them, in their order
    for metadata in metadatas:
        keys = ["tag", "include", *(["exclude"] if metadata["tag"] == "counting" else []), "prompt", "id"]
        assert list(metadata) == [*keys, "vqa_list", "skills", "atom_count", "text", "questions"]
        assert {one["class"] for one in metadata["include"]} <= set(CLASSES.values())
        assert {one.get("color", "red") for one in metadata["include"]} <= COLORS
        for place, one in enumerate(metadata["include"]):
            assert "position" not in one or one["position"][1] < place


def test_a_picture_of_the_scene_gets_the_full_reward(exported, taxonomy):
    folder, rows = exported("flow_grpo")
    found, by_caption = find_classes(taxonomy), {row["caption"]: row for row in rows}
    for prompt, metadata in zip(*read_geneval(folder / "test_metadata.jsonl"), strict=True):
        shown = [
            (
                "".join(found.get(one["concept"], UNSEEN).classes),
                [a["value"] for a in one["attributes"] if a["kind"] == "color"],
                0,
            )
            for one in by_caption[prompt]["scene_graph"]["objects"]
            if found.get(one["concept"], UNSEEN).surely
            for _ in range(one["count"])
        ]
        without = {**metadata, "include": [{**one, "position": None} for one in metadata["include"]]}
        for one in without["include"]:
            del one["position"]
        assert score_geneval(without, shown) == 1
        assert score_geneval(without, shown[:1] * 2) < 1 or len(metadata["include"]) == 1


def test_dogs_of_all_breeds_are_dogs(taxonomy):
    found = find_classes(taxonomy)
    assert set(CLASSES) <= {*taxonomy.objects["id"].to_pylist()}
    assert len(set(CLASSES.values())) == 80
    for concept, class_ in {
        **{"beagle.n.01": "dog", "nurse.n.01": "person", "hotdog.n.02": "hot dog", "armchair.n.01": "chair"},
        **{"cab.n.03": "car", "hamburger.n.01": "sandwich", "basketball.n.02": "sports ball", "dog.n.01": "dog"},
    }.items():
        assert found.get(concept) == Found(frozenset([class_]), surely=True), concept
    assert not {"shoe.n.01", "hot_dog.n.01"} & set(found)


def test_what_the_detector_may_find_or_not(taxonomy):
    found = find_classes(taxonomy)
    for concept, some in {
        **{"hammock.n.02": {"bed"}, "cookie.n.01": {"cake"}, "lynx.n.02": {"cat"}, "okapi.n.01": {"giraffe"}},
        **{"cattle.n.01": {"cow"}, "scissors.n.01": {"scissors"}, "broccoli.n.02": {"broccoli"}},
        **{"canine.n.02": {"dog"}, "cutlery.n.02": {"fork", "spoon"}, "orchestra.n.01": {*CLASSES.values()}},
    }.items():
        assert concept in found and not found[concept].surely, concept
        assert found[concept].classes >= some, concept


def test_all_that_is_not_counted_is_found_in_no_sure_number(taxonomy):
    found = find_classes(taxonomy)
    for concept, article in zip(*(taxonomy.objects[name].to_pylist() for name in ("id", "article")), strict=True):
        assert article != "some" or not found.get(concept, UNSEEN).surely


KNOWN = {f"{name}.n.01": Found(frozenset([name]), surely=True) for name in ("dog", "cat", "car")}
KNOWN |= {"poodle.n.01": KNOWN["dog.n.01"], "herd.n.01": Found(frozenset(["dog", "cat", "car"]), surely=False)}
KNOWN["canine.n.01"] = Found(frozenset(["dog"]), surely=False)


def convert(*objects, **parts):
    tally = Tally()
    records = convert_geneval(make_row(*objects, **parts), tally, KNOWN)
    return (records[0] if records else None), +tally.left_out


def test_geneval_says_what_its_checker_knows():
    poodle = make_object("poodle")
    record, left = convert(DOG, CAT, make_object("zeppelin", color="red"), relations=[(0, "above", "spatial", 1)])
    assert record == {
        "tag": "position",
        "include": [
            {"class": "dog", "count": 1, "color": "red"},
            {"class": "cat", "count": 1, "position": ["below", 0]},
        ],
        "prompt": "Caf\u00e9\nscene.",
    }
    assert left == {"objects of no class of the detector": 1, "attributes": 1}
    record, left = convert(DOG, poodle, relations=[(0, "above", "spatial", 1)], scene=SCENE)
    assert (record["tag"], record["include"]) == ("counting", [{"class": "dog", "count": 2}])
    assert record["exclude"] == [{"class": "dog", "count": 3}]
    assert left == {"attributes": 1, "relations": 1, "scene attributes": 3}
    assert convert(DOG, DOG)[0]["include"] == [{"class": "dog", "count": 2, "color": "red"}]
    assert convert(CAR) == (
        {"tag": "single_object", "include": [{"class": "car", "count": 1}], "prompt": "Caf\u00e9\nscene."},
        {"attributes": 1},
    )


def test_a_picture_with_objects_in_their_places_gets_the_full_reward():
    record, _ = convert(DOG, CAT, CAR, relations=[(1, "far to the left of", "spatial", 0), (2, "above", "spatial", 1)])
    assert [one.get("position") for one in record["include"]] == [None, ["left of", 0], ["above", 1]]
    shown = [("dog", ["red"], 3), ("cat", [], 2), ("car", [], 1)]
    assert score_geneval(record, shown) == 1
    assert score_geneval(record, [("dog", ["red"], 1), *shown[1:]]) < 1


def test_geneval_leaves_out_what_cannot_be_checked():
    assert convert(make_object("zeppelin")) == (
        None,
        {"objects of no class of the detector": 1, "whole scenes in the metadata": 1},
    )
    assert convert(DOG, make_object("herd"), relations=[(0, "above", "spatial", 1)])[0] is None
    record, left = convert(DOG, CAT, make_object("canine"), relations=[(0, "above", "spatial", 1)])
    assert record["include"] == [{"class": "cat", "count": 1}]
    assert left == {"objects that the detector may count or not": 2, "attributes": 1, "relations": 1}
    for relation in ("almost to the left of", "chasing", "not quite above", "next to"):
        record, left = convert(DOG, CAT, relations=[(0, relation, "spatial", 1)])
        assert (record["tag"], left) == ("color_attr", {"relations": 1})
    assert convert(DOG, CAT, relations=[(0, "looking down on what is below", "social", 1)])[1] == {"relations": 1}
    both = [(0, "to the left of", "spatial", 1), (1, "below", "spatial", 0)]
    assert convert(DOG, CAT, relations=both)[1] == {"relations": 1}


# T2I-R1


def make_detection_prompt(nouns):
    """As in open_r1/grpo.py; and what the detector's answer calls each noun, as in reward_gdino.py."""
    spans, pointer = [], 0
    for noun in nouns:
        words = noun.strip().split(" ")
        if len(words) == 1:
            spans.append([[pointer, pointer + len(noun)]])
        else:
            end = pointer + len(noun)
            spans.append([[pointer, pointer + len(words[0])], [end - len(words[-1]), end]])
        pointer += len(noun) + 3
    text = " . ".join(nouns) + "."
    return text, [" ".join(text[start:end] for start, end in span) for span in spans]


def test_t2i_r1_reads_every_row(exported):
    path, rows = exported("t2i_r1", "t2i_r1.json")
    data = load_dataset("json", data_files=str(path))["train"]
    assert data.column_names == ["prompt", "task_type", "nouns", "attr_nouns", "spatial_info", "numeracy_info"]
    by_caption = {row["caption"]: row for row in rows}
    for row in data:
        assert make_detection_prompt(row["nouns"])[1] == row["nouns"]
        objects = by_caption[row["prompt"]]["scene_graph"]["objects"]
        names = Counter(one["name"] for one in objects for _ in range(one["count"]))
        if row["task_type"] == "numeracy":
            assert {one["obj_name"]: one["num"] for one in row["numeracy_info"]}.items() <= names.items()
            assert max(one["num"] for one in row["numeracy_info"]) > 1
        elif row["task_type"] == "spatial":
            assert {row["spatial_info"]["obj1"], row["spatial_info"]["obj2"]} <= set(row["nouns"])
        elif any(one["attributes"] for one in objects):
            assert len(row["attr_nouns"]) == len(objects)
            assert all(one["name"] in noun for one, noun in zip(objects, row["attr_nouns"], strict=True))


NOWHERE, NOTHING = {"obj1": "", "obj2": "", "locality": ""}, [{"obj_name": "", "num": 0}]
WORDS = {("color", "red"): ("red", True), ("state", "snow"): ("covered in snow", False)}


def test_an_object_may_stand_for_several():
    dogs, red = {**DOG, "count": 3}, {"class": "dog", "count": 3, "color": "red"}
    record, _ = convert(dogs, CAT, relations=[(0, "above", "spatial", 1)])
    assert record["include"] == [red, {"class": "cat", "count": 1}] and record["tag"] == "counting"
    assert record["exclude"] == [{"class": "dog", "count": 4}]
    assert convert(dogs, make_object("poodle"))[0]["include"] == [{"class": "dog", "count": 4}]
    assert convert_t2i(dogs, CAT)[0]["numeracy_info"] == [{"obj_name": "dog", "num": 3}, {"obj_name": "cat", "num": 1}]
    ((_, scene),) = convert_gas(make_row(dogs, CAT), Tally())
    assert [node[1].get("count") for node in scene["scene_graph"]["nodes"][:2]] == [3, None]


def convert_t2i(*objects, **parts):
    tally = Tally()
    records = convert_t2i_r1(make_row(*objects, **parts), tally, WORDS, {"rice.n.01"})
    return (records[0] if records else None), +tally.left_out


def test_t2i_r1_checks_one_thing_of_a_scene():
    above = [(1, "just above", "spatial", 0)]
    record, left = convert_t2i(DOG, CAT, CAT, relations=above, scene=SCENE)
    assert record == {
        "prompt": "Caf\u00e9\nscene.",
        "task_type": "numeracy",
        "nouns": ["dog", "cat"],
        "attr_nouns": ["dog", "cat"],
        "spatial_info": NOWHERE,
        "numeracy_info": [{"obj_name": "dog", "num": 1}, {"obj_name": "cat", "num": 2}],
    }
    assert left == {"attributes": 1, "relations": 1, "scene attributes": 3}
    record, left = convert_t2i(DOG, CAT, relations=above)
    assert (record["task_type"], record["attr_nouns"], left) == ("color", ["red dog", "cat"], {"relations": 1})
    snowy = make_object("tea table", color="red", state="snow")
    record, left = convert_t2i(snowy)
    assert (record["task_type"], record["attr_nouns"], left) == ("complex", ["red tea table covered in snow"], {})
    tree = make_object("tree")
    record, left = convert_t2i(tree, CAT, relations=[(0, "chasing", "social", 1), *above])
    assert record["spatial_info"] == {"obj1": "cat", "obj2": "tree", "locality": "on the top of"}
    assert (record["task_type"], left) == ("spatial", {"relations": 1})
    left = {"whole scenes of which it checks no more than that all objects are there": 1, "relations": 1}
    assert convert_t2i(tree, CAT, relations=[(0, "chasing", "social", 1)]) == (None, left)
    assert convert_t2i(tree, CAT)[0] == {
        "prompt": "Caf\u00e9\nscene.",
        "task_type": "complex",
        "nouns": ["tree", "cat"],
        "attr_nouns": ["tree", "cat"],
        "spatial_info": NOWHERE,
        "numeracy_info": NOTHING,
    }


def test_t2i_r1_counts_no_rice():
    rice = make_object("rice")
    record, _ = convert_t2i(rice, CAT, CAT)
    assert (record["nouns"], record["numeracy_info"]) == (["rice", "cat"], [{"obj_name": "cat", "num": 2}])
    assert convert_t2i(rice, rice, CAT)[0]["task_type"] == "complex"


def test_t2i_r1_loads_when_a_task_comes_late(tmp_path):
    """`datasets` takes the types of JSON from its first ten megabytes."""
    records = [convert_t2i(*objects)[0] for objects in ([CAT], [DOG], [DOG, CAT, CAT])]
    records.append(convert_t2i(make_object("tree"), CAT, relations=[(1, "above", "spatial", 0)])[0])
    lines = [f"{json.dumps(records[0])}\n" * 60_000, *(f"{json.dumps(record)}\n" for record in records)]
    path = tmp_path / "t2i_r1.json"
    path.write_text("".join(lines))
    data = load_dataset("json", data_files=str(path), split="train")
    assert data[60_000:]["task_type"] == ["complex", "color", "numeracy", "spatial"]
    assert data[-1] == records[-1]


def test_t2i_r1_finds_no_noun_of_three_words():
    balloon = make_object("hot air balloon", color="red")
    record, left = convert_t2i(balloon, CAT)
    assert (record["nouns"], record["attr_nouns"]) == (["cat"], ["red hot air balloon", "cat"])
    assert left == {"objects with names of three words or more": 1}
    assert convert_t2i(balloon, relations=[])[0] is None


# The paper's scripts


def read_sg(scene):
    """As `convert_json_to_sg` in prompt_generator.py does."""
    graph = networkx.DiGraph()
    graph.add_nodes_from(scene["scene_graph"]["nodes"])
    graph.add_edges_from(scene["scene_graph"]["edges"])
    return graph


def ask_dsg(graph):
    """The questions of text2image_metric.py with what they depend on."""
    asked = {}
    for node, data in graph.nodes(data=True):
        if data["type"] == "object_node":
            asked[f"Is there a {data['value']}?"] = []
            for other in graph.neighbors(node):
                if graph.nodes[other]["type"] == "attribute_node":
                    asked[f"Is the {data['value']} {graph.nodes[other]['value']}?"] = [node]
    for one, other, data in graph.edges(data=True):
        if data["type"] == "relation_edge":
            ends = [graph.nodes[end]["value"] for end in (one, other)]
            asked[f"Is the {ends[0]} {data['value']} the {ends[1]}?"] = [one, other]
    return asked


def make_row_again(scene):
    graph = read_sg(scene)
    objects, relations, number = [], [], {}
    for node, data in graph.nodes(data=True):
        if data["type"] == "object_node":
            number[node] = len(objects)
            held = [graph.nodes[other] for other in graph[node] if graph.nodes[other]["type"] == "attribute_node"]
            pairs = [{"kind": one["value_type"], "value": one["value"]} for one in held]
            words = {"name": data["value"], "concept": data["concept"]}
            objects.append({**words, "attributes": pairs, "count": data.get("count", 1)})
    for one, other, data in graph.edges(data=True):
        if data["type"] == "relation_edge":
            words = {"predicate": data["value"], "category": data["value_type"]}
            relations.append({"subject": number[one], "object": number[other], **words})
    settings = [{"kind": kind, "value": value} for kind, value in scene["scene_attributes"].items()]
    return {"scene_graph": {"objects": objects, "relations": relations}, "scene_attributes": settings}


def test_gas_scenes_come_back(exported):
    path, rows = exported("gas")
    scenes = json.loads(path.read_text(encoding="ascii"))
    assert list(scenes) == [str(number) for number in range(len(rows))]
    for scene, row in zip(scenes.values(), rows, strict=True):
        assert list(scene) == ["prompt", "scene_attributes", "scene_graph"]
        assert scene["prompt"] == row["caption"]
        again = make_row_again(scene)
        assert again["scene_graph"]["objects"] == row["scene_graph"]["objects"]
        graphs = to_networkx(again), to_networkx(row)
        assert networkx.utils.graphs_equal(*graphs)
        assert graphs[0].graph == graphs[1].graph
        parts = row["structure"]
        assert len(ask_dsg(read_sg(scene))) <= parts["complexity"]
        assert read_sg(scene).number_of_nodes() == parts["objects"] + parts["attributes"]


def test_gas_nodes_are_called_as_the_papers():
    row, tally = make_row(DOG, CAT, relations=[(1, "chasing", "social", 0)], scene=SCENE), Tally(scenes=3)
    ((key, scene),) = convert_gas(row, tally)
    assert (key, scene["scene_attributes"]) == ("3", {"weather": "rain", "artist": "Hokusai"})
    assert scene["scene_graph"] == {
        "nodes": [
            ["object_1", {"type": "object_node", "value": "dog", "concept": "dog.n.01"}],
            ["object_2", {"type": "object_node", "value": "cat", "concept": "cat.n.01"}],
            ["attribute|1|1", {"type": "attribute_node", "value_type": "color", "value": "red"}],
        ],
        "edges": [
            ["object_2", "object_1", {"type": "relation_edge", "value_type": "social", "value": "chasing"}],
            ["object_1", "attribute|1|1", {"type": "attribute_edge"}],
        ],
    }
    assert +tally.left_out == {"scene attributes of a kind that is there already": 1}
    assert ask_dsg(read_sg(scene)) == {
        "Is there a dog?": [],
        "Is the dog red?": ["object_1"],
        "Is there a cat?": [],
        "Is the cat chasing the dog?": ["object_2", "object_1"],
    }


def test_all_formats_are_tested(exported):
    for format_ in list_formats():
        assert exported(format_, None if format_ not in ("trl", "trl_chat", "t2i_r1") else f"{format_}.json")[
            0
        ].exists()
