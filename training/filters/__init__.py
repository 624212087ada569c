"""What scores captions for the `filters` of a dataset recipe, a file a score, which has the name of the recipe's key.

A score's file has two functions, which take what the recipe says of the model (`model`, `revision`, `dtype`, `label`)

    check_score    refuses what cannot be opened here, before anything is built; loads no weights
    open_score     loads the model, and gives what has an `id`, which tells the model and its revision, and
                   `score(captions)`: one number a caption, None where there is none

Importing a file loads no torch. The engine finds them by name (`builders/rows/filtering.py`); nothing here is imported
by it before a recipe asks for it.
"""
