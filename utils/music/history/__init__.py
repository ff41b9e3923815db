"""Histories of listening as services export them, and as the known tools write them."""
