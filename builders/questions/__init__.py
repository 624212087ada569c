"""What is asked, one file a kind, and what can be guessed.

Others take `QuestionWriter` (`writer.py`), `edit_scenes` (`minimal_pairs.py`) and `measure_majority_baseline`
(`majority_baseline.py`).
"""
