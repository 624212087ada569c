"""What came out of a training, as pictures.

Others take `paste_sheet` (`contact_sheet.py`) and `draw_curve` (`curves.py`).
"""
