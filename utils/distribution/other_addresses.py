"""Where else an item is published: what messages and webhooks tell."""

from __future__ import annotations

from utils.db import publications
from utils.db.session import session


def addresses(item_id: str, but: str) -> dict[str, str]:
    """The addresses on the web of an item at other targets, by target."""
    with session() as s:
        rows = publications.of_items(s, [item_id])
    return {
        row.target: row.address
        for row in rows
        if row.target != but and row.address and row.address.startswith(("https://", "http://"))
    }
