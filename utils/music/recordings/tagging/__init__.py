"""Tags of songs, changed in place of others: all other tags and every byte of sound stay."""
