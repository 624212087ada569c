"""Networks that metrics measure with, not through a judge: their options, loading them, pictures in batches.

Importing this module loads neither torch nor transformers.
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...errors import GasError, GasWarning
from ..judges.protocol import Shown
from ..models import choose_device, explain_loading, look_up, name_model
from ..pictures import open_picture
from .protocol import check_option, read_captions

if TYPE_CHECKING:
    from PIL.Image import Image

Dtype = Literal["float32", "bfloat16", "float16"]


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """The options of every metric that loads a network, which it does when it is opened.

    Attributes:
        model: Its name on the Hub, or a folder. Code from the Hub is never run.
        revision: Branch, tag or commit on the Hub.
        device: Where it computes; by default on a GPU, if there is one.
        dtype: In what it computes: `float32`, `bfloat16` or `float16`.
        batch_size: How many pictures it sees at once, which changes no number.

    Raises:
        GasError: The network cannot be loaded, or an option cannot be what it is.
    """

    model: str
    revision: str | None = None
    device: str | None = None
    dtype: Dtype = "float32"
    batch_size: int = 32

    name: ClassVar[str]
    file: ClassVar[str] = "config.json"
    """A file that the model has."""
    extra: ClassVar[str] = "eval"
    """The extra of this package that has what it imports."""
    told: ClassVar[tuple[str, ...]] = ("dtype",)
    """Options that change numbers a little, so that the id tells them where they are not the original's."""
    others: ClassVar[tuple[str, ...]] = ()
    """Options that name further models, of which something is taken."""

    def __post_init__(self) -> None:
        check_option(self.name, "dtype", self.dtype, ("float32", "bfloat16", "float16"))
        if self.batch_size < 1:
            raise GasError(f"{self.name}: batch_size must be at least 1, not {self.batch_size}")
        for option in self.others:
            with explain_loading(self.name, getattr(self, option), extra=self.extra):
                look_up(getattr(self, option))
        with explain_loading(self.name, self.model, self.revision, self.extra):
            look_up(self.model, self.revision)
            self.network  # noqa: B018

    @cached_property
    def network(self) -> Any:
        """What measures, ready on its device."""
        return self.prepare(self.load())

    @abstractmethod
    def load(self) -> Any:
        """Loads what measures."""
        ...

    def prepare(self, network: Any) -> Any:
        return network.to(self.place).eval().requires_grad_(False)

    @cached_property
    def place(self) -> str:
        return choose_device(self.name, self.device)

    @property
    def source(self) -> dict[str, Any]:
        """From where transformers loads; left out, `trust_remote_code` would make it ask on the terminal."""
        return {"revision": self.revision or "main", "trust_remote_code": False}

    @cached_property
    def path(self) -> str:
        """Where `file` of the model is; it is downloaded if need be."""
        from transformers.utils import cached_file

        found: str | None = cached_file(self.model, self.file, revision=self.revision or "main")
        assert found is not None  # or it would have raised
        return found

    @cached_property
    def commit(self) -> str | None:
        """The commit on the Hub that was loaded; None of a folder."""
        from transformers.utils.hub import extract_commit_hash

        found: str | None = extract_commit_hash(self.path, None)
        return found

    def spell_id(self, *choices: str) -> str:
        """The id of a metric: its name, what was chosen, what is not as in the original, and the model."""
        original = type(self)  # a dataclass has its defaults as attributes
        told = [name for name in self.told if getattr(self, name) != getattr(original, name)]
        values = {name: getattr(self, name) for name in told}
        values |= {name: name_model(value) for name, value in values.items() if name in self.others}
        chosen = ",".join([*choices, *values.values()])
        return f"{self.name}{'@' if chosen else ''}{chosen}:{name_model(self.model, self.commit or self.revision)}"

    def load_network(self, kind: str, **options: Any) -> Any:
        """Loads a model by the name of its class in transformers.

        Raises:
            GasError: Some of its weights are not there, which transformers would fill with noise.
        """
        import transformers

        network, report = getattr(transformers, kind).from_pretrained(
            self.model, dtype=self.dtype, output_loading_info=True, **self.source, **options
        )
        # Some kinds have a pooler that only others of their checkpoints fill; no metric reads one.
        self.check_weights([name for name in report["missing_keys"] if not name.startswith("pooler.")])
        return network

    def check_weights(self, missing: Collection[str]) -> None:
        """Refuses a model of which weights are missing.

        Raises:
            GasError: It names one of them.
        """
        if missing:
            what = f"{self.name} cannot use {self.model}: it lacks {len(missing):,} weights, such as {min(missing)}"
            raise GasError(f"{what}; choose a model of the kind of the default one")


def list_frames(shown: Shown) -> Sequence[Image]:
    """The images of what is shown: one, or its frames or views."""
    return shown if isinstance(shown, Sequence) and not isinstance(shown, str | bytes) else [shown]


def measure_frames(
    pictures: Sequence[Shown], batch_size: int, measure: Callable[[list[Image], list[int]], list[float]]
) -> list[float | None]:
    """Measures all frames in batches, and takes the mean over those of each picture.

    Args:
        pictures: Images, or frames or views of each. They are opened a batch at a time.
        batch_size: How many are measured at once.
        measure: Gives a number for each image, told of which pictures they are, counted from 0.

    Returns: One number a picture; None where it has no frame.

    Raises:
        GasError: A picture cannot be read.
    """
    frames = [(place, frame) for place, shown in enumerate(pictures) for frame in list_frames(shown)]
    values: list[list[float]] = [[] for _ in pictures]
    for start in range(0, len(frames), batch_size):
        batch = frames[start : start + batch_size]
        places = [place for place, _ in batch]
        for place, value in zip(places, measure([open_frame(*one) for one in batch], places), strict=True):
            values[place].append(value)
    return [fmean(some) if some else None for some in values]


def measure_beside_captions(
    pictures: Sequence[Shown],
    rows: Sequence[Mapping[str, Any]],
    batch_size: int,
    compare: Callable[[list[Image], list[str]], list[float]],
) -> list[float | None]:
    """Measures frames as `measure_frames` does, each beside the caption of its row.

    Args:
        pictures: Images, or frames or views of each.
        rows: Of each picture, with `caption`.
        batch_size: How many are measured at once.
        compare: Gives a number for each image and its caption.
    """
    return measure_frames(pictures, batch_size, lambda images, places: compare(images, read_captions(rows, places)))


def open_frame(place: int, frame: Image) -> Image:
    """Opens a picture, or says which one cannot be."""
    try:
        return open_picture(frame)
    except GasError as error:
        raise GasError(f"picture {place + 1} of those to be measured: {error}") from error


def measure_cut(tokenizer: Any, texts: Sequence[str], longest: int) -> float:
    """The share of texts that have more tokens than a model reads; 0 without any."""
    lengths = [len(tokens) for tokens in tokenizer(list(texts), verbose=False)["input_ids"]] if texts else []
    return sum(length > longest for length in lengths) / max(1, len(lengths))


def warn_of_cuts(metric: str, longest: int, share: float) -> None:
    if share:
        what = f"{metric} reads {longest} tokens: of {share:.0%} of the captions it does not read the end"
        warnings.warn(what, GasWarning, stacklevel=3)
