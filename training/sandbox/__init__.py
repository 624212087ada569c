"""A world of colored shapes: pictures of its scenes, a judge that sees all of them, a model that makes them.

An encoder compares them with captions.
"""
