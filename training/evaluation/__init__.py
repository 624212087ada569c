"""`gas evaluate`: pictures in, a report out. Read from the top, the files are the way from one to the other.

    requests        an evaluation as the command line and Python ask for it
    running         all of it, from a recipe
    backends        who makes pictures: a pipeline of diffusers, a server, a command, the sandbox; or they are there
    making          pictures of all scenes, each by a seed of its own; what was stopped goes on
    files           which picture belongs to which scene: layouts of folders
    opening         opening a picture, a video or a folder of frames
    scoring         a judge answers, metrics measure; what was stopped goes on
    cluster         that on a cluster of Ray
    bias            what gender people in pictures seem to have: questions without a right answer
    captions        scores of captions themselves: perplexity, Vera
    tables          what an evaluation leaves: answers.parquet, scores.parquet, scenes.parquet, run.json
    figures         everything that a report says, computed from these tables
    parting         what is told apart: answers by kind and form, scenes by what is in them
    arrays          the tables of evaluations as arrays; of scenes, `scene_facts`
    wording_figures the same scenes in other words: scores, agreement of answers, orders of models
    hardness        names that wrong answers gather at; `tree_figures`, `bias_figures`, `extremes` and `orders` are
                    further parts of what a report says
    report          the report for people: in the terminal, and a page
    planning        how many scenes and pictures show a difference
    mining          where a model is weak: a dataset recipe that leans on it
    eval_results    the number that stands for a run, as an entry in a model's repository on the Hub
    publishing      a run on the Hub, as a dataset
    results         in Python: `gas.evaluate`
    commands        `gas evaluate` and `gas mine`

Reports need nothing but the tables, so that old results can be reported anew.
"""
