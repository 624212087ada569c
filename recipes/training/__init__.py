"""Recipes of trainings: `gas train NAME`."""
