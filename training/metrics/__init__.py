"""What a model is measured by, a file a metric: the file has the metric's name, and nothing is registered.

A metric's file has a frozen dataclass `Metric`. Its fields are its options, and it has (`protocol.py`)

    needs      what it measures: `answers` of a judge, `pictures`, or `sets` of pictures of one scene
    id         what tells its number from any other: its name, `@` and the options that change it, `:` and the model
               that it asks with its revision, as in `vqascore@yes-no:Qwen/Qwen3-VL-8B-Instruct#<revision>`; to one
               that measures answers, `name_score` (`loading.py`) adds the judge and how it was asked
    measure    gives one number a picture, or a set; None where the metric does not apply, as without questions

and the file's docstring has four paragraphs that begin with `Source:`, `Formula:`, `Range:` and `Blind to:`.

Others take `measure_mean` and `compare_means` (`intervals.py`).
"""
