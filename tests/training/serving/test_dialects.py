"""What the clients of trainers get: scores of pictures, and errors where there are none."""

import base64
import json
import pickle

import generate_any_scene as gas
import numpy as np
import pytest
from generate_any_scene.builders.recipe.questions import QUESTION_KINDS
from generate_any_scene.training.serving.dialects import list_dialects
from PIL import Image
from reward_clients import draw, encode, save


def paint(picture, color):
    """The picture with all of its shapes in another color."""
    array = np.asarray(picture).copy()
    array[(array != 255).any(axis=2)] = color
    return Image.fromarray(array)


def expect(picture, row, **options):
    """What the reward function gives."""
    reward = gas.rewards.answers("sandbox", read_words=0, **options)
    return reward.images([picture], [row])[0], reward.kinds[0]


ASK = ("ask_unirl", "ask_flow_factory", "ask_pickled")


def read_scores(name, answer):
    if name == "ask_unirl":
        return [one["gas"]["score"] for one in answer["results"]]
    return answer["rewards" if name == "ask_flow_factory" else "scores"]


@pytest.mark.parametrize("name", ASK)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_in_which_all_is_right_scores_1(name, kind, exact, rows, show):
    pairs = [(row["caption"], show(row, kind)) for row in rows[:8]]
    status, answer = getattr(exact, name)(*pairs)
    assert status == 200
    assert read_scores(name, answer) == pytest.approx([1.0] * 8)


@pytest.mark.parametrize("name", ASK)
def test_planted_errors_score_what_the_reward_gives(name, exact, rows):
    red = [paint(draw(row), (220, 30, 40)) for row in rows[:12]]
    other = [draw(rows[place + 1]) for place in range(12)]
    for pictures in (red, other):
        expected = [expect(picture, row)[0] for picture, row in zip(pictures, rows, strict=False)]
        assert min(expected) < 1
        pairs = [(row["caption"], save(picture)) for row, picture in zip(rows, pictures, strict=False)]
        assert read_scores(name, getattr(exact, name)(*pairs)[1]) == pytest.approx(expected)


@pytest.mark.parametrize("options", [["by=words"], ["dependencies=false"], ["mean=questions"]])
def test_settings_are_those_of_the_reward(options, serve, rows):
    running = serve(None, *options)
    key, _, value = options[0].partition("=")
    given = {key: {"false": False}.get(value, value)}
    pictures = [draw(rows[place + 1]) for place in range(10)]
    expected = [expect(picture, row, **given)[0] for picture, row in zip(pictures, rows, strict=False)]
    pairs = [(row["caption"], save(picture)) for row, picture in zip(rows, pictures, strict=False)]
    assert running.ask_flow_factory(*pairs)[1]["rewards"] == pytest.approx(expected)


@pytest.mark.parametrize("name", ASK)
def test_an_unknown_prompt_is_an_error_and_no_zero(name, exact, rows, show):
    status, answer = getattr(exact, name)((rows[0]["caption"], show(rows[0])), ("a dragon", show(rows[0])))
    if name == "ask_unirl":
        assert answer["results"][0]["gas"]["score"] == pytest.approx(1)
        assert (answer["results"][1], answer["errors"][0]) == ({}, {})
        error = answer["errors"][1]["gas"]
    else:
        assert set(answer) == {"error"}
        error = answer["error"]
    assert "no row has the prompt `a dragon`" in error
    assert status == {"ask_unirl": 200, "ask_flow_factory": 200, "ask_pickled": 404}[name]


def test_unirl_gets_the_parts_by_kind(exact, rows):
    row = next(row for row in rows if {one["kind"] for one in row["questions"]} >= {"object", "attribute", "count"})
    red = paint(draw(row), (220, 30, 40))
    _, kinds = expect(red, row)
    _, answer = exact.ask_unirl((row["caption"], save(red)), rewards=["gas", "gas_object", "gas_scene"])
    found = answer["results"][0]
    assert next(iter(found["gas"])) == "score"  # which UniRL takes as the value
    assert {kind: value for kind, value in found["gas"].items() if kind != "score"} == pytest.approx(kinds)
    assert found["gas_object"] == {"score": pytest.approx(kinds["object"])}
    assert answer["errors"] == [{"gas_scene": "the prompt has no questions of the kind scene"}]
    assert json.loads(exact.get("/rewards"))["rewards"] == ["gas", *(f"gas_{kind}" for kind in QUESTION_KINDS)]


def test_unirl_sees_what_it_looks_for_in_health(exact):
    health = json.loads(exact.get("/health"))
    assert health["status"] == "ok"
    assert "gas" in health["rewards"]
    assert health["judges"] == ["sandbox"]


