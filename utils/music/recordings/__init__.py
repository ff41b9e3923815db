"""Which recordings the files of the library are, and their tags."""
