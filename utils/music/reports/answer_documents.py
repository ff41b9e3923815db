"""Rows of answers as JSON: the command line, the HTTP API and CSV say the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from utils.models.music_answers import (
    FirstHeard,
    Habit,
    Heard,
    Missing,
    PlaceHeard,
    Span,
    Top,
)

# What a list of the most heard has, and no more unless it is asked for.
BRIEF = ("name", "plays", "minutes")


def columns(row: type[Heard]) -> list[str]:
    """The fields of a row in their order: what it is, how often, how long, then the rest."""
    first = [name for name in ("weekday", "hour", *BRIEF) if name in row.model_fields]
    return [*first, *(name for name in row.model_fields if name not in first)]


def documents(rows: Iterable[Heard], names: Sequence[str]) -> list[dict[str, Any]]:
    """Rows as JSON with these fields; moments are ISO 8601 in UTC."""
    dumped = (row.model_dump(mode="json") for row in rows)
    return [{name: row[name] for name in names} for row in dumped]


TOP, NEW, MISSING = columns(Top), columns(FirstHeard), columns(Missing)
PLACES, TIMELINE, HABITS = columns(PlaceHeard), columns(Span), columns(Habit)
