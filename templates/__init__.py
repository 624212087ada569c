"""Jinja templates of captions, questions and cards."""
