"""Spotify: the login, the tokens, what was played, and what Spotify says of it."""
