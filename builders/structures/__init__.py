"""Every scene graph without content that constraints leave, once; counting and sampling them.

A bound on structures is described in `bounds.py`, once.

Others take `BOUNDS` (`bounds.py`), `read_limits` (`limits.py`), `find_structures` (`cache.py`), `StructureTable`,
`check_limits` (`enumeration.py`) and `plan_structures` (`sampling.py`).
"""
