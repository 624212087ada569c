"""Who makes pictures, a file a backend; `recipes/pictures.py` has what recipes say of each."""
