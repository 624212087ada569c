"""A built folder in Croissant, the JSON-LD by which dataset searches and loaders describe data, with its Responsible-AI fields.

Others take `write_croissant` and `CROISSANT`.
"""
