"""A work of several files as JSON."""

from __future__ import annotations

from typing import Any

from utils.models.work import Work


def document(work: Work) -> dict[str, Any]:
    """A work as the JSON contract of the commands has it."""
    return {
        "kinds": [kind.value for kind in work.kinds],
        "what": work.words,
        "evidence": list(work.evidence),
        "members": [member.model_dump(mode="json") for member in work.members],
    }
