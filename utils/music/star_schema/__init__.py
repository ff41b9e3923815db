"""Tables of what was heard: made by SQL, tested, swapped in, read."""
