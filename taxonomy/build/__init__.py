"""Rebuilds the taxonomy's tables from their sources and from the hand-made files in `data/` and `review/`."""
