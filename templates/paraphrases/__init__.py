"""Caption templates, one a file."""
