"""The commands of the engine, a file for each group that `gas --help` shows.

    build           `gas build`
    describe        `gas describe`
    recipes         what a recipe says and what it makes: init, show, validate, schema, preview
    look            into scenes and built folders: stats, structures, diff, verify
    share           a built folder with others: push, export, decontaminate
    cache           `gas cache`: what is kept on disk to save work
    options         what several of them ask for
    completion      what a shell proposes for it

Each has a Typer of its own, which `cli.py` adds. What a command needs is imported when it runs: `gas --help` is quick.
"""
