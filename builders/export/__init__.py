"""A split in the files of a scorer or a trainer. Others take `export_split`."""
