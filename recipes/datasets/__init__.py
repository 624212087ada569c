"""Recipes of datasets. Those whose name begins with `_` are parents only."""
