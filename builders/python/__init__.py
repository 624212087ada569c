"""What a program or a notebook uses of the engine: recipes, scenes and built folders as Python objects.

    scenes          `Scene`: a row that draws itself
    recipes         `Recipe`: loaded, or made of keywords; its rows in memory
    folders         `build` and its `Build`; `export`, `verify`, `diff`
    glimpses        `scene` and `preview`: one row, or a few, to look at

Nothing here makes rows or files by itself: each function calls what the command of its name does.
"""
