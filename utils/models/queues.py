"""The work queues of the pool, by their names."""

from typing import Literal

Queue = Literal["default", "high-memory"]
DEFAULT: Queue = "default"
HIGH_MEMORY: Queue = "high-memory"
