"""What came out of a training, as pictures and by kind of question.

Others take `break_down` and `list_kinds` (`breakdown.py`), `paste_sheet` and `paste_groups` (`contact_sheet.py`),
`draw_curve` and `draw_curves` (`curves.py`), and `compare_seeds` and `list_lines` (`comparing.py`).
"""
