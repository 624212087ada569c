"""Recipes that lack this or that of a scene, drawn at random."""

import random

from generate_any_scene.builders.questions.loading import load_kind
from generate_any_scene.builders.recipe.questions import QUESTION_KINDS


def draw_choices(draw, most):
    """Draws kinds of questions, maybe none, and forms in which some of them are asked, none of the forms in vain."""
    kinds = draw.sample(QUESTION_KINDS, draw.randint(0, most))
    known = sorted({form for kind in kinds for form in load_kind(kind).forms})
    return kinds, draw.sample(known, draw.randint(1, len(known))) if known else ["open"]


def draw_overrides(seed, number):
    """Overrides of `multi_object` by the names of recipes: no attributes or relations, few questions, pairs."""
    draw, drawn = random.Random(seed), {}
    for place in range(number):
        kinds, forms = draw_choices(draw, most=3)
        drawn[f"drawn_{place}"] = (
            f"structure.attributes={draw.choice([0, 2])}",
            f"structure.relations={draw.choice([0, 1])}",
            "structure.complexity=[1, 9]",
            f"content.scene_attributes.count={draw.randint(0, 2)}",
            f"questions={{kinds: [{', '.join(kinds)}], forms: [{', '.join(forms)}]}}",
            f"pairs={draw.choice(['true', 'false'])}",
        )
    return drawn
