"""Ragged arrays, randomness by key and position, tables kept on disk. No file here knows of scenes.

Others take `Ragged` (`ragged.py`), `derive_key`, `deal`, `stratify` (`counter_rng.py`), `read_batch` and `keep_batch`
(`disk_cache.py`), `replace_file` (`replacing.py`).
"""
