"""A template is rendered once a structure with placeholders; its output is a program, run for all rows at once.

Others take `Lexicon` (`lexicon.py`), `BlockWords` (`surface_forms.py`), `CaptionWriter` (`captions.py`) and
`load_template` (`templates.py`).
"""
