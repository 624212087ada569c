"""Streams of scenes: what is drawn follows what is reported, and the same log gives the same scenes."""

import asyncio
import itertools
import json
import warnings

import generate_any_scene as gas
import pytest
from generate_any_scene.errors import GasError, GasWarning, RecipeError
from generate_any_scene.training.curriculum.log import read_log

FOUR = {"levels": 4}


def open_four(**options):
    return gas.stream("sandbox", difficulty=FOUR, **options)


def pretend(row):
    """Rewards of four pictures: level 1 is always right, level 4 never, and between them they differ."""
    return {1: [1.0] * 4, 2: [1.0, 1.0, 0.0, 1.0], 3: [0.0, 1.0, 0.0, 1.0], 4: [0.0] * 4}[row["level"]]


def train(stream, steps, size=16):
    """Reads steps of some scenes and reports on each when the next one is read, as a trainer does; gives the rows."""
    read, before = iter(stream), []
    steps_of_rows = []
    for step in range(steps):
        rows = list(itertools.islice(read, size))
        rewards = [reward for row in before for reward in pretend(row)]
        stream.report([row["id"] for row in before for _ in range(4)], rewards, step)
        before = rows
        steps_of_rows.append(rows)
    return steps_of_rows


def list_ids(steps):
    return [row["id"] for rows in steps for row in rows]


def test_rows_are_scenes_of_the_recipe_as_trainers_take_them():
    for row in open_four(policy="uniform").take(12):
        scene = gas.scene("sandbox", int(row["id"].rpartition("/")[2]), difficulty=FOUR)
        assert (row["id"], row["prompt"], row["caption"]) == (scene["id"], scene["caption"], scene["caption"])
        assert json.loads(row["questions"]) == scene["questions"]
        assert json.loads(row["scene_graph"]) == scene["scene_graph"]
        assert row["level"] == int(scene["difficulty"])


def test_without_rewards_all_levels_come_alike_and_no_scene_twice():
    rows = list(open_four(policy="spread").take(400))
    assert [row["level"] for row in rows] == [1, 2, 3, 4] * 100
    assert len({row["id"] for row in rows}) == 400


def test_the_stream_seeks_what_spreads():
    steps = train(open_four(policy="spread"), 30)
    last = [row["level"] for rows in steps[-10:] for row in rows]
    assert min(last.count(2), last.count(3)) > 3 * max(last.count(1), last.count(4)) > 0
    assert len(set(list_ids(steps))) == 480


def test_the_stream_seeks_the_success_that_is_asked_for():
    steps = train(open_four(policy={"policy": "target", "success": 0.75, "width": 0.1, "least": 0.1}), 30)
    last = [row["level"] for rows in steps[-10:] for row in rows]
    assert last.count(2) > 0.85 * len(last)


def test_a_function_is_a_policy():
    def seek_hardest(levels):
        return [float(level.number == len(levels)) for level in levels]

    last = train(open_four(policy=seek_hardest), 2)[-1]
    assert [row["level"] for row in last].count(4) > 12


def test_levels_know_what_was_reported():
    stream = open_four(policy="uniform")
    train(stream, 20)
    easy, some, half, hard = stream.levels
    assert (easy.reward, easy.idle, hard.reward, hard.spread) == (1.0, 1.0, 0.0, 0.0)
    assert (some.reward, half.reward, half.spread) == pytest.approx((0.75, 0.5, 0.5))
    assert sum(level.scenes for level in stream.levels) == 18 * 16


def test_reading_again_gives_what_was_drawn():
    stream = open_four(policy="spread")
    steps = train(stream, 8)
    again = [row["id"] for row in itertools.islice(stream, 8 * 16)]
    assert again == list_ids(steps) == [draw.id for draw in stream.drawn][: 8 * 16]


# The log.


def test_a_log_is_replayed_to_the_same_prompts_whatever_is_reported(tmp_path):
    steps = train(open_four(policy="spread", log=tmp_path / "log.jsonl"), 12)
    replayed = open_four(replay=tmp_path / "log.jsonl")
    prompts = []
    for row in replayed:
        replayed.report([row["id"]] * 2, [0.0, 1.0])
        prompts.append(row["prompt"])
    expected = [row["prompt"] for rows in steps for row in rows]
    assert prompts[: len(expected)] == expected
    assert len(prompts) == len(read_draws(tmp_path / "log.jsonl"))
    assert next(iter(replayed))["prompt"] == prompts[0]


