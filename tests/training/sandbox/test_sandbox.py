"""The sandbox: pictures of colored shapes, and the judge that finds all of them and answers every question."""

import itertools

import numpy as np
import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.data import load_rows
from generate_any_scene.training.fields import Data
from generate_any_scene.training.judges.asking import judge_questions
from generate_any_scene.training.judges.marking import word_question
from generate_any_scene.training.sandbox.judge import SandboxJudge, find_things, read_question
from generate_any_scene.training.sandbox.pictures import (
    CELL,
    CODES,
    COLORS,
    GRID,
    SHAPES,
    SIZES,
    STEPS,
    TOKENS,
    choose_seed,
    decode_shape,
    draw_scene,
    draw_tokens,
    encode_scene,
    encode_shape,
    read_tokens,
)
from PIL import Image

FORMS = {
    "object": {"yes_no", "multiple_choice"},
    "attribute": {"yes_no", "multiple_choice", "open"},
    "relation": {"yes_no", "open"},
    "count": {"count"},
}


@pytest.fixture(scope="module")
def rows(write_rows):
    return write_rows("sandbox", rows=2000)


def render(row):
    return draw_scene(row["scene_graph"], choose_seed(row["caption"]))


def encode(row):
    return encode_scene(row["scene_graph"], choose_seed(row["caption"]))


def mark(tokens, row):
    """Whether a judge's answers about the picture of a grid are what a row holds to be right."""
    return judge_questions(SandboxJudge(), [draw_tokens(list(tokens))], [row["questions"]]).marks[0]


def find_wrong(tokens, row):
    return [question for question, right in zip(row["questions"], mark(tokens, row), strict=True) if not right]


# Pictures.


def test_a_shape_and_its_token():
    kinds = [(shape, color, size) for shape in SHAPES for color in COLORS for size in SIZES]
    tokens = [encode_shape(*kind) for kind in kinds]
    assert sorted(tokens) == list(range(1, CODES))
    assert [decode_shape(token) for token in tokens] == kinds
    assert decode_shape(0) is None


def test_a_picture_depends_on_its_caption_alone(rows):
    by_caption = {}
    for row in rows[:300]:
        by_caption.setdefault(row["caption"], []).append(render(row))
    assert any(len(same) > 1 for same in by_caption.values())
    assert all(image == same[0] for same in by_caption.values() for image in same)
    row = next(row for row in rows if len(row["scene_graph"]["objects"]) == 1)
    assert len({encode_scene(row["scene_graph"], seed).tobytes() for seed in range(100)}) >= TOKENS


def test_what_a_scene_says_is_drawn_and_nothing_else(rows):
    for row in rows[:500]:
        drawn = [decode_shape(token) for token in encode(row) if token]
        said = [
            (item["name"], {one["kind"]: one["value"] for one in item["attributes"]})
            for item in row["scene_graph"]["objects"]
        ]
        assert sorted(shape for shape, _, _ in drawn) == sorted(name for name, _ in said)
        looks = {shape: (color, size) for shape, color, size in drawn}
        colors = {values.get("color") for _, values in said}
        for name, values in said:
            color, size = looks[name]
            assert size == values.get("size", "")
            assert color == values["color"] if "color" in values else color not in colors


