"""How many tokens a text has for CLIP: its merges (`merges.tsv`), and the counting of them (`counting.py`)."""