def read_draws(path):
    return [event for event in read_log(path)[1] if hasattr(event, "index")]


@pytest.mark.parametrize("stopped", [1, 7, 12])
def test_a_stream_goes_on_from_its_log_as_if_it_had_not_stopped(tmp_path, stopped):
    whole = train(open_four(policy="spread", log=tmp_path / "whole.jsonl"), 14)
    path = tmp_path / "log.jsonl"
    train(open_four(policy="spread", log=path), stopped)
    path.write_text(path.read_text() + '{"place": 9', "utf-8")  # killed while it wrote
    assert list_ids(train(open_four(policy="spread", log=path), 14)) == list_ids(whole)
    assert path.read_text() == (tmp_path / "whole.jsonl").read_text()


def test_a_log_says_what_each_scene_was_rewarded_with(tmp_path):
    path = tmp_path / "logs" / "log.jsonl"
    train(open_four(policy="spread", log=path), 3)
    head, events = read_log(path)
    assert (head["recipe"], head["split"], head["levels"]) == ("sandbox", "train", 4)
    assert head["policy"]["policy"] == "spread"
    levels = {event.place: event.level for event in events if hasattr(event, "index")}
    reports = [event for event in events if not hasattr(event, "index")]
    assert [report.place for report in reports] == list(range(16))
    assert {report.step for report in reports} == {1}
    for report in reports:
        rewards = pretend({"level": levels[report.place]})
        assert (report.count, report.reward) == (4, sum(rewards) / 4)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"seed": 5}, "its fingerprint is"),
        ({"difficulty": {"levels": 3}}, "its fingerprint is"),
        ({"split": "test"}, "its split is `train`, not `test`"),
        ({"policy": "uniform"}, "its policy is"),
    ],
)
def test_the_log_of_another_stream_is_refused(tmp_path, change, told):
    path = tmp_path / "log.jsonl"
    train(open_four(policy="spread", log=path), 1)
    options = {"difficulty": FOUR, "policy": "spread", **change}
    with pytest.raises(GasError, match=told):
        gas.stream("sandbox", log=path, **options)
    if "policy" not in change:
        with pytest.raises(GasError, match=told):
            gas.stream("sandbox", replay=path, **{**options, "policy": None})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "its first line is no head"),
        ("nonsense\n", r"log.jsonl:1: this is no JSON"),
        ("[1]\n", "no JSON object"),
        ('{"place": 0}\n', "its first line is no head"),
        ('{"stream": 1}\n', "its first line is no head"),
        ('{"stream": 1, "levels": "4"}\n', "its first line is no head"),
        ("[" * 100_000 + "\n", r"log.jsonl:1: this is no JSON"),
        ('{HEAD}\n{"place": 0}\n', r"log.jsonl:2: a line has either place, level, index, id, or"),
        ('{HEAD}\n{"place": 3, "level": 1, "index": 0, "id": "x"}\n', "place 3, where 0 is the next one"),
        ('{HEAD}\n{"place": 0, "level": 9, "index": 0, "id": "x"}\n', "a level that is not there"),
        ('{HEAD}\n{"place": 0, "step": 1, "count": 1, "reward": 1, "spread": 0}\n', "where 0 is the next one"),
    ],
)
def test_what_is_no_log_is_refused(tmp_path, text, told):
    train(open_four(policy="spread", log=tmp_path / "other.jsonl"), 1)
    head = (tmp_path / "other.jsonl").read_text().partition("\n")[0]
    (tmp_path / "log.jsonl").write_text(text.replace("{HEAD}", head))
    with pytest.raises(GasError, match=told):
        open_four(replay=tmp_path / "log.jsonl")


