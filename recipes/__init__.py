"""Recipes, as YAML: datasets to build, and runs of training and evaluation on them."""
