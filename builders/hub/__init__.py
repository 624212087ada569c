"""A built folder on the Hub: one commit, tagged by its version. Others take `push_folder`."""
