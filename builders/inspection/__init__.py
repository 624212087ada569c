"""Looks at a recipe or a folder; changes nothing.

Others take `preview_rows` (`preview.py`), `verify_folder` (`verification.py`) and `measure_evenness` (`evenness.py`).
"""
