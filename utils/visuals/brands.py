"""Whose colours and name stand on what is drawn: those of the house rules for an item's source."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from utils.config import Settings
from utils.db import source_reports
from utils.db.session import session
from utils.models.item import MediaItem
from utils.rules import house_rules


class Brand(NamedTuple):
    """``colours``: ``#RRGGBB``, the main one first; empty, and no name, where no rules say so."""

    colours: tuple[str, ...]
    name: str | None


def of_item(item: MediaItem, settings: Settings) -> Brand:
    """The brand of the item's source."""
    with session() as s:
        source = source_reports.name_of_item(s, item.item_id, item.path)
    house = house_rules.for_source(house_rules.load(settings), source)
    return Brand(house.brand_colours, house.brand)


def digest(settings: Settings) -> str:
    """A hash of all brands of the house rules: part of the key of what is drawn."""
    rules = house_rules.load(settings)
    houses = [house_rules.for_source(rules, name) for name in (None, *sorted(rules.sources))]
    looks = [(house.brand, house.brand_colours) for house in houses]
    return hashlib.sha256(json.dumps(looks).encode()).hexdigest()[:16]
