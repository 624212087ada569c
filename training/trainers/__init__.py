"""What trains: a module or a package a kind of training, of the kind's name. Nothing is registered.

A trainer offers

    check(recipe, rows, missing) -> list[Problem]   what is wrong, found before any weight is loaded; rows are None
                                                    where they cannot be had, `missing` has keys of what is not there
    train(recipe, rows, folder, report) -> dict     trains, or goes on; what it returns is written into `run.json`, and
                                                    `held_out`, as `generate.describe_gain` makes it, is shown, and
                                                    so are the lines of `table`
    find_inputs(recipe) -> dict     the models and files that it depends on, (name or path, revision) by key: a stopped
                                                    training goes on with the same ones alone
    prepare(recipe, report)         says what is to be done before it begins, and refuses where something is missing on
                                                    this machine; in dry runs, too; this part may be left out
    COLUMNS     the columns of `data` that it needs
    ALSO        columns that it takes where `data` have them; this part may be left out
    LOG         the file in `folder` that has a line once a step was trained
    RESULTS     the files and folders that it writes into `folder`, and for people, what each is
    ALSO        further columns that it takes where the data have them; it may be left out
    estimate(recipe, rows) -> Estimate      what a training takes, computed without weights; it may be left out
    REQUIRED    the packages that it imports, by the names they are imported by

A kind is complete with `recipes/<kind>.py` (what its recipes may say), a shipped recipe and a section of
`docs/training.md`. `run.py` alone imports trainers, by the recipe's `kind`; what they share stands beside this folder.
"""
