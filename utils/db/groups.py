"""Groups of items that pairs of them make, and what a person says of a pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.session import upsert

Decision = Literal["same", "different"]
_SAID = "a person said so"  # evidence of a pair that nothing was measured of


class Joined(Protocol):
    """Two items that are thought to belong together."""

    @property
    def first(self) -> str:
        """The smaller of the two checksums."""

    @property
    def second(self) -> str:
        """The larger one."""

    @property
    def score(self) -> float:
        """How surely, 0 to 1."""

    @property
    def decision(self) -> str | None:
        """``same`` or ``different`` if a person said so."""


def connect(pairs: Sequence[Joined]) -> list[list[str]]:
    """Groups of item ids that pairs connect; never two that a person called different.

    Pairs that a person called the same come first, then by score: where A is not C but B is
    like both, B goes with what it is more like.
    """
    apart = {(pair.first, pair.second) for pair in pairs if pair.decision == "different"}
    groups: dict[str, list[str]] = {}
    joined = sorted(
        (pair for pair in pairs if pair.decision != "different"),
        key=lambda pair: (pair.decision != "same", -pair.score, pair.first, pair.second),
    )
    for pair in joined:
        one = groups.setdefault(pair.first, [pair.first])
        other = groups.setdefault(pair.second, [pair.second])
        if one is other or (apart and _are_apart(one, other, apart)):
            continue
        one.extend(other)
        for item_id in other:
            groups[item_id] = one
    unique = {id(group): sorted(group) for group in groups.values() if len(group) > 1}
    return list(unique.values())


def _are_apart(one: Sequence[str], other: Sequence[str], apart: set[tuple[str, str]]) -> bool:
    return any((min(a, b), max(a, b)) in apart for a in one for b in other)


def say(s: Session, table: Any, one: str, other: str, decision: Decision, **rest: Any) -> None:
    """Keep what a person says of two items, by their checksums, in a table of pairs.

    ``rest`` are the columns of a pair that was not known before.
    """
    said = {"decision": decision, "decided_at": now()}
    s.execute(
        upsert(s)(table)
        .values(
            first_id=min(one, other),
            second_id=max(one, other),
            evidence=_SAID,
            **rest,
            **said,
        )
        .on_conflict_do_update(index_elements=["first_id", "second_id"], set_=said)
    )


def take_back_said(s: Session, table: Any, one: str, other: str) -> None:
    """Take back what a person said of two items; a pair that is there for it alone goes."""
    pair = (table.first_id == min(one, other), table.second_id == max(one, other))
    s.execute(delete(table).where(*pair, table.evidence == _SAID))
    s.execute(update(table).where(*pair).values(decision=None, decided_at=None))
