"""What a recipe says and its scenes do not keep, though nothing is wrong with it: mostly pools that are too small."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import make_array
from ...errors import Problem, RecipeError
from ..content.copies import list_numbers
from ..content.filter_report import list_fitting
from ..content.filters import list_fixed_rows
from ..content.plan import Plan
from ..content.pools import number_names
from ..content.scenes import BLOCK, Scenes
from ..content.thin_filters import find_thin_filters
from ..questions.loading import choose_kinds, load_kind
from ..recipe.loading import LoadedRecipe, is_path
from ..recipe.yaml_document import split_place
from ..rows.filtering import RowFilter
from ..rows.writer import RowWriter
from ..structures.bounds import BOUNDS
from ..structures.limits import read_bounds

FEWEST = 20
"""Of so many in a sample one expects to see what there is."""
FEWEST_ANSWERS = {"yes_no": 2, "count": 2}
"""Of what is there once, a picture with two is wrong: zero and one are answers that tell."""
FEWEST_KEPT = 100
"""One of so many rows is kept at least, or else most of a build is for nothing."""
VARIED = 3
"""Answers that questions of other forms have at least."""


def find_weaknesses(loaded: LoadedRecipe, plan: Plan, scenes: Scenes, rows: pa.Table) -> list[Problem]:
    """Says what scenes do not show that a recipe asks for, each with a number and its place.

    Args:
        loaded: The recipe.
        plan: Its plan.
        scenes: A sample of its scenes.
        rows: The rows of these scenes.
    """
    found = [
        *find_thin_filters(plan.recipe, plan.taxonomy, plan.pools),
        *_find_english(loaded),
        *_find_unreached(loaded, plan),
        *_find_unfitting(plan),
        *_find_repeats(plan, scenes),
        *_find_single(plan, scenes),
        *_find_unpaired(plan, rows),
        *_find_formless(loaded),
        *_find_unasked(plan, rows),
    ]
    return list(loaded.locate(RecipeError(found)).problems)


def find_dropped(writer: RowWriter, split: str) -> Iterator[Problem]:
    """Filters that keep next to none of the first block's rows, as far as numbers of rows tell."""
    if writer.plan.recipe.filters:
        kept = int(RowFilter(writer).judge_numbers(split, 0, BLOCK).sum())
        if kept * FEWEST_KEPT < BLOCK:
            message = f"keep {kept} of the first {BLOCK:,} rows of {split}"
            yield Problem(message, key="filters", hint="widen them, or the recipe")


def _find_english(loaded: LoadedRecipe) -> Iterator[Problem]:
    """What says English in a dataset that is said to be in another language."""
    recipe = loaded.recipe
    if recipe.language == "en":
        return
    keys = {
        key if key.startswith("wordings") else f"{key}.template": captions.template
        for key, captions in (recipe.caption_keys | recipe.wording_keys).items()
        if not is_path(captions.template, ".jinja")
    }
    texts = [f"captions by the template `{name}` ({key})" for key, name in keys.items()]
    texts += (
        ["questions by the shipped templates"] if recipe.questions.kinds and not recipe.questions.templates else []
    )
    texts += ["instructions of `edits`"] if recipe.edits else []
    texts += ["paraphrases, which are read by rules of English"] if recipe.paraphrase else []
    if texts:
        hint = "name templates of your own in `captions` and `questions.templates`, or leave `language` out"
        yield Problem(f"`{recipe.language}`, but English are {', '.join(texts)}", key="language", hint=hint)


def _find_unreached(loaded: LoadedRecipe, plan: Plan) -> Iterator[Problem]:
    """Ends of the user's own ranges that no structure reaches; what is inherited is narrowed on purpose."""
    document, stated = loaded.document, read_bounds(plan.recipe)
    for name, bound in BOUNDS.items():
        counts = getattr(plan.structures.table, name, None)
        if counts is None or name not in stated:
            continue
        if document.find_place(split_place(bound.key)).file in document.inherited:
            continue
        (low, high), least, most = stated[name], int(counts.min()), int(counts.max())
        if (low, high) != (least, most):
            message = f"is [{low}, {high}], but no structure that fits has fewer than {least} or more than {most}"
            yield Problem(message, key=bound.key, hint=f"write [{least}, {most}], or widen what else bounds them")


def _find_unfitting(plan: Plan) -> Iterator[Problem]:
    """Kinds that the recipe names, of which nothing goes with any object."""
    content, pools, table = plan.recipe.content, plan.pools, plan.structures.table
    named = (
        ("content.attributes.kinds", content.attributes.kinds, pools.attributes, "attributes", "kind"),
        ("content.relations.categories", content.relations.categories, pools.relations, "relations", "category"),
    )
    for key, kinds, deck, sort, column in named:
        if kinds and getattr(table, sort).any():
            fitting = set(getattr(plan.taxonomy, sort)[column].take(make_array(list_fitting(deck))).to_pylist())
            for kind in kinds:
                if kind not in fitting:
                    message = f"none of the {sort} of `{kind}` goes with any object that is left"
                    yield Problem(message, key=key, hint="leave it out, or allow other objects")


