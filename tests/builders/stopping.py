"""Stops a build in the middle, for tests of what is left of it."""


class StoppedError(Exception):
    pass


def stop_at(rows):
    """Stops a build when so many rows have been reported."""
    total = 0

    def report(done):
        nonlocal total
        total += done
        if total >= rows:
            raise StoppedError

    return report
