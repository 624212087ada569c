"""Captions and questions for scene graphs that somebody has: Visual Genome's, GQA's, rows of ours, or one's own.

    scene_graph     one graph as it was given, and from what it can be made
    records         graphs of files, one at a time: arrays, mappings by id, lines, Parquet
    spelling        words as others write them -> words that can stand in a sentence
    vocabulary      every distinct word of some graphs, numbered
    nouns           what objects are called -> concepts, and tables for words that nobody knows
    modifiers       the same for attributes, predicates and scene attributes
    naming          all of it: words -> rows of a taxonomy that has them
    layout          graphs -> the columns that the engine works on
    clauses         captions of graphs of which no two have one structure
    contradictions  relations that cannot all hold
    writer          graphs -> rows
    describe        captions and questions in memory
    dataset         files -> a dataset folder

Others take `SceneGraph`, `write_captions` and `write_questions` (`describe.py`), and `describe_files` (`dataset.py`).
"""
