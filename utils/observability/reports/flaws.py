"""The morning report's section on what is published and should not be as it is."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from utils.distribution import flaws

HEAD = ("item", "target", "what is wrong", "address")
_MOST = 50  # rows that are shown; chosen


class Line(NamedTuple):
    """A publication: its item, its target, what is wrong, where it lies."""

    item: str
    target: str
    flaw: str
    address: str


class Flaws(NamedTuple):
    """What there is, and how many."""

    lines: tuple[Line, ...]
    total: int

    @property
    def sentence(self) -> str:
        """What to do about it, for people."""
        are = "publication is" if self.total == 1 else "publications are"
        return (
            f"{self.total:,} {are} not as they should be: nightshift publications list; "
            "nightshift unpublish ITEM, or publish it again"
        )


def of_library(s: Session, most: int = _MOST) -> Flaws | None:
    """What is wrong now; None where nothing is."""
    found = flaws.of(s)
    if not found:
        return None
    lines = [
        Line(f"{one.item_id[:10]} {one.title}", one.target, one.flaw, one.address)
        for one in found[:most]
    ]
    return Flaws(tuple(lines), len(found))
