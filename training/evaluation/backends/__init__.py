"""Who makes pictures, a file a backend; `settings.py` has what recipes say of each."""
