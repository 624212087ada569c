"""Pictures of scenes of colored shapes, by way of a grid of tokens: scene graph -> tokens -> picture.

A token is a cell of the picture: empty, or a shape in a color and a size. The autoregressive model of the sandbox
makes these tokens, as others make those of a learned codebook.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from io import BytesIO
from itertools import permutations
from math import cos, pi, sin
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ...builders.foundation.counter_rng import derive_key
from ...errors import GasError

SHAPES = ("circle", "cross", "diamond", "heart", "ring", "square", "star", "triangle")
COLORS: Mapping[str, tuple[int, int, int]] = {
    "blue": (40, 90, 220),
    "green": (30, 160, 70),
    "red": (220, 30, 40),
    "yellow": (245, 215, 40),
}
GROUND = (255, 255, 255)
SIZES: Mapping[str, int] = {"small": 5, "": 8, "large": 11}
"""Radius in pixels; what has no size in words is in between, so that it is neither small nor large."""
GRID, CELL = 3, 24
"""Cells of a row and of a column, and pixels of a cell: pictures are 72 x 72."""
TOKENS = GRID * GRID
CODES = 1 + len(SHAPES) * len(COLORS) * len(SIZES)
"""Kinds of tokens; 0 is an empty cell."""
STEPS: Mapping[str, tuple[int, int]] = {
    "to the left of": (-1, 0),
    "to the right of": (1, 0),
    "above": (0, -1),
    "below": (0, 1),
}
"""Where the subject of a relation stands, seen from its object; y goes down."""


def encode_scene(graph: Mapping[str, Any], seed: int) -> np.ndarray:
    """Turns a scene graph into tokens: int64, shape (9,), row by row.

    What the graph leaves open is drawn by `seed`: the cells, among those that its relations allow, and the color of
    what has none, which is none that another object has in words.

    Raises:
        GasError: Something is no shape, color, size or relation of the sandbox, or relations contradict each other.
    """
    random = np.random.default_rng(seed)
    objects = [read_object(item) for item in graph["objects"]]
    named = {color for _, color, _ in objects}
    free = [color for color in COLORS if color not in named] or list(COLORS)
    relations = tuple((r["subject"], r["predicate"], r["object"]) for r in graph["relations"])
    places = list_places(len(objects), relations)
    if not len(places):
        raise GasError("the relations of the scene contradict each other, so no picture shows it")
    tokens = np.zeros(TOKENS, dtype=np.int64)
    for cell, (shape, color, size) in zip(places[random.integers(len(places))], objects, strict=True):
        tokens[cell] = encode_shape(shape, color or free[random.integers(len(free))], size)
    return tokens


def encode_shape(shape: str, color: str, size: str) -> int:
    """The token of a shape in a color and a size; `""` is the size between small and large."""
    place = SHAPES.index(shape) * len(COLORS) + list(COLORS).index(color)
    return 1 + place * len(SIZES) + list(SIZES).index(size)


def decode_shape(token: int) -> tuple[str, str, str] | None:
    """Shape, color and size of a token, None for an empty cell."""
    if token == 0:
        return None
    place, size = divmod(token - 1, len(SIZES))
    shape, color = divmod(place, len(COLORS))
    return SHAPES[shape], list(COLORS)[color], list(SIZES)[size]


def read_object(item: Mapping[str, Any]) -> tuple[str, str, str]:
    """Shape, color and size of an object of a scene graph; `""` where it says nothing.

    Raises:
        GasError: The sandbox does not draw it.
    """
    if item.get("count", 1) != 1:
        raise GasError("the sandbox draws one of each object; leave `content.objects.copies` out")
    values = {one["kind"]: one["value"] for one in item["attributes"]}
    shape, color, size = item["name"], values.pop("color", ""), values.pop("size", "")
    if shape not in SHAPES or color not in ("", *COLORS) or size not in SIZES or values:
        words = " ".join((*(one["value"] for one in item["attributes"]), shape))
        raise GasError(f"the sandbox draws no `{words}`; it has {', '.join(SHAPES)}, in {', '.join(COLORS)}")
    return shape, color, size


@lru_cache(maxsize=4096)
def list_places(objects: int, relations: tuple[tuple[int, str, int], ...]) -> np.ndarray:
    """All ways to put objects into cells so that relations hold, int8, shape (ways, objects).

    Raises:
        GasError: A relation is none of the sandbox's, or there are more objects than can be placed this way.
    """
    if objects > 4:
        raise GasError(f"the sandbox draws up to 4 objects in a scene, not {objects}")
    for _, predicate, _ in relations:
        if predicate not in STEPS:
            raise GasError(f"the sandbox draws no `{predicate}`; it has {', '.join(STEPS)}")
    cells = np.array(list(permutations(range(TOKENS), objects)), dtype=np.int8).reshape(-1, objects)
    fits = np.ones(len(cells), dtype=bool)
    for subject, predicate, target in relations:
        right, down = STEPS[predicate]
        across = cells[:, subject] % GRID - cells[:, target] % GRID
        along = cells[:, subject] // GRID - cells[:, target] // GRID
        fits &= (across * right + along * down) > 0
    return cells[fits]


def draw_tokens(tokens: Sequence[int]) -> Image.Image:
    """Draws a grid of tokens as a picture of 72 x 72 pixels.

    Raises:
        GasError: There are not 9 tokens, or one of them is no code.
    """
    if len(tokens) != TOKENS or not all(0 <= token < CODES for token in tokens):
        raise GasError(f"a picture of the sandbox has {TOKENS} tokens from 0 to {CODES - 1}")
    picture = Image.new("RGB", (GRID * CELL, GRID * CELL), GROUND)
    for cell, token in enumerate(tokens):
        if thing := decode_shape(int(token)):
            row, column = divmod(cell, GRID)
            shape, color, size = thing
            picture.paste(COLORS[color], (column * CELL, row * CELL), _draw_mask(shape, SIZES[size]))
    return picture


def read_tokens(picture: Image.Image) -> np.ndarray:
    """The grid of tokens whose drawing a picture is, or is nearest to: int64, shape (9,).

    Raises:
        GasError: It has another size than pictures of the sandbox.
    """
    if picture.size != (GRID * CELL, GRID * CELL):
        raise GasError(f"a picture of {picture.size} pixels is none of the sandbox's, which are {GRID * CELL} wide")
    pixels = np.asarray(picture.convert("RGB"), dtype=np.float32).reshape(GRID, CELL, GRID, CELL, 3)
    cells, drawn = pixels.swapaxes(1, 2).reshape(TOKENS, -1), draw_cells()
    # Of squared distances, what differs from drawing to drawing.
    return (np.square(drawn).sum(axis=1) - 2 * cells @ drawn.T).argmin(axis=1)


@lru_cache
def draw_cells() -> np.ndarray:
    """The pixels of each token's cell: float32, shape (CODES, CELL * CELL * 3)."""
    pictures = [draw_tokens([code] + [0] * (TOKENS - 1)).crop((0, 0, CELL, CELL)) for code in range(CODES)]
    return np.stack([np.asarray(picture, dtype=np.float32).ravel() for picture in pictures])


