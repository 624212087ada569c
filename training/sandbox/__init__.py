"""A world of colored shapes: pictures of its scenes, a judge that sees all of them, and a model that makes them."""