def _find_repeats(plan: Plan, scenes: Scenes) -> Iterator[Problem]:
    """Scenes with two objects of one name, unless a seed graph wants them."""
    seed = plan.recipe.structure.seed_graph
    wanted = [item.concept for item in seed.objects if item.concept] if seed else []
    names = number_names(plan.taxonomy)
    scene = np.repeat(np.arange(len(scenes)), scenes.objects.lengths)
    (once, _) = np.unique(np.stack([scene, names[scenes.objects.values]]), axis=1)
    repeating = int((np.bincount(once, minlength=len(scenes)) < scenes.objects.lengths).sum())
    if repeating and len(set(wanted)) == len(wanted):
        left, most = len(np.unique(names[plan.pools.objects])), int(plan.structures.table.objects.max())
        message = (
            f"{repeating / len(scenes):.1%} of scenes have two objects of one name: there are {left:,} names for up "
            f"to {most} objects of a scene"
        )
        hint = "allow more objects, or lower structure.objects"
        if left >= most:
            hint += ", or set content.objects.distinct: true"
        yield Problem(message, key="content.objects", hint=hint)


def _find_single(plan: Plan, scenes: Scenes) -> Iterator[Problem]:
    """Objects that were to stand for several things and cannot."""
    seed = plan.recipe.structure.seed_graph
    objects = len(scenes.copies) - len(scenes) * (len(seed.objects) if seed else 0)  # a seed graph's are one each
    asked = float((list_numbers(plan.recipe.content.objects.copies) > 1).mean())
    given = float((scenes.copies > 1).sum()) / max(objects, 1)
    if asked * objects >= FEWEST and given < asked / 2:
        message = f"{asked:.1%} of objects were to stand for several things, and {given:.1%} do"
        hint = "allow more objects that can be counted, and relations that several things can have"
        yield Problem(message, key="content.objects.copies", hint=hint)


def _find_unpaired(plan: Plan, rows: pa.Table) -> Iterator[Problem]:
    """Edits that no scene takes."""
    done = set(pc.struct_field(rows["pair"], "edit").to_pylist()) if plan.recipe.pairs else set()
    for edit in plan.recipe.pairs or ():
        if edit not in done:
            message = f"none of {len(rows):,} scenes can be edited by `{edit}`"
            hint = "leave it out, or allow what it changes"
            if plan.recipe.edits:
                hint += ", in objects that an instruction can tell apart"
            yield Problem(message, key="pairs", hint=hint)
    if plan.recipe.edits and done != {None}:
        edits, made = rows["edit"].drop_null(), len(rows) - rows["pair"].null_count
        if len(edits) < made / 2:
            message = f"{made - len(edits):,} of {made:,} edits change no answer, so nothing would prove them"
            yield Problem(message, key="edits", hint="ask more kinds and forms of `questions`")


def _find_formless(loaded: LoadedRecipe) -> Iterator[Problem]:
    """Kinds of questions that a file of the user's own names, and that are asked in none of the forms."""
    questions, place = loaded.recipe.questions, loaded.document.places.get(("questions", "kinds"))
    if questions.forms and place and place.file not in loaded.document.inherited:
        asked, forms = choose_kinds(questions), " or ".join(questions.forms)
        for kind in questions.kinds:
            if kind not in asked:
                hint = f"leave it out, or add one of its forms: {', '.join(load_kind(kind).forms)}"
                yield Problem(f"`{kind}` is never asked as {forms}", key="questions.kinds", hint=hint)


def _find_unasked(plan: Plan, rows: pa.Table) -> Iterator[Problem]:
    """Kinds of questions that are never asked, or have nearly one answer, which a model need not look for."""
    key, table = "questions.kinds", plan.structures.table
    items = pc.list_flatten(rows["questions"])
    asked = pa.table({name: pc.struct_field(items, name) for name in ("kind", "form", "answer")})
    shares: dict[tuple[str, str], dict[str, int]] = {}
    for row in asked.group_by(["kind", "form", "answer"]).aggregate([([], "count_all")]).to_pylist():
        shares.setdefault((row["kind"], row["form"]), {})[row["answer"]] = row["count_all"]
    there = {
        "attribute": table.attributes.any(),
        "relation": table.relations.any(),
        "scene": plan.recipe.content.scene_attributes.count.high or len(list_fixed_rows(plan.recipe, plan.taxonomy)),
    }
    for kind in choose_kinds(plan.recipe.questions):
        if there.get(kind, True) and not any(kind == other for other, _ in shares):
            message = f"no `{kind}` question can be asked about any of {len(rows):,} scenes"
            yield Problem(message, key=key, hint="leave it out, or allow what it asks about")
    for (kind, form), answers in sorted(shares.items()):
        total = sum(answers.values())
        if total >= FEWEST and len(answers) < FEWEST_ANSWERS.get(form, VARIED):
            told = " or ".join(f"`{answer}` ({answers[answer] / total:.0%})" for answer in sorted(answers))
            what = f"`{kind}` questions" + (f" of the form `{form}`" if form != kind else "")
            hint = "allow more concepts, or leave it out"
            yield Problem(f"all {what} are answered {told}", key=key, hint=hint)
