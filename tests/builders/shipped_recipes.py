"""Shipped recipes by what holds of their scenes."""

from generate_any_scene.builders.recipe.loading import list_recipes

WIDE = [name for name in list_recipes() if name != "bias"]
"""Of scenes of all sorts: `bias` has one person beside one thing, and asks after the person alone."""
