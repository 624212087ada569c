"""`gas.stream`: an `IterableDataset` of scenes whose difficulty follows what a training is rewarded with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, overload

import datasets
from datasets.iterable_dataset import ExamplesIterable

from ...builders.python.recipes import Recipe, load
from ...builders.recipe.fields import show
from ...builders.recipe.validation import validate
from ...builders.recipe.yaml_document import Document
from ...builders.rows.by_level import LevelReader
from ...builders.rows.filtering import refuse_filters
from ...builders.rows.fingerprint import compute_fingerprint
from ...builders.rows.writer import RowWriter, create_writer
from ...errors import GasError
from ..upstream import is_first
from .exchange import Told
from .following import Following, follow
from .history import Draw, History
from .log import VERSION, cut_off, read_log, write_line
from .policies import Level, Policy, open_policy
from .settings import CurriculumSettings
from .source import MakeRow, Source, read_reward

if TYPE_CHECKING:
    from ...builders.python.recipes import RecipeKeys

TEXTS = ("id", "prompt", "caption", "questions", "scene_graph")
LEVELS = {"levels": 3}
"""What a recipe without levels gets."""


class Stream(datasets.IterableDataset):
    """Scenes without end, of which the next one's level follows what those before it were rewarded with.

    `stream` makes one. Reading it again begins at its first scene again: what was drawn once stays as it is.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        texts = {name: datasets.Value("string") for name in TEXTS}
        features = datasets.Features({**texts, "level": datasets.Value("int64")})
        split = datasets.NamedSplit(source.reader.split)
        super().__init__(_Scenes(source), datasets.DatasetInfo(features=features), split)

    @overload
    def follow(self, rewards: Callable[..., Any], weights: None = None) -> Following: ...
    @overload
    def follow(
        self, rewards: Sequence[Callable[..., Any]], weights: Sequence[float] | None = None
    ) -> list[Following]: ...
    def follow(self, rewards: Any, weights: Sequence[float] | None = None) -> Any:
        """Makes reward functions report what they give, so that the stream can follow it.

        In a group of processes all of them are told what each of them has rewarded.

        Args:
            rewards: A function as TRL's `reward_funcs` takes it, or a list of those that count together; others, of
                which the stream knows nothing, may stand beside them.
            weights: How much each of several counts, as `GRPOConfig.reward_weights` has it; all alike without them.

        Returns:
            A function, or a list of them, for `reward_funcs`.

        Raises:
            GasError: One is no function, or there are not as many weights.
        """
        several = list(rewards) if isinstance(rewards, list | tuple) else [rewards]
        given = [1.0] * len(several) if weights is None else [float(weight) for weight in weights]
        if not several or len(given) != len(several):
            raise GasError(f"follow: {len(given)} weights for {len(several)} rewards; give one for each")
        followed = [follow(one, number, self._source.enter) for number, one in enumerate(several)]
        self._source.weights = given
        return followed if isinstance(rewards, list | tuple) else followed[0]

    def report(self, ids: Sequence[str], rewards: Sequence[float | None], step: int = 0) -> None:
        """Tells the stream what pictures were rewarded with, in a loop of one's own; `follow` does that by itself.

        Args:
            ids: Of each picture, the `id` of its scene. All pictures of a scene are reported before the next scene is
                read; what is reported of it later does not count.
            rewards: Of each picture; None where it has none.
            step: Of the training, for the log.

        Raises:
            GasError: There are not as many rewards as ids, or one is no number.
        """
        if len(ids) != len(rewards):
            raise GasError(f"report: {len(rewards)} rewards for {len(ids)} ids; give one for each")
        pairs = zip(ids, rewards, strict=True)
        self._source.told += [Told(str(one), int(step), read_reward(reward)) for one, reward in pairs]

    def settle(self) -> None:
        """Enters what was reported since the last scene was read, at the end of a training; all processes call it."""
        self._source.hear()

    @property
    def levels(self) -> tuple[Level, ...]:
        """What is known of each level of difficulty, since a scene was read last."""
        return tuple(self._source.history.levels)

    @property
    def drawn(self) -> tuple[Draw, ...]:
        """All scenes that were drawn so far."""
        return tuple(self._source.history.draws)

    def shuffle(self, *arguments: Any, **options: Any) -> Stream:
        """The stream as it is: its scenes are mixed, and a buffer that reads ahead would keep rewards from it."""
        return self


class _Scenes(ExamplesIterable):
    """What a stream yields, from the place on that a state names; there is one order, and no shards."""

    def __init__(self, source: Source) -> None:
        super().__init__(source.read_from, {})
        self.source = source

    def _init_state_dict(self) -> dict[str, Any]:
        state: dict[str, Any] = {"place": 0, "type": type(self).__name__}
        self._state_dict = state
        return state

    def __iter__(self) -> Iterator[tuple[int, dict[str, Any]]]:
        place = self._state_dict["place"] if self._state_dict else 0
        for row in self.source.read_from(place):
            place += 1
            if self._state_dict:
                self._state_dict["place"] = place
            yield place - 1, row

    @property
    def num_shards(self) -> int:
        return 1

    def shuffle_data_sources(self, generator: Any) -> _Scenes:
        return self

    def shard_data_sources(self, num_shards: int, index: int, contiguous: bool = True) -> _Scenes:
        return self


