"""Fixtures of a Hub on loopback."""

from hub_fixtures import connect, hub  # noqa: F401
