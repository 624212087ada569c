"""Foils (distractors, hard negatives): what is certainly false, because the scene graph is all that the picture shows.

Others take `sample_foil_objects`, `sample_foil_attributes`, `sample_foil_scene_attributes`, `SceneKin`
(`draw.py`), `find_kinship`, `list_lineages` (`kinship.py`), `sample_foil_relations`, `sample_foil_targets`, `can_turn`
(`relations.py`), `find_facts` and `read_logic` (`relation_logic.py`).
"""
