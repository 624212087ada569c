"""A world of colored shapes that is small enough to draw and to judge exactly."""
