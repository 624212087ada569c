"""Templates of dataset cards."""
