"""What a recipe may say, and reading one. A recipe is data from strangers: nothing here runs any of it.

    fields            numbers, names and lists that keys take
    structure, content, text, questions, filters
                      what each part of a recipe may say
    model             the whole of it, and its JSON Schema
    networkx_graphs   rows as networkx graphs, and networkx graphs as seeds
    yaml_document     YAML with the place of each value
    validation        what is wrong, where, and the closest valid choice
    loading           recipes by name or path, with what they extend and what overrides them

Others take `Recipe` (`model.py`), `load_recipe`, `LoadedRecipe`, `dump_recipe`, `list_recipes` (`loading.py`) and
`json_schema`.
"""
