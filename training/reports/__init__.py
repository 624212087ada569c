"""What came out of a training, as pictures and by kind of question.

Others take `break_down` (`breakdown.py`), `paste_sheet` and `paste_models` (`contact_sheet.py`), `draw_curve` and
`draw_models` (`curves.py`) and `draw_table` (`markdown.py`).
"""
