"""What differs between two datasets, each a recipe, a folder or a version on the Hub. Others take `compare_sides`."""
