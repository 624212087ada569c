"""A block as an Arrow table: the dataset's columns.

Others take `schema_of`, `VIEWS` (`schema.py`), `load_checked`, `load_source` (`loading.py`), `create_writer`,
`RowWriter` (`writer.py`), `compute_fingerprint` (`fingerprint.py`), `open_writer`, `write_scene` (`single.py`),
`write_split` (`splits.py`), `find_type_fault` and `find_value_fault` (`soundness.py`).
"""