def stream(
    recipe: str | PathLike[str] | Recipe,
    split: str | None = None,
    *,
    policy: str | Mapping[str, Any] | Policy | None = None,
    log: str | PathLike[str] | None = None,
    replay: str | PathLike[str] | None = None,
    **overrides: Unpack[RecipeKeys],
) -> Stream:
    """Makes a stream of scenes whose difficulty follows what a training is rewarded with.

    The scenes are those that `recipe` with `difficulty` has, each once and in another order. Rows have what TRL's GRPO
    and `rewards` need: `id`, `prompt`, `caption`, `questions` and `scene_graph` in JSON, and `level`, from 1.

    >>> from generate_any_scene import stream
    >>> scenes = stream("sandbox", policy="uniform")
    >>> [scene["level"] for scene in scenes.take(4)]
    [1, 2, 3, 1]

    Args:
        recipe: Name of a shipped recipe, path of one's own, or a `Recipe`; without `difficulty` it gets three levels.
        split: A split; without it the recipe's first.
        policy: `uniform`, `target` or `spread`, the default; a mapping with `policy` and other keys, as `curriculum`
            of a training has it; or a function of the levels (`training.curriculum.policies.Level`) that gives a
            weight for each.
        log: A file for all that is drawn and reported, JSON Lines. If it is there, the stream goes on from it.
        replay: The log of another stream, to read the same scenes in the same order, whatever they are rewarded with.
        overrides: Override the recipe's keys of these names: `difficulty={"levels": 5}`.

    Raises:
        RecipeError: With all of the recipe's mistakes, or the policy's.
        GasError: There is no such recipe or split, its levels cannot be chosen from, or a log is of another stream.
    """
    made = recipe if isinstance(recipe, Recipe) else Recipe.load(recipe, **overrides)
    if isinstance(recipe, Recipe) and overrides:
        made = Recipe(recipe, **overrides)
    if made.to_dict().get("difficulty") is None:
        made = Recipe(made, difficulty=LEVELS)
    if replay is not None and policy is not None:
        raise GasError("`replay` draws what its log has, and no policy chooses; leave `policy` or `replay` out")
    chosen = next(iter(made.splits)) if split is None else split
    logs = (None if path is None else Path(path) for path in (log, replay))
    return open_stream(create_writer(load(made)), chosen, policy, make_row, *logs)


def make_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row as TRL takes it, with lists as JSON: numbers in lists it would send to the device."""
    nested = {name: json.dumps(row[name]) for name in ("questions", "scene_graph")}
    return {"prompt": row["caption"], "caption": row["caption"], **nested}


def open_stream(
    writer: RowWriter,
    split: str,
    policy: str | Mapping[str, Any] | Policy | CurriculumSettings | None,
    make_row: MakeRow,
    log: Path | None = None,
    replay: Path | None = None,
) -> Stream:
    """Opens a stream of the scenes of a recipe, whose levels it has; see `stream`."""
    refuse_filters(writer.plan.recipe, "train on the folder")
    reader, settings = LevelReader(writer, split), _read_settings(policy)
    known = [Level(number) for number in range(1, reader.count + 1)]
    chooses = policy if callable(policy) else open_policy(settings)
    history = History(known, chooses, settings.least, settings.memory)
    named = getattr(policy, "__name__", type(policy).__name__) if callable(policy) else settings.model_dump()
    head = {
        "stream": VERSION,
        "recipe": writer.plan.recipe.name,
        "split": split,
        "fingerprint": compute_fingerprint(writer),
        "levels": reader.count,
        "policy": "replay" if replay else named,
    }
    planned = None
    if replay is not None:
        if log is not None and log.absolute() == replay.absolute():
            raise GasError(f"{log} cannot be replayed and written at once; give `log` another file")
        planned = [event for event in _read_events(replay, {**head, "policy": None}) if isinstance(event, Draw)]
    if log is not None and log.exists() and log.stat().st_size:
        if is_first():
            cut_off(log)
        for event in _read_events(log, head):
            history.take(event) if isinstance(event, Draw) else history.add(event)
        if planned is not None and history.draws != planned[: len(history.draws)]:
            raise GasError(f"{log} has other scenes than {replay}, so it is no replay of it; give another file")
    elif log is not None and is_first():
        write_line(log, head)
    return Stream(Source(reader, history, make_row, log, planned))


def _read_settings(policy: Any) -> CurriculumSettings:
    """What a policy's name or mapping says; for a function, what is not its own."""
    if policy is None or callable(policy):
        return CurriculumSettings()
    if isinstance(policy, CurriculumSettings):
        return policy
    if not isinstance(policy, str | Mapping):
        raise GasError(f"`policy` must be a name, a mapping or a function, not {show(policy)}")
    return validate(CurriculumSettings, Document({"policy": policy} if isinstance(policy, str) else dict(policy)))


def _read_events(path: Path, head: Mapping[str, Any]) -> list[Any]:
    """Reads a log, and refuses that of another stream.

    Raises:
        GasError: It is no log, or of other scenes or another policy; what is None in `head` may be anything.
    """
    found, events = read_log(path)
    for key, value in head.items():
        if value is not None and found.get(key) != value:
            what = f"{path} is the log of another stream: its {key} is {show(found.get(key))}, not {show(value)}"
            raise GasError(f"{what}; open it with the same recipe and settings, or give another file")
    return events
