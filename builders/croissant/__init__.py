"""A built folder in Croissant, JSON-LD that describes data for searches and loaders, with its Responsible-AI fields.

Others take `write_croissant` and `CROISSANT`.
"""
