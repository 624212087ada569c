"""What a recipe may say, and reading one. A recipe is data from strangers: nothing here runs any of it.

Others take `Recipe` (`model.py`), `load_recipe`, `LoadedRecipe`, `dump_recipe`, `list_recipes` (`loading.py`) and
`json_schema`.
"""
