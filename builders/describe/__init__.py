"""Captions and questions for scene graphs that somebody has: Visual Genome's, GQA's, rows of ours, or one's own.

    spelling        words as others write them -> words that can stand in a sentence
    nouns           what objects are called -> concepts, and tables for words that nobody knows
    modifiers       the same for attributes, predicates and scene attributes
    unknown         words that the taxonomy does not have, for those who want none
    formats         layouts of Visual Genome, GQA, networkx and ours -> words
    scene_graph     one graph as it was given, and from what it can be made
    records         graphs of files, one at a time: arrays, mappings by id, lines, Parquet
    layout          graphs -> numbers of words -> the columns that the engine works on
    alternatives    what is false in the place of words that nobody knows
    naming          all of it: words -> rows of a taxonomy that has them
    structures      the column `structure` of graphs of any size
    writer          graphs -> rows
    describe        captions and questions in memory
    dataset         files -> a dataset folder

Others take `SceneGraph`, `captions` and `questions` (`describe.py`), and `describe_files` (`dataset.py`).
"""