def test_a_log_that_is_not_there_or_cannot_be_written_is_told(tmp_path):
    with pytest.raises(GasError, match="cannot be read: No such file"):
        open_four(replay=tmp_path / "none.jsonl")
    (tmp_path / "file").write_text("")
    with pytest.raises(GasError, match="cannot be written"):
        open_four(log=tmp_path / "file" / "log.jsonl")
    with pytest.raises(GasError, match="cannot be used: Is a directory; give another file"):
        open_four(log=tmp_path)
    train(open_four(log=tmp_path / "log.jsonl"), 1)
    with pytest.raises(GasError, match="replayed and written at once"):
        open_four(replay=tmp_path / "log.jsonl", log=tmp_path / "log.jsonl")


def test_a_replay_has_a_log_of_its_own(tmp_path):
    train(open_four(policy="spread", log=tmp_path / "one.jsonl"), 5)
    train(open_four(replay=tmp_path / "one.jsonl", log=tmp_path / "two.jsonl"), 5)
    assert read_draws(tmp_path / "two.jsonl") == read_draws(tmp_path / "one.jsonl")
    train(open_four(policy="uniform", log=tmp_path / "three.jsonl"), 5)
    with pytest.raises(GasError, match="another stream: its policy"):
        open_four(replay=tmp_path / "one.jsonl", log=tmp_path / "three.jsonl")


# What `datasets` offers of its streams.


def test_a_state_is_gone_on_from(tmp_path):
    stream = open_four(policy="spread", log=tmp_path / "log.jsonl")
    train(stream, 5)
    read = iter(stream)
    before = [next(read)["id"] for _ in range(20)]
    state = json.loads(json.dumps(stream.state_dict()))
    after = [next(read)["id"] for _ in range(20)]
    again = open_four(policy="spread", log=tmp_path / "log.jsonl")
    again.load_state_dict(state)
    assert [row["id"] for row in itertools.islice(again, 20)] == after != before
    lost = open_four(policy="spread")
    lost.load_state_dict(state)
    with pytest.raises(GasError, match="begins at scene 20, and of this stream 0 were drawn; open it with the log"):
        next(iter(lost))


def test_a_mapped_stream_follows_too():
    stream = open_four(policy="spread")
    mapped = stream.map(lambda row: {"prompt": f"Draw this: {row['prompt']}"})
    before, levels = [], []
    read = iter(mapped)
    for step in range(30):
        rows = list(itertools.islice(read, 16))
        stream.report([row["id"] for row in before for _ in range(4)], [x for r in before for x in pretend(r)], step)
        before, levels = rows, [*levels, *(row["level"] for row in rows)]
    assert all(row["prompt"].startswith("Draw this: ") for row in before)
    assert levels[-160:].count(3) > 3 * levels[-160:].count(1)


def test_a_stream_is_not_shuffled_into_another_order():
    stream = open_four(policy="uniform")
    ids = [row["id"] for row in stream.take(8)]
    assert [row["id"] for row in stream.shuffle(seed=1, buffer_size=4).take(8)] == ids
    stream.set_epoch(2)
    assert [row["id"] for row in stream.take(8)] == ids


def test_workers_are_refused_since_no_reward_reaches_them():
    loader = pytest.importorskip("torch.utils.data").DataLoader(open_four(), batch_size=4, num_workers=1)
    with pytest.raises(GasError, match="set `dataloader_num_workers` to 0"):
        next(iter(loader))


# Rewards.


def reward_level(prompts, level, **_):
    return [float(one > 2) for one in level]


def call(function, rows, **more):
    columns = {name: [row[name] for row in rows] for name in ("id", "level")}
    return function(prompts=[row["prompt"] for row in rows], **columns, **more)


def test_a_reward_that_is_followed_gives_what_it_gave_and_is_reported():
    stream = open_four(policy="uniform")
    followed, logged = stream.follow(reward_level), {}
    assert followed.__name__ == "reward_level"
    rows = [row for row in stream.take(8) for _ in range(2)]
    assert call(followed, rows, log_metric=logged.__setitem__) == [0, 0, 0, 0, 1, 1, 1, 1] * 2
    stream.settle()
    assert [level.reward for level in stream.levels] == [0, 0, 1, 1]
    assert logged == {"level": 2.5}


