"""Stops a build in the middle and compares folders, for tests of what is left of it."""

import hashlib


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


def hash_files(folder):
    """SHA-256 of every file of a folder, on a disk or in a store."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
