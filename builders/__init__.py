"""The engine: recipes in, datasets out. Read from the top, the folders are the pipeline.

    recipe          what a recipe may say, and reading one
    foundation      ragged arrays, counter-based randomness, the cache on disk
    structures      constraints -> every scene graph without content; counting, caching, sampling them
    content         filters -> pools -> typed decks -> assignment -> scenes
    text            Jinja with placeholders -> programs -> strings; captions
    foils           what is certainly false of a scene
    questions       what is asked, one file a kind; balance, minimal pairs
    rows            a block of scenes as an Arrow table: the dataset's columns
    folder          what lies on disk or in a store
    drawing         SVG of bars, scene graphs and rows; PNG of scene graphs and structures
    card            the dataset card
    build           recipes -> a built folder, by one process or many
    describe        scene graphs that somebody has -> rows, and a folder of them
    inspection      looks at a recipe or a folder; changes nothing
    hub             a built folder on the Hub
    diff            what differs between two datasets
    export          the files of scorers and trainers
    decontaminate   captions that are prompts of a benchmark, and the folder without them
    explorer        a page in the browser: built folders, evaluations
    authoring       what helps to write a recipe: its schema for editors, a file to begin with
    python          what programs and notebooks use: recipes, scenes, built folders as objects
    commands        the command line of all of it

A folder imports those above it, never one below, and `taxonomy`; it imports nothing that trains. `gas.py` is the
builder that `load_dataset("gas", ...)` finds, which the folder is named after; `registration.py` makes it findable.
"""
