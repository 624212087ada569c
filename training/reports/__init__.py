"""What came out of a training, as pictures and by kind of question.

Others take `break_down` and `list_kinds` (`breakdown.py`), `paste_sheet` and `paste_models` (`contact_sheet.py`),
`draw_curve`, `draw_curves` and `draw_models` (`curves.py`), `compare_seeds` and `list_lines` (`comparing.py`), and
`draw_table` (`markdown.py`).
"""
