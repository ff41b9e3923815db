"""What travels between steps: frozen pydantic models, units in their names, None for unknown."""
