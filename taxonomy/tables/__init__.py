"""The concepts: tab-separated tables that `build/` makes, and where they come from (`SOURCES.toml`, the notices)."""
