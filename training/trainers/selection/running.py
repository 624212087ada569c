"""From captions to trained models: of each seed the base, and of each arm its iterations.

seed_<n>/base/                    the sandbox's base, in `model/`
seed_<n>/base_<held out>/         the base's evaluation on held-out scenes, as `gas evaluate` leaves one
seed_<n>/mined/                   what the base is weak at: mined.json, and the evaluation that tells
seed_<n>/<arm>/iteration_<n>/     the stages pictures, scores, selected and training, and an evaluation a held-out set
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from ....builders.folder.files import remove_tree, write_text
from ....builders.recipe.yaml_document import Document
from ....errors import GasError
from ...evaluation.backends.folder import FolderBackend
from ...evaluation.backends.loading import open_backend
from ...evaluation.files import find_pictures
from ...evaluation.making import make_pictures
from ...evaluation.mining import mine_runs
from ...evaluation.opening import open_file
from ...evaluation.running import run_evaluation
from ...evaluation.scoring import Picture, open_scorer, score_pictures
from ...evaluation.tables import open_run
from ...fields import Data
from ...json_lines import read_lines, write_lines
from ...pictures import open_picture
from ...recipes.evaluation import Evaluation
from ...recipes.loading import LoadedTraining
from ...recipes.pictures import AnyPictures
from ...recipes.selection import Arm, Selection
from ...reports.comparing import list_lines
from ...stages import Stages, identify_stage
from ...upstream import is_first, wait_for_all
from .captions import lean_data, list_scenes, take_images
from .choosing import Sample, choose_samples
from .comparing import compare_arms
from .drawing import draw_figures
from .students import Student, choose_seed, identify_model, open_student

LOG = "stages.jsonl"
SCORES, METADATA = "scores.jsonl", "metadata.jsonl"


def train(recipe: Selection, rows: Any, folder: Path, report: Callable[[str], None] = print) -> dict[str, Any]:
    """Trains all arms with all seeds, or goes on with what is not there yet.

    Args:
        recipe: One that `recipe_check.check` finds nothing wrong with.
        rows: The recipe's captions; those of arms with their own are opened here.
        folder: Where everything goes.
        report: Takes a line for people, in the main process.

    Returns: For JSON: `models`, the folder of each seed's and arm's last model, and what `compare_arms` finds.

    Raises:
        GasError: A stage cannot be made; what is there stays.
    """
    stages = Stages(folder, folder / LOG, report)
    models = {}
    for seed in recipe.find_seeds():
        work = Work(recipe, stages, folder / f"seed_{seed}", seed, open_student(recipe, seed, report))
        models[str(seed)] = {arm: str(model) for arm, model in work.run().items()}
    wait_for_all()
    compared = compare_arms(recipe, folder)
    table = list_lines(compared)
    if is_first():
        write_text(folder / "table.md", "".join(f"{line}\n" for line in table))
        draw_figures(recipe, folder, compared)
    return {"models": models, **compared, "table": table}


@dataclass(frozen=True)
class Work:
    """What is done with one seed.

    Attributes:
        recipe: What to do.
        stages: Keeps what is done.
        folder: Of the seed.
        seed: The seed.
        student: What learns.
    """

    recipe: Selection
    stages: Stages
    folder: Path
    seed: int
    student: Student

    def run(self) -> dict[str, Path]:
        """Does all of it.

        Returns: The last model of each arm.
        """
        base = self._make_base()
        self._judge(base, self.folder, "base_")
        weak = self._mine(base) if self.recipe.mine else {}
        models = {}
        for name, arm in self.recipe.arms.items():
            data = lean_data(self.recipe, weak) if arm.mined else self.recipe.find_data(arm)
            model = base
            for number in range(self.recipe.iterations):
                folder = self.folder / name / f"iteration_{number + 1}"
                model = self._iterate(arm, data, number, model, folder, choose_seed(self.seed, name, number))
                self._judge(model, folder)
            models[name] = model or folder
        return models

    def _make_base(self) -> Path | None:
        made_from = self.student.describe_base()
        if made_from is None:
            return None
        return self.stages.run(self.folder / "base", made_from, self.student.make_base) / "model"

    def _iterate(self, arm: Arm, data: Data, number: int, model: Path | None, folder: Path, seed: int) -> Path:
        """Makes one iteration of an arm, and gives its model."""
        scenes = list_scenes(self.recipe, data, number)
        said = {"captions": _digest(scenes)}
        if arm.real:
            made_from: dict[str, Any] = {**said, "data": data.model_dump(mode="json", exclude_defaults=True)}
            make = partial(_save_images, take_images(self.recipe, data, number), scenes, self.stages.report)
        else:
            maker = self.recipe.teacher or self.student.open(model)
            # Scenes have seeds of their own; another arm with the same model and captions has the same pictures.
            made_from = {**said, "seed": self.seed, **_describe_maker(maker, self.recipe)}
            make = partial(_make_pictures, self._describe(maker, folder, data), scenes)
        pictures = self.stages.run(folder / "pictures", made_from, make, copies=True)
        judged = self._describe(self.recipe.pictures, folder, data)
        made_from = {**said, "pictures": identify_stage(pictures), **_describe_score(self.recipe)}
        score = partial(_score, judged, scenes, pictures)
        scores = self.stages.run(folder / "scores", made_from, score, copies=True)
        made_from = {"scores": identify_stage(scores / SCORES), "pictures": identify_stage(pictures), "seed": seed}
        made_from |= {"arm": arm.model_dump(mode="json", include={"select", "share", "threshold"})}
        select = partial(_select, arm, pictures, scores, seed)
        selected = self.stages.run(folder / "selected", made_from, select)
        made_from = {"selected": identify_stage(selected), "model": identify_model(model)}
        made_from |= {"training": self.student.describe()}
        training = self.stages.run(
            folder / "training", made_from, lambda where: self.student.train(selected, model, where)
        )
        return training / "model"

    def _judge(self, model: Path | None, folder: Path, prefix: str = "") -> None:
        """Evaluates a model on all held-out scenes."""
        for name, data in self.recipe.held_out.items():
            self._evaluate(self.student.open(model), data, folder / f"{prefix}{name}", identify_model(model))

    def _evaluate(self, maker: AnyPictures, data: Data, folder: Path, model: str | None) -> Path:
        recipe = self._describe(maker, folder, data, one=True)
        made_from = {"model": model, "seed": self.seed, "data": data.model_dump(mode="json", exclude_defaults=True)}
        made_from |= {**_describe_maker(maker, self.recipe), **_describe_score(self.recipe)}

        def evaluate(where: Path) -> None:
            run_evaluation(LoadedTraining(recipe, Document()))

        return self.stages.run(folder, made_from, evaluate)

    def _mine(self, base: Path | None) -> dict[str, float]:
        """Finds the concepts that the base is weak at, beside what it can elsewhere, with how weak it is."""
        assert self.recipe.mine
        data, folder = self.recipe.mine.data, self.folder / "mined"
        own = self._evaluate(self.student.open(base), data, folder / "base", identify_model(base))
        mined = mine_runs(open_run(own))
        weak = {one.name: one.shrunken for one in mined.weak.get("concepts", ())}
        if not weak:
            what = f"{own} shows no concept that the base is weak at"
            raise GasError(f"{what}; give `mine.data` more scenes, or take arms that are not `mined`", exit_status=1)
        if is_first():
            write_text(folder / "mined.json", json.dumps(weak, indent=2) + "\n")
            self.stages.report(f"seed {self.seed}: the base is weak at {', '.join(weak)}")
        return weak

    def _describe(self, maker: AnyPictures, folder: Path, data: Data, one: bool = False) -> Evaluation:
        """What the parts of `gas evaluate` are told."""
        if one and hasattr(maker, "count"):
            maker = maker.model_copy(update={"count": 1})
        return Evaluation(
            name=self.recipe.name,
            kind="evaluation",
            model=folder.relative_to(self.folder).as_posix(),
            data=data,
            pictures=maker,
            prompt=self.recipe.prompt,
            judge=self.recipe.judge,
            by=self.recipe.by,
            metrics=self.recipe.score,
            baselines=False,
            seed=self.seed,
            output=str(folder),
        )


def _describe_maker(maker: AnyPictures, recipe: Selection) -> dict[str, Any]:
    """All that pictures depend on, besides captions and seeds."""
    settings = maker.model_dump(mode="json", exclude_defaults=True, exclude={"batch_size"})
    for key in ("model", "lora", "path"):
        if (name := settings.get(key)) and Path(name).exists():  # what is in it counts, not where it lies
            settings[key] = identify_stage(Path(name))
    return {"maker": {"backend": maker.backend, **settings}, "prompt": recipe.prompt}


def _describe_score(recipe: Selection) -> dict[str, Any]:
    judge = recipe.judge and recipe.judge.model_dump(mode="json", exclude_defaults=True, exclude={"batch_size"})
    return {"score": recipe.score, "judge": judge, "by": recipe.by}


def _digest(scenes: pa.Table) -> str:
    return sha256(json.dumps(scenes.to_pylist(), sort_keys=True, default=str).encode()).hexdigest()


def _make_pictures(recipe: Evaluation, scenes: pa.Table, folder: Path) -> None:
    """Makes pictures into `folder`, or copies those of a folder there."""
    backend = open_backend(recipe.pictures, recipe)
    found = make_pictures(backend, scenes, recipe, folder.parent)
    if isinstance(backend, FolderBackend) and is_first():
        for scene, names in found.pictures.items():
            for number, name in enumerate(names):
                _save_image(open_file(found.root / name), folder / scene / f"{number}.png")


def _save_images(images: Iterator[Any], scenes: pa.Table, report: Callable[[str], None], folder: Path) -> None:
    """Saves the pictures of rows, and tells which cannot be read: these are left out."""
    if not is_first():
        return
    unreadable: dict[str, str] = {}
    for scene, value in zip(scenes["id"].to_pylist(), images, strict=True):
        try:
            _save_image(open_picture(value), folder / f"{scene}.png")
        except GasError as error:
            unreadable[scene] = str(error)
    if unreadable:
        scene, why = next(iter(unreadable.items()))
        report(f"{len(unreadable):,} of {len(scenes):,} pictures are left out, such as that of {scene}: {why}")


def _save_image(image: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def _score(recipe: Evaluation, scenes: pa.Table, pictures: Path, folder: Path) -> None:
    """Scores all pictures that are there into `scores.jsonl`, a line each: `id`, `caption`, `image` and `score`."""
    rows = scenes.to_pylist()
    captions = {row["id"]: row["caption"] for row in rows}
    found = find_pictures(pictures, [row["id"] for row in rows])
    there = [Picture(row, name) for row in rows for name in found.pictures.get(row["id"], ())]
    scorer = open_scorer(recipe, "samples")
    score = partial(scorer.score, root=pictures)
    scored = score_pictures(scorer.identify(), score, there, pictures, folder / "parts")
    if scored is None:
        return
    values = zip(*(scored.scores[name].to_pylist() for name in ("scene", "image", "value")), strict=True)
    lines = [
        {"id": scene, "caption": captions[scene], "image": image, "score": score} for scene, image, score in values
    ]
    write_lines(folder / SCORES, lines)


def read_scores(folder: Path) -> list[Sample]:
    """The scores of a stage.

    Raises:
        GasError: A line is damaged.
    """
    samples = []
    for number, line in enumerate(read_lines(folder / SCORES), start=1):
        try:
            samples.append(Sample(**line))
        except TypeError as error:
            raise GasError(f"{folder / SCORES}:{number}: a line has id, caption, image and score: {error}") from error
    return samples


def _select(arm: Arm, pictures: Path, scores: Path, seed: int, folder: Path) -> None:
    """Copies what is chosen into a folder that any trainer takes: pictures and `metadata.jsonl`."""
    if not is_first():
        return
    chosen = choose_samples(read_scores(scores), arm, seed)
    if not chosen:
        raise GasError(f"no picture of {scores / SCORES} is chosen; is `threshold` too high?", exit_status=1)
    remove_tree(folder)
    folder.mkdir(parents=True)
    lines = []
    for number, one in enumerate(chosen):
        name = f"{number:06}{Path(one.image).suffix}"
        (folder / name).write_bytes((pictures / one.image).read_bytes())
        lines.append({"file_name": name, "caption": one.caption, "id": one.id, "score": one.score})
    write_lines(folder / METADATA, lines)
