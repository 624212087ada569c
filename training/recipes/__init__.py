"""What a training recipe may say, and reading one; nothing here imports torch."""
