"""Finds the packages, which pyproject.toml cannot: this folder is `generate_any_scene`, and holds the others."""

from setuptools import find_packages, setup

ROOT = "generate_any_scene"
FOLDERS = ("builders", "recipes", "taxonomy", "templates", "training")

found = find_packages(include=[*FOLDERS, *(f"{folder}.*" for folder in FOLDERS)])
setup(packages=[ROOT, *(f"{ROOT}.{name}" for name in found)])
