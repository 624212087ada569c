"""Foils (distractors, hard negatives): what is certainly false, because the scene graph is all that the picture shows.

Others take the functions that draw foils (`draw.py` for objects, attributes and scene attributes, `relations.py`),
and `find_facts` (`relation_logic.py`).
"""
