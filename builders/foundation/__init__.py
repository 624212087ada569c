"""Ragged arrays, counter-based random numbers, an on-disk cache, requests to the Hub. No file here knows of scenes.

Others take `Ragged`, `offsets_of`, `expand_ranges`, `number_rows`, `pad_lists` (`ragged.py`), `derive_key`, `deal`,
`hash_numbers`, `stratify`, `WINDOW` (`counter_rng.py`), `read_batch`, `keep_batch` (`disk_cache.py`),
`replace_file` (`replacing.py`), `ask` and `explain_hub` (`hub_requests.py`).
"""