@lru_cache
def _draw_mask(shape: str, radius: int) -> Image.Image:
    mask = Image.new("1", (CELL, CELL))
    draw_shape(ImageDraw.Draw(mask), shape, CELL / 2 - 0.5, CELL / 2 - 0.5, radius)
    return mask


def draw_shape(draw: ImageDraw.ImageDraw, shape: str, x: float, y: float, radius: float) -> None:
    """Fills a shape around a center, in a picture of one bit a pixel."""
    r = radius
    if shape == "circle":
        draw.ellipse((x - r, y - r, x + r, y + r), fill=1)
    elif shape == "square":
        draw.rectangle((x - r, y - r, x + r, y + r), fill=1)
    elif shape == "cross":
        draw.rectangle((x - r, y - r / 3, x + r, y + r / 3), fill=1)
        draw.rectangle((x - r / 3, y - r, x + r / 3, y + r), fill=1)
    elif shape == "ring":
        draw.ellipse((x - r, y - r, x + r, y + r), fill=1)
        draw.ellipse((x - r / 2, y - r / 2, x + r / 2, y + r / 2), fill=0)
    elif shape == "heart":
        draw.ellipse((x - r, y - r, x, y), fill=1)
        draw.ellipse((x, y - r, x + r, y), fill=1)
        draw.polygon([(x - r, y - r / 2), (x, y - r / 2), (x + r, y - r / 2), (x, y + r)], fill=1)
    else:
        points, inner = {"diamond": (4, 1.0), "star": (5, 0.4), "triangle": (3, 1.0)}[shape]
        draw.polygon([(x + r * right, y + r * down) for right, down in _list_corners(points, inner)], fill=1)