def test_of_an_edit_the_last_picture_is_scored(exact, rows, show):
    turns = [
        {"text": rows[0]["caption"], "image_b64": encode(show(rows[1]))},
        {"text": rows[0]["caption"], "image_b64": encode(show(rows[0]))},
    ]
    body = {"requests": [{"history": turns, "required_rewards": ["gas"], "metadata": {"id": rows[0]["id"]}}]}
    _, answer = exact.post("/score", json.dumps(body).encode())
    assert json.loads(answer)["results"][0]["gas"]["score"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ({"required_rewards": ["gaz"]}, 400, "did you mean `gas`?"),
        ({"required_rewards": []}, 400, "it asks for no reward"),
        ({"history": []}, 400, "history must not be empty"),
        ({"history": [{"text": "x", "video_path": "/etc/passwd"}]}, 400, "it has no image_b64"),
        ({"history": [{"text": "x", "image_b64": "%%%"}]}, 400, "is no base64"),
        ({"history": "x"}, 422, "requests.0.history: Input should be a valid array"),
    ],
)
def test_unirl_learns_what_is_wrong(change, status, told, exact):
    one = {"history": [{"text": "x", "image_b64": "abcd"}], "required_rewards": ["gas"], **change}
    found, answer = exact.post("/score", json.dumps({"requests": [one]}).encode())
    assert found == status
    assert told in json.loads(answer)["detail"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "the body is no such request"),
        (b"{", "the body is no such request"),
        (b'{"prompt": ["a"]}', "`image` or `video`"),
        (b'{"prompt": ["a"], "image": []}', "1 prompts, but 0 pictures"),
        (b'{"prompt": "a", "image": []}', "prompt: Input should be a valid array"),
        (b'{"prompt": ["a"], "video": [[]]}', "a video has 0 frames"),
        (b'{"prompt": ["a"], "image": ["YWJj"]}', "is no picture, but 3 bytes"),
        (b"[" * 100_000, "the body is no such request"),
    ],
)
def test_flow_factory_learns_what_is_wrong(body, told, exact):
    status, answer = exact.post("/compute", body)
    assert status == 200
    assert told in json.loads(answer)["error"]


def test_flow_factory_may_send_frames(exact, rows, show):
    frames = [base64.b64encode(show(rows[0])).decode()] * 3
    body = {"prompt": [rows[0]["caption"]], "image": None, "video": [frames]}
    status, answer = exact.post("/compute", json.dumps(body).encode())
    assert (status, json.loads(answer)["rewards"]) == (200, [pytest.approx(1)])


def test_flow_grpo_gets_what_genevals_server_gives(exact, rows, show):
    """As geneval_score of flow_grpo/rewards.py reads it; prompts are in the metadata."""
    some = rows[:3]
    metadata = [{"tag": "colors", "include": [{"class": "x", "count": 1}], "prompt": row["caption"]} for row in some]
    files = [show(row, "JPEG") for row in some[:2]] + [save(paint(draw(some[2]), (220, 30, 40)))]
    body = {"images": files, "meta_datas": metadata, "only_strict": True}
    status, answer = exact.post("/", pickle.dumps(body))
    found = pickle.loads(answer)
    assert status == 200
    assert found["scores"][:2] == pytest.approx([1, 1])
    assert 0 < found["scores"][2] < 1
    assert found["rewards"] == found["strict_rewards"] == [1.0, 1.0, 0.0]
    for groups in (found["group_rewards"], found["group_strict_rewards"]):
        assert set(groups) == set(QUESTION_KINDS)
        assert all(len(values) == 3 for values in groups.values())
    assert found["group_rewards"]["scene"] == [-10.0] * 3  # as its own server says of what is none of a group


@pytest.mark.parametrize("protocol", range(3, pickle.HIGHEST_PROTOCOL + 1))
def test_prompts_may_be_an_array(protocol, exact, rows, show):
    """As unifiedreward_score_remote of flow_grpo/rewards.py sends them."""
    some = rows[:4]
    prompts = np.array_split([row["caption"] for row in some], 1)[0]
    body = {"images": [show(row, "JPEG") for row in some], "prompts": prompts}
    status, answer = exact.post("/", pickle.dumps(body, protocol))
    assert (status, pickle.loads(answer)["outputs"]) == (200, pytest.approx([1.0] * 4))


@pytest.mark.parametrize(
    ("sent", "status", "told"),
    [
        ([], 422, "no mapping with a list `images`"),
        ({"images": b"x", "prompts": ["a"]}, 422, "no mapping with a list `images`"),
        ({"images": ["x"], "prompts": ["a"]}, 422, "`images` holds a str"),
        ({"images": [b"x"], "prompts": ["a", "b"]}, 422, "1 pictures, but 2 prompts"),
        ({"images": [b"x"], "prompts": [3]}, 422, "a picture has no prompt"),
        ({"images": [b"x"]}, 422, "a picture has no prompt"),
        ({"images": [b"x"], "meta_datas": [{"tag": "x"}]}, 422, "a picture has no prompt"),
        ({"images": [b"x"], "prompts": ["a"]}, 400, "is no picture"),
    ],
)
def test_pickled_requests_that_are_wrong_are_told(sent, status, told, exact):
    found, answer = exact.post("/", pickle.dumps(sent))
    assert found == status
    assert told in pickle.loads(answer)["error"]


def test_each_dialect_says_how_to_point_its_client_at_the_server():
    dialects = list_dialects()
    assert set(dialects) == {"flow_factory", "flow_grpo", "unirl"}
    for dialect in dialects.values():
        assert "http://here:1" in dialect.describe("http://here:1")
    assert len({dialect.PATH for dialect in dialects.values()}) == 3


def test_paths_that_are_none_are_explained(exact):
    status, answer = exact.post("/scores", b"{}")
    assert status == 404
    assert "POST /score" in json.loads(answer)["error"]
