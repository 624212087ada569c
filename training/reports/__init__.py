"""What came out of a training, as pictures and by kind of question.

Others take `break_down` (`breakdown.py`), `paste_sheet` (`contact_sheet.py`) and `draw_curve` (`curves.py`).
"""
