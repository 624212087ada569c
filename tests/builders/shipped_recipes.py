"""Shipped recipes by what holds of their scenes."""

from generate_any_scene.builders.recipe.loading import list_recipes

WIDE = [name for name in list_recipes() if name not in ("bias", "everyday", "surreal")]
"""Of scenes of all sorts, dealt as types allow: `bias` has one person beside one thing, and asks after the person
alone; `everyday` draws what is near, and what `surreal` draws need not go together."""
