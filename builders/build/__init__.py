"""Recipes in, folder out: by this process, by several, by a Ray cluster or by Hugging Face Jobs, to the same bytes.

Others take `build_datasets` (`build.py`).
"""
