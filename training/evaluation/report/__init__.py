"""The report for people, from the content of report.json (`figures.py`) alone; what that lacks is left out.

    numbers         how many digits numbers have
    marks           marks and curves on an axis, as SVG that is as wide as the page lets it be
    blocks          what a report is made of: tables, curves, a tree, pictures
    reading         looking things up in report.json, and what they are called
    groups          its tables of groups, as tables, curves and a tree
    sections        its parts
    words           what it says in sentences
    cards           a picture beside its answers and its scene graph
    page            report.html, by the templates beside it
    terminal        tables in a terminal

Others take `write_page` (`page.py`) and `make_tables` (`terminal.py`).
"""
