"""What words mean, as vectors: `minilm.arrow` has those of the shipped concepts, `encoders.py` makes further ones."""
