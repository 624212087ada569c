"""Streams of scenes whose difficulty follows what a training is rewarded with.

    settings   how recipes and programs say which levels are sought
    policies   what is known of each level -> how much of the stream it gets
    history    what was drawn and what it was rewarded with: all that the next scene follows from
    log        the same as JSON Lines, from which a stream goes on, or is replayed
    exchange   rewards of several processes, told to all of them
    following  reward functions that report what they give
    source     where scenes are from: the history, what it is told in between, and the log
    streaming  `gas.stream`: an `IterableDataset`

Importing this loads neither torch nor `datasets`.
"""
