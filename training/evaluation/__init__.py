"""`gas evaluate`: pictures in, a report out.

    backends        who makes pictures: a pipeline of diffusers, a server, a command, the sandbox; or they are there
    files           which picture belongs to which scene: layouts of folders
    making          pictures of all scenes, each by a seed of its own; what was stopped goes on
    scoring         a judge answers, metrics measure; what was stopped goes on
    tables          what an evaluation leaves: answers.parquet, scores.parquet, scenes.parquet, run.json
    captions        scores of captions themselves: perplexity, Vera
    bias            what gender people in pictures seem to have: questions without a right answer
    figures         everything that a report says, computed from these tables
    planning        how many scenes and pictures show a difference
    report          the report for people: in the terminal, and a page
    mining          where a model is weak: a dataset recipe that leans on it
    publishing      results on the Hub: an entry of a model, a run as a dataset
    running         all of it, from a recipe

The command takes `run_evaluation` (`running.py`).
"""
