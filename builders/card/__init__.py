"""README.md of a built folder: its metadata for the Hub, its tables and its pictures. Others take `write_card`."""
