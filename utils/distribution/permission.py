"""Whether an item may be published now, and why not, in words."""

from __future__ import annotations

from utils.db import publications, publishable
from utils.db.publication_tables import PublicationRow as Row
from utils.db.publishable import ItemState
from utils.db.session import session
from utils.distribution import flaws
from utils.distribution.calls import require_own
from utils.errors import PermanentError

_FORCE = "--force with --reason publishes it all the same."


class NotYetError(PermanentError):
    """The item may not be published now: it waits until it may. ``is_rejected``: it was refused."""

    def __init__(self, message: str, is_rejected: bool = False) -> None:
        super().__init__(message)
        self.is_rejected = is_rejected


def require(row: Row, worker: str) -> None:
    """Go on only with what may be published, or what a person forced and nobody rejected since.

    Raises:
        NotYetError: it may not now.
        PermanentError: its item was forgotten.
    """
    with session() as s:
        known = publishable.item_states(s, [row.item_id]).get(row.item_id)
        if row.forced is not None:
            if not publishable.rejected_since(s, row.item_id, row.wanted_at):
                return
            # The last word is the rejection: from now on it is as any other.
            require_own(publications.change(s, worker, row.id, forced=None))
    why = not_approved(known, row.item_id)
    if why and known is None:
        raise PermanentError(why)
    if why and known:
        raise NotYetError(why, known.approval == "rejected")


def not_approved(known: ItemState | None, item_id: str) -> str | None:
    """Why an item may not be published; None if it may."""
    if known is None:
        return "The item is not known any more."
    if known.approval == "approved":
        why = flaws.not_whole(known)
        if why is None:
            return None
        return f"It is not done: {why}. Once it is done it may be published; {_FORCE}"
    said = {
        "review": "A person has to decide first",
        "rejected": "It is rejected",
        None: "Nobody has judged it yet",
    }.get(known.approval, f"It is {known.approval}")
    reason = (known.reason or "").split(". ")[0].rstrip(". ")
    why = f"{said}: {reason}" if reason else said
    return f"{why}. `nightshift review accept {item_id[:10]}` lets it pass, {_FORCE}"
