"""Preference pairs: of a caption a better picture and a worse one, as scripts of diffusion-DPO read them.

A dataset of pairs has the columns of Pick-a-Pic, which diffusers' `train_diffusion_dpo*.py` and what followed it read:
`jpg_0` and `jpg_1`, the bytes of two pictures, `label_0`, 1 where the first is the better one and else 0, and
`caption`; beside them `prompt`, the same text, `score_0`, `score_1`, `id` and `source`.

Pairs are from two sources. Of pictures of one caption that were scored, the best and the worst. Of minimal pairs
(`pairs: true` in a dataset recipe), a picture of a scene and one of the scene with one edit: the second is wrong about
the caption by one thing, which makes it a hard negative by construction, and it is right about the edited caption.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from ..builders.folder.files import fill_folder
from ..builders.foundation.counter_rng import derive_key
from ..errors import GasError
from .json_lines import read_lines
from .pictures import encode_png

SCORES = "scores.jsonl"
"""What a stage of scores holds: lines with `id`, `caption`, `image` and `score`."""
TURNED = "edited"
"""Marks the pair of an edited caption, whose better picture is that of the edited scene."""


@dataclass(frozen=True)
class Preference:
    """A pair of pictures.

    Attributes:
        id: Of its scene.
        caption: What both should show.
        chosen: The better picture, as its file holds it.
        rejected: The worse one.
        scores: Of both, in this order; None where there are none.
        source: `samples`, or `minimal pair: ` and the edit.
    """

    id: str
    caption: str
    chosen: bytes
    rejected: bytes
    scores: tuple[float | None, float | None]
    source: str


def pair_samples(scores: Iterable[Mapping[str, Any]], root: str | Path, least: float = 0.0) -> Iterator[Preference]:
    """Pairs of each scene's best and worst picture; of pictures that are as good the first in the list.

    Args:
        scores: One a picture: `id` of its scene, `caption`, `image`, its path below `root`, and `score`, None where it
            has none.
        root: The folder of pictures.
        least: By how much the better one has to be better; pairs that are alike are never made.

    Raises:
        GasError: A picture cannot be read.
    """
    by_scene: dict[str, list[Mapping[str, Any]]] = {}
    for one in scores:
        if one["score"] is not None:
            by_scene.setdefault(one["id"], []).append(one)
    for scene, some in by_scene.items():
        best, worst = max(some, key=_read_score), min(some, key=_read_score)
        gap = best["score"] - worst["score"]
        if gap <= 0 or gap < least:
            continue
        chosen, rejected = (_read_picture(Path(root) / one["image"]) for one in (best, worst))
        yield Preference(scene, best["caption"], chosen, rejected, (best["score"], worst["score"]), "samples")


def _read_score(one: Mapping[str, Any]) -> float:
    return float(one["score"])


def _read_picture(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise GasError(f"{path} cannot be read: {error.strerror}; score the pictures again") from error


Draw = Callable[[str, Mapping[str, Any], int], Image.Image]
"""Makes the picture of a caption and its scene graph by a seed: a renderer, or a model that is good at it."""


def pair_edits(
    rows: Iterable[Mapping[str, Any]], draw: Draw, seed: int = 0, both: bool = True
) -> Iterator[Preference]:
    """Pairs of a scene's picture and that of its edited scene; rows without an edit make none.

    Both pictures are made by the same seed, so that what the edit does not change is mostly alike.

    Args:
        rows: With `id`, `caption`, `scene_graph` and `pair`, as datasets of recipes with `pairs: true` have them.
        draw: Makes pictures.
        seed: Another one gives other pictures.
        both: Whether the edited caption makes a pair as well, with the same two pictures the other way round.

    Raises:
        GasError: Rows have no minimal pairs, or a scene cannot be drawn.
    """
    for row in rows:
        if "pair" not in row:
            raise GasError("the rows have no column `pair`; build them with `pairs: true` in their recipe")
        if (pair := row["pair"]) is None:
            continue
        chance = derive_key(seed, "preference", row["id"]) % 2**31
        scene, edited = (encode_png(draw(one["caption"], one["scene_graph"], chance)) for one in (row, pair))
        source = f"minimal pair: {pair['edit']}"
        yield Preference(row["id"], row["caption"], scene, edited, (None, None), source)
        if both:
            yield Preference(f"{row['id']}/{TURNED}", pair["caption"], edited, scene, (None, None), source)


def draw_sandbox(caption: str, graph: Mapping[str, Any], seed: int) -> Image.Image:
    """The sandbox's renderer, for `pair_edits`."""
    from .sandbox.pictures import draw_scene

    return draw_scene(graph, seed)


def read_iteration(folder: str | Path) -> tuple[list[dict[str, Any]], Path]:
    """What `pair_samples` takes of an iteration of a training of the kind `selection`.

    Args:
        folder: Of the iteration, such as `runs/sandbox_selection/seed_1/top/iteration_1`.

    Returns: Scores, and the folder of pictures.

    Raises:
        GasError: The folder has none of it.
    """
    scores = Path(folder) / "scores" / SCORES
    if not scores.is_file():
        hint = "give an iteration of a training of the kind `selection`, such as seed_1/top/iteration_1"
        raise GasError(f"there is no {scores}; {hint}")
    return read_lines(scores), Path(folder) / "pictures"


def make_preferences(pairs: Iterable[Preference], seed: int = 0) -> Any:
    """A dataset of pairs in the layout of diffusion-DPO's scripts; which picture is the first is drawn by chance.

    Raises:
        GasError: There are no pairs.
    """
    import datasets

    rows = [_describe_pair(pair, seed) for pair in pairs]
    if not rows:
        raise GasError("there are no pairs: no scene has two pictures of unlike scores, and no row an edit")
    return datasets.Dataset.from_list(rows, features=_list_features())


def write_preferences(pairs: Iterable[Preference], folder: str | Path, seed: int = 0) -> Any:
    """Writes a dataset of pairs as `train.parquet` into a folder that `load_dataset` opens, and gives it.

    Raises:
        GasError: There are no pairs, or the folder holds something.
    """
    with fill_folder(Path(folder)) as beside:
        rows = make_preferences(pairs, seed)
        rows.to_parquet(beside / "train.parquet")
    return rows


def _describe_pair(pair: Preference, seed: int) -> dict[str, Any]:
    first = derive_key(seed, "which is first", pair.id) % 2
    pictures, scores = (pair.rejected, pair.chosen), pair.scores[::-1]
    places: Sequence[int] = (first, 1 - first)
    return {
        **{f"jpg_{place}": pictures[one] for place, one in enumerate(places)},
        "label_0": float(first),
        "label_1": float(1 - first),
        "caption": pair.caption,
        "prompt": pair.caption,
        **{f"score_{place}": scores[one] for place, one in enumerate(places)},
        "id": pair.id,
        "source": pair.source,
    }


def _list_features() -> Any:
    import datasets

    kinds = {
        **dict.fromkeys(("jpg_0", "jpg_1"), "binary"),
        **dict.fromkeys(("label_0", "label_1"), "float64"),
        **dict.fromkeys(("caption", "prompt"), "string"),
        **dict.fromkeys(("score_0", "score_1"), "float64"),
        **dict.fromkeys(("id", "source"), "string"),
    }
    return datasets.Features({name: datasets.Value(kind) for name, kind in kinds.items()})
