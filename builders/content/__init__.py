"""Which concepts a recipe leaves, what goes with what, and who gets what: `Scenes`.

Others take `Plan`, `plan_scenes` (`plan.py`), `draw_block` (`draw.py`), `Scenes`, `BLOCK`, `list_blocks` (`scenes.py`)
and `count_filtered` (`filter_report.py`).
"""
