"""What is asked, one file a kind, and what can be guessed.

`kinds/` has what is asked about each kind of element and the answers about edited scenes, with a template of the same
name in `templates/questions`; `loading.py` the order in which a row has them. `batches.py`, `balance.py` and
`edited_scenes.py` have what kinds share. `aliases.py` finds other wordings of the answers, of any kind.

Others take `QuestionWriter` (`writer.py`), `edit_scenes` (`minimal_pairs.py`) and `measure_majority_baseline`
(`majority_baseline.py`).
"""
