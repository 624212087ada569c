"""Both pictures of an edit: the exact judge sees what changes and what stays, and nothing else moves."""

import numpy as np
import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.sandbox.edits import draw_edit, encode_edit
from generate_any_scene.training.sandbox.judge import SandboxJudge
from generate_any_scene.training.sandbox.pictures import decode_shape

DRAWN = ("pairs=[relation_reversed, attributes_swapped, attribute, object, predicate]", "edits=true")


@pytest.fixture(scope="module")
def rows(write_rows):
    return [row for row in write_rows("sandbox", DRAWN, 400) if row["edit"]]


def ask(row, number):
    question = row["questions"][number]
    return " ".join([question["question"], ", ".join(question["choices"])]).strip()


def judge_edit(row, pictures):
    """What the judge replies to each question of an edit about both pictures, and what it should reply."""
    edit = row["edit"]
    asked = [(one["question"], one["before"], one["after"]) for one in edit["must_change"]]
    asked += [(one["question"], one["answer"], one["answer"]) for one in edit["must_keep"]]
    texts = [ask(row, number) for number, _, _ in asked]
    replies = [SandboxJudge().answer([picture] * len(texts), texts) for picture in pictures]
    return list(zip(*replies, strict=True)), [one[1:] for one in asked]


def test_the_judge_sees_every_edit(rows):
    seen = set()
    for row in rows:
        pictures = draw_edit(row["scene_graph"], row["pair"]["scene_graph"], 7)
        replies, wanted = judge_edit(row, pictures)
        assert replies == wanted, (row["edit"]["instruction"], row["caption"])
        seen.add(row["pair"]["edit"])
    assert seen == {"relation_reversed", "attributes_swapped", "attribute", "object", "predicate"}


def test_the_judge_sees_that_nothing_was_done(rows):
    for row in rows[:50]:
        source, _ = draw_edit(row["scene_graph"], row["pair"]["scene_graph"], 7)
        replies, wanted = judge_edit(row, (source, source))
        changes = len(row["edit"]["must_change"])
        assert all(got != want for got, want in zip(replies[:changes], wanted, strict=False))
        assert replies[changes:] == wanted[changes:]


def test_what_an_edit_leaves_open_stays(rows):
    alone = []
    for row in rows:
        one, other = encode_edit(row["scene_graph"], row["pair"]["scene_graph"], 3)
        changed = int((one != other).sum())
        if row["pair"]["edit"] in ("attribute", "object"):
            assert changed == 1
        elif row["pair"]["edit"] == "attributes_swapped":
            assert changed == 2
        else:
            assert changed > 0 and sorted(one) == sorted(other)  # the same things, elsewhere
            moved = row["pair"]["scene_graph"]["relations"][int(row["edit"]["elements"][0].split("/")[1])]["subject"]
            name = row["scene_graph"]["objects"][moved]["name"]
            things = [
                {decode_shape(int(token))[0] for token in tokens[one != other] if token} for tokens in (one, other)
            ]
            alone.append(things == [{name}, {name}])
    assert sum(alone) > 0.9 * len(alone)  # what is said to move, and nothing else


def test_a_seed_decides(rows):
    graphs = rows[0]["scene_graph"], rows[0]["pair"]["scene_graph"]
    one, other = (draw_edit(*graphs, 5) for _ in range(2))
    assert [np.asarray(picture).tobytes() for picture in one] == [np.asarray(picture).tobytes() for picture in other]
    assert len({np.asarray(draw_edit(*graphs, seed)[0]).tobytes() for seed in range(20)}) > 1


def test_what_cannot_be_drawn_is_told():
    shape = {"name": "circle", "attributes": [], "count": 1}
    scene = {"objects": [shape], "relations": []}
    with pytest.raises(GasError, match="one of each object"):
        draw_edit(scene, {"objects": [{**shape, "count": 2}], "relations": []}, 0)
    with pytest.raises(GasError, match="the same objects"):
        draw_edit(scene, {"objects": [shape, {**shape, "name": "star"}], "relations": []}, 0)
