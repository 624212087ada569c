"""The exam of judges: pictures whose truth is known, drawn right and drawn wrong, and what a judge makes of them.

From the top: `shapes.py` draws shapes; `truth.py` answers questions from what is in a picture; `scenes.py` lays scenes
out; `spoiling.py` plants errors; `papers.py` makes the questions of an exam; `judge.py` is the judge that is never
wrong; `figures.py` has what is counted; `sitting.py` asks, `report.py` shows it, `dataset.py` writes an exam down,
`choices.py` as multiple choice, too; `inspect_task.py` is the task of inspect-ai; `baselines.py` measures what needs
no picture.
"""
