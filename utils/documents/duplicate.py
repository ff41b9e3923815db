"""What is there more than once, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from utils.models.fingerprint import Copy, DuplicateGroup, Pair


def document(
    groups: Sequence[DuplicateGroup], exact: Sequence[Copy], dismissed: Sequence[Pair]
) -> dict[str, Any]:
    """Duplicates as the JSON contract of the command has them."""
    return {
        "near": [
            {
                "keep": group.keep.item_id,
                "why_keep": group.why_keep,
                "copies": [_facts(copy) for copy in group.copies],
                "pairs": [pair.model_dump(mode="json") for pair in group.pairs],
            }
            for group in groups
        ],
        "exact": [_facts(copy) for copy in exact],
        "dismissed": [pair.model_dump(mode="json") for pair in dismissed],
    }


def _facts(copy: Copy) -> dict[str, Any]:
    return copy.model_dump(mode="json")


def present(copies: Sequence[Copy]) -> list[Copy]:
    """Those of which several paths still hold a file; others were cleared away."""
    found = (
        copy.model_copy(update={"paths": tuple(path for path in copy.paths if path.exists())})
        for copy in copies
    )
    return [copy for copy in found if len(copy.paths) > 1]