def _list_corners(points: int, inner: float) -> list[tuple[float, float]]:
    """Corners of a polygon that points up; between them those of a star, at `inner` of its radius if that is not 1."""
    reaches = [1.0] * points if inner == 1 else [1.0, inner] * points
    turns = [2 * pi * step / len(reaches) for step in range(len(reaches))]
    return [(reach * sin(turn), -reach * cos(turn)) for reach, turn in zip(reaches, turns, strict=True)]


def choose_seed(text: str, seed: int = 0) -> int:
    """A number that depends on a text and on nothing else, to draw its picture by."""
    return derive_key(seed, text)


def draw_scene(graph: Mapping[str, Any], seed: int) -> Image.Image:
    """Draws a picture in which everything that a scene graph says is true, and nothing else is there."""
    return draw_tokens(encode_scene(graph, seed).tolist())


def photograph(picture: Image.Image, seed: int) -> Image.Image:
    """A picture as a camera has it: moved, turned, scaled, blurred and tinted a little, with noise, from a JPEG."""
    random = np.random.default_rng(seed)
    width, height = picture.size
    turn, scale = random.uniform(-0.06, 0.06), random.uniform(0.94, 1.06)
    across, along = random.uniform(-2, 2, 2)
    right, down = cos(turn) * scale, sin(turn) * scale
    left, top = width / 2 + across - right * width / 2 + down * height / 2, height / 2 + along
    matrix = (right, -down, left, down, right, top - down * width / 2 - right * height / 2)
    seen = picture.transform(
        picture.size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC, fillcolor=GROUND
    ).filter(ImageFilter.GaussianBlur(random.uniform(0.3, 0.8)))
    light = np.asarray(seen, dtype=float) * random.uniform(0.85, 1.0, 3) + random.normal(
        0, random.uniform(1.5, 5), (height, width, 3)
    )
    stored = BytesIO()
    Image.fromarray(light.round().clip(0, 255).astype(np.uint8)).save(
        stored, "JPEG", quality=int(random.integers(80, 96))
    )
    return Image.open(stored).convert("RGB")


def draw_rows(rows: Any, seed: int = 0, by_camera: bool = False) -> Any:
    """Adds the column `image` to a dataset with `caption` and `scene_graph`; `datasets` keeps it."""
    import datasets

    features = datasets.Features({**rows.features, "image": datasets.Image()})

    def draw_one(caption: str, graph: Mapping[str, Any]) -> Image.Image:
        number = choose_seed(caption, seed)
        picture = draw_scene(graph, number)
        return photograph(picture, number) if by_camera else picture

    def draw(batch: Mapping[str, Any]) -> dict[str, Any]:
        return {"image": list(map(draw_one, batch["caption"], batch["scene_graph"]))}

    return rows.map(draw, batched=True, features=features, desc="drawing")
