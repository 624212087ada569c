"""`python -m generate_any_scene` is the `gas` command."""

from .cli import main

main()
