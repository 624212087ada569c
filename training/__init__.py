"""The end of the line: what datasets of scenes train."""