def describe(*names, relations=()):
    """A scene graph of shapes: `describe("red circle", "ring", relations=[(0, "above", 1)])`."""
    objects = []
    for words in names:
        *values, name = words.split()
        kinds = ["size" if value in ("small", "large", "huge") else "color" for value in values]
        attributes = [{"kind": kind, "value": value} for kind, value in zip(kinds, values, strict=True)]
        objects.append({"name": name, "attributes": attributes})
    return {
        "objects": objects,
        "relations": [{"subject": one, "predicate": what, "object": other} for one, what, other in relations],
    }


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (describe("red dog"), ["`red dog`", *SHAPES]),
        (describe("circle", "purple ring"), ["`purple ring`", *COLORS]),
        (describe("huge star"), ["`huge star`"]),
        ({"objects": [{"name": "star", "attributes": [{"kind": "material", "value": "wooden"}]}]}, ["`wooden star`"]),
        (describe("star", "ring", relations=[(0, "inside", 1)]), ["`inside`", *STEPS]),
        (describe("star", "ring", relations=[(0, "above", 1), (0, "below", 1)]), ["contradict"]),
        (describe("star", "ring", relations=[(0, "to the left of", 1), (1, "to the left of", 0)]), ["contradict"]),
        (describe("star", "ring", "heart", "cross", "circle"), ["up to 4 objects", "not 5"]),
        ({"objects": [{"name": "star", "attributes": [], "count": 3}]}, ["one of each", "content.objects.copies"]),
    ],
)
def test_what_cannot_be_drawn(graph, words):
    with pytest.raises(GasError) as caught:
        draw_scene({"relations": [], **graph}, 0)
    message = str(caught.value)
    assert "\n" not in message
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize("tokens", [[], [0] * 8, [0] * 10, [CODES] + [0] * 8, [-1] + [0] * 8])
def test_what_is_no_grid(tokens):
    with pytest.raises(GasError, match=f"has 9 tokens from 0 to {CODES - 1}"):
        draw_tokens(tokens)


