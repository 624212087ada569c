"""What helps to write a recipe: the schema that editors read (`schema.py`), and a file to begin with (`draft.py`)."""
