"""The kinds of questions, a file each, named as the kind is in recipes and rows.

A file has

    ask(context) -> list[Batch]            what is asked about a block of scenes
    FORMS                                  the forms of these questions, as rows have them
    answer_edited(scenes, batch)           the answers to these questions about edited scenes: tokens, or NONE

and asks with the macros of `templates/questions/<kind>.jinja`. Recipes, their schema, cards and tests take the kinds
from this folder, so there is no list to add a kind to.
"""
