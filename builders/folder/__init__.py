"""A built folder: what is where, whole at every moment.

Others take `Manifest` (`manifest.py`), `Source`, `find_split`, `read_batches` (`reading.py`), `write_text` and
`open_part` (`files.py`).
"""
