"""`gas serve`: a reward server that knows each prompt's questions, for trainers elsewhere.

Importing this loads no server and no torch.

    settings       how answers count, and how much the server takes at once
    prompts        prompts -> the rows that have their questions
    plain_pickle   plain data out of pickled bytes; nothing in them is run
    requests       what a client asks, and why something is refused
    scoring        pictures and their questions -> scores, in all and by kind
    waiting_line   the pictures that wait: bounded, scored in batches
    dialects       what the clients of trainers send and expect, a file a dialect
    telemetry      counts for /metrics
    app            the web application
    running        start, and a stop that finishes what it has begun
    commands       the command
"""