def test_coroutine_functions_stay_such():
    stream = open_four(policy="uniform")

    async def reward_later(**columns):
        return reward_level(**columns)

    followed = stream.follow(reward_later)
    rows = list(stream.take(4))
    assert asyncio.run(call(followed, rows)) == [0, 0, 1, 1]
    stream.settle()
    assert stream.levels[3].reward == 1


def test_several_rewards_count_as_they_are_weighed():
    stream = open_four(policy="uniform")
    one, other = stream.follow([reward_level, lambda **columns: [None, 0.5, None, 0.5]], weights=[1, 2])
    rows = list(stream.take(4))
    call(one, rows)
    stream.settle()
    assert stream.levels[0].reward is None  # until all have given theirs
    call(other, rows)
    stream.settle()
    assert [level.reward for level in stream.levels] == [0, 1, 1, 2]


def test_scenes_of_other_datasets_and_second_reports_change_nothing():
    stream = open_four(policy="uniform")
    first = next(iter(stream))
    stream.report([first["id"], "sandbox/test/000000000"], [1.0, 0.0])
    stream.settle()
    stream.report([first["id"]], [0.0])
    stream.settle()
    assert [(level.scenes, level.reward) for level in stream.levels] == [(1, 1.0), (0, None), (0, None), (0, None)]


def test_scenes_without_a_reward_are_no_failures(tmp_path):
    stream = open_four(policy="uniform", log=tmp_path / "log.jsonl")
    first, second = list(stream.take(2))
    stream.report([first["id"], second["id"], second["id"]], [None, float("nan"), 0.5])
    stream.settle()
    assert [(level.scenes, level.reward) for level in stream.levels[:2]] == [(0, None), (1, 0.5)]
    reports = [event for event in read_log(tmp_path / "log.jsonl")[1] if not hasattr(event, "index")]
    assert [(report.count, report.reward) for report in reports] == [(0, None), (1, 0.5)]


def test_a_stream_that_hears_of_no_reward_says_so_once():
    with pytest.warns(GasWarning, match="none of them was rewarded") as told:
        list(open_four(policy="spread").take(1100))
    assert len(told) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(open_four(policy="uniform").take(1100))


def reward_the_first(**columns):
    return [1.0]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: open_four(policy="sprad"), "did you mean `spread`"),
        (lambda: open_four(policy={"policy": "target", "sucess": 1}), "did you mean `success`"),
        (lambda: open_four(policy={"policy": "target", "success": 2}), "must be at most 1"),
        (lambda: open_four(policy=3), "`policy` must be a name, a mapping or a function, not `3`"),
        (lambda: open_four(policy="spread", replay="log.jsonl"), "leave `policy` or `replay` out"),
        (lambda: open_four(split="trian"), "did you mean `train`"),
        (lambda: gas.stream("sandbx"), "did you mean `sandbox`"),
        (lambda: gas.stream("sandbox", difficulty=2), "level 2 alone"),
        (lambda: gas.stream("sandbox", filters={"perplexity": {"most": 9}}), "filters"),
        (lambda: open_four().follow("reward/model"), "follows reward functions"),
        (lambda: open_four().follow([len], weights=[1, 2]), "2 weights for 1 rewards"),
        (lambda: open_four().follow([]), "0 weights for 0 rewards"),
        (lambda: open_four().follow(len)([]), "gets no column `id`"),
        (lambda: open_four().follow(reward_the_first)(id=["a", "b"]), "gave 1 numbers for 2 pictures"),
        (lambda: open_four().report(["a"], []), "0 rewards for 1 ids"),
        (lambda: open_four().report(["a"], ["good"]), "'good' is no number"),
    ],
)
def test_wrong_input_is_told(make, told):
    with pytest.raises((GasError, RecipeError), match=told):
        make()


def test_recipes_may_be_objects_with_levels_of_their_own():
    recipe = gas.Recipe.load("sandbox", difficulty={"levels": 2})
    assert {row["level"] for row in gas.stream(recipe).take(6)} == {1, 2}
    assert {row["level"] for row in gas.stream(gas.Recipe.load("sandbox")).take(6)} == {1, 2, 3}
    assert {row["level"] for row in gas.stream(recipe, "test", difficulty=FOUR).take(8)} == {1, 2, 3, 4}