def test_relations_that_go_around_corners_are_drawn():
    graph = describe("star", "ring", "heart", relations=[(0, "above", 1), (1, "to the left of", 2), (2, "below", 0)])
    for seed in range(50):
        star, ring, heart = (
            divmod(int(np.flatnonzero(encode_scene(graph, seed) // 12 == SHAPES.index(name))[0]), GRID)
            for name in ("star", "ring", "heart")
        )
        assert star[0] < ring[0]
        assert ring[1] < heart[1]
        assert heart[0] > star[0]


# The judge.


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_full_grids_are_read_back(scale):
    """Every cell holds a shape, so that neighbors of one color could run into each other."""
    random = np.random.default_rng(0)
    seen = set()
    for _ in range(100):
        tokens = random.integers(1, CODES, size=TOKENS).tolist()
        image = draw_tokens(tokens)
        image = image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)
        things = {(int(thing.y // CELL), int(thing.x // CELL)): thing for thing in find_things(image)}
        found = [things[divmod(cell, GRID)] for cell in range(TOKENS)]
        assert [(thing.shape, thing.color, thing.size) for thing in found] == [decode_shape(one) for one in tokens]
        seen |= set(tokens)
    assert seen == set(range(1, CODES))


def test_nothing_is_found_on_an_empty_picture():
    assert find_things(draw_tokens([0] * TOKENS)) == []


def test_all_answers_about_true_pictures_are_right(rows):
    judged = judge_questions(SandboxJudge(), [render(row) for row in rows], [row["questions"] for row in rows])
    assert judged.refused == 0
    assert judged.right == judged.asked > 15 * len(rows)
    forms = {}
    for row in rows:
        for question in row["questions"]:
            forms.setdefault(question["kind"], set()).add(question["form"])
    assert forms == FORMS


def test_answers_of_other_splits_are_right_too(open_writer):
    rows = open_writer("sandbox").write_block("test", 0, 200).to_pylist()
    judged = judge_questions(SandboxJudge(), [render(row) for row in rows], [row["questions"] for row in rows])
    assert judged.right == judged.asked


def test_what_stands_where():
    """On all pairs of cells: neither of two shapes in a row is above the other."""
    for ring, star in itertools.permutations(range(TOKENS), 2):
        tokens = [0] * TOKENS
        tokens[ring], tokens[star] = encode_shape("ring", "red", ""), encode_shape("star", "blue", "large")
        (row, column), (other_row, other_column) = divmod(ring, GRID), divmod(star, GRID)
        expected = [column < other_column, column > other_column, row < other_row, row > other_row]
        questions = [f"Is the ring {side} the star?" for side in STEPS]
        replies = SandboxJudge().answer([draw_tokens(tokens)] * len(STEPS), questions)
        assert replies == ["yes" if right else "no" for right in expected]


def list_spoiled(row, kind):
    """Grids with an error of a kind, each with the element that it is about."""
    tokens, graph = encode(row), row["scene_graph"]
    objects = graph["objects"]
    names = [item["name"] for item in objects]
    cells = [next(cell for cell in range(TOKENS) if tokens[cell] and decode_shape(tokens[cell])[0] == name)
             for name in names]  # fmt: skip
    free = [cell for cell in range(TOKENS) if not tokens[cell]]
    looks = [decode_shape(tokens[cell]) for cell in cells]

    def spoil(changes):
        spoiled = tokens.copy()
        for cell, token in changes.items():
            spoiled[cell] = token
        return spoiled

    for number, item in enumerate(objects):
        (shape, color, size), cell = looks[number], cells[number]
        if kind == "missing":
            yield spoil({cell: 0}), f"object/{number}"
        elif kind == "twice":
            yield spoil({free[number]: encode_shape(shape, "red", "small")}), f"object/{number}"
        elif kind == "shape":
            for other in set(SHAPES) - set(names):
                yield spoil({cell: encode_shape(other, color, size)}), f"object/{number}"
        for place, attribute in enumerate(item["attributes"]):
            if kind == attribute["kind"] == "color":
                for other in set(COLORS) - {color}:
                    yield spoil({cell: encode_shape(shape, other, size)}), f"attribute/{number}/{place}"
            elif kind == attribute["kind"] == "size":
                for other in set(SIZES) - {size}:
                    yield spoil({cell: encode_shape(shape, color, other)}), f"attribute/{number}/{place}"
    if kind == "relation":
        for number, relation in enumerate(graph["relations"]):
            right, down = STEPS[relation["predicate"]]
            subject, target = cells[relation["subject"]], cells[relation["object"]]
            for cell in free:
                across, along = cell % GRID - target % GRID, cell // GRID - target // GRID
                if across * right + along * down <= 0:
                    yield spoil({subject: 0, cell: tokens[subject]}), f"relation/{number}"


@pytest.mark.parametrize("kind", ["missing", "twice", "shape", "color", "size", "relation"])
def test_every_error_is_seen(kind, rows):
    """In each picture with an error, a question about what was changed is answered wrong."""
    tried = 0
    for row in rows[: 80 if kind == "shape" else 200]:
        for tokens, element in list_spoiled(row, kind):
            assert any(element in question["elements"] for question in find_wrong(tokens, row)), (row, tokens)
            tried += 1
    assert tried >= 200


def test_what_should_not_be_there_is_seen(rows):
    """Shapes that a question asks for although the scene has none of them."""
    tried = 0
    for row in rows[:100]:
        tokens = encode(row)
        for name in {one["foil"] for one in row["questions"] if one["kind"] in ("object", "count") and one["foil"]}:
            spoiled = tokens.copy()
            spoiled[np.flatnonzero(tokens == 0)[0]] = encode_shape(name, "blue", "")
            assert any(question["foil"] == name for question in find_wrong(spoiled, row))
            tried += 1
    assert tried > 250


def test_what_nobody_asks_about_does_not_matter(rows):
    """Where a scene leaves a color open, all answers are right whichever of the others it is."""
    tried = 0
    for row in rows[:150]:
        tokens = encode(row)
        named = {one["value"] for item in row["scene_graph"]["objects"] for one in item["attributes"]}
        bare = {
            item["name"]
            for item in row["scene_graph"]["objects"]
            if all(one["kind"] != "color" for one in item["attributes"])
        }
        for cell in np.flatnonzero(tokens):
            shape, _, size = decode_shape(tokens[cell])
            for color in set(COLORS) - named if shape in bare else ():
                changed = tokens.copy()
                changed[cell] = encode_shape(shape, color, size)
                assert all(mark(changed, row))
                tried += 1
    assert tried > 200


def test_an_empty_picture_answers_no_question_whose_answer_is_there(rows):
    """Only what is asked not to be there is right: answers `no` and `zero`."""
    for row in rows[:300]:
        wrong = find_wrong([0] * TOKENS, row)
        assert {one["answer"] for one in row["questions"] if one not in wrong} <= {"no", "zero"}
        assert len(wrong) >= len(row["questions"]) / 2


def test_pictures_of_any_size_are_judged(rows):
    judge = SandboxJudge()
    for side in (2 * GRID * CELL, 3 * GRID * CELL, 512):
        images = [render(row).resize((side, side), Image.Resampling.NEAREST) for row in rows[:100]]
        judged = judge_questions(judge, images, [row["questions"] for row in rows[:100]])
        assert judged.right == judged.asked


def test_probability(rows):
    judge = SandboxJudge()
    for row in rows[:15]:
        image = render(row)
        for question in row["questions"]:
            text = word_question(question)
            (reply,) = judge.answer([image], [text])
            answers = [reply, reply.upper(), f"not {reply}", "purple"]
            assert judge.probability([image] * 4, [text] * 4, answers) == [1, 1, 0, 0]


@pytest.mark.parametrize(
    "question",
    [
        "Is it nice?",
        "Is there a dog in the picture?",
        "Is the circle purple?",
        "Is the circle inside the ring?",
        "How many red circles are there in the picture?",
        "What is the circle made of?",
        "",
    ],
)
def test_unknown_questions(question):
    with pytest.raises(GasError) as caught:
        read_question(question)
    assert str(caught.value) == f"the sandbox's judge does not understand `{question}`"


@pytest.mark.parametrize("picture", [None, "cup.png", []], ids=str)
def test_what_is_no_picture_is_named(picture):
    blank = Image.new("RGB", (72, 72), "white")
    with pytest.raises(GasError, match="picture 2 of 2 cannot be judged: "):
        SandboxJudge().answer([blank, picture], ["Is there a circle in the picture?"] * 2)


def test_a_shape_that_is_there_twice_is_not_talked_about():
    tokens = [encode_shape("ring", "red", ""), encode_shape("ring", "blue", ""), *[0] * 7]
    questions = ["What color is the ring?", "Is the ring red?", "How many rings are there in the picture?"]
    assert SandboxJudge().answer([draw_tokens(tokens)] * 3, questions) == [
        "there are two of ring",
        "there are two of ring",
        "two",
    ]


# Its data.


def test_no_caption_is_in_two_splits(open_writer):
    writer = open_writer("sandbox")
    blocks = {"train": (0, 8192), "validation": (0, 500), "test": (0, 1000)}
    captions = {split: set(writer.write_block(split, *one)["caption"].to_pylist()) for split, one in blocks.items()}
    assert min(map(len, captions.values())) > 300
    assert captions["train"].isdisjoint(captions["test"])
    assert captions["train"].isdisjoint(captions["validation"])
    assert captions["validation"].isdisjoint(captions["test"])


def test_data_is_drawn():
    import datasets

    overrides = {"splits": {"train": 20, "validation": 0, "test": 0}}
    rows = load_rows(
        Data(recipe="sandbox", draw="sandbox", overrides=overrides, limit=10), ["caption", "image", "scene_graph"]
    )
    assert rows.features["image"] == datasets.Image()
    assert rows.column_names == ["caption", "image", "scene_graph"]
    assert rows.num_rows == 10
    assert [row["image"].convert("RGB") for row in rows] == [render(row) for row in rows]


def test_a_seed_draws_other_pictures(rows):
    seeds = {choose_seed(row["caption"], seed) for row in rows[:1] for seed in range(5)}
    assert len(seeds) == 5
    assert len({draw_scene(rows[0]["scene_graph"], seed).tobytes() for seed in seeds}) > 1


def test_tokens_are_read_back_from_pictures_also_from_worn_ones():
    random = np.random.default_rng(0)
    every = np.concatenate([np.arange(CODES), np.zeros(-CODES % TOKENS, dtype=int)]).reshape(-1, TOKENS)
    for tokens in every:
        picture = draw_tokens(tokens.tolist())
        assert read_tokens(picture).tolist() == tokens.tolist()
        worn = np.asarray(picture).astype(int) + random.integers(-40, 41, size=(GRID * CELL, GRID * CELL, 3))
        assert read_tokens(Image.fromarray(worn.clip(0, 255).astype(np.uint8))).tolist() == tokens.tolist()
    with pytest.raises(GasError, match="none of the sandbox's, which are 72 wide"):
        read_tokens(Image.new("RGB", (64, 64)))
