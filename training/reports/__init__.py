"""What came out of a training, as pictures."""
