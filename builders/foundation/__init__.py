"""Ragged arrays, counter-based random numbers, an on-disk cache. No file here knows of scenes.

Others take `Ragged` (`ragged.py`), `derive_key`, `deal`, `stratify` (`counter_rng.py`), `read_batch` and `keep_batch`
(`disk_cache.py`), `replace_file` (`replacing.py`).
"""
