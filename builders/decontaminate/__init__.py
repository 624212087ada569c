"""Captions that are prompts of a benchmark, or nearly, and the folder without them.

Others take `find_contaminated`.
"""
