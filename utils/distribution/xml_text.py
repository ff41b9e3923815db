"""A stranger's text, fit to stand in XML and in HTML."""

from __future__ import annotations

import re

from utils.models.sanitize import unmarked

# What XML 1.0 has no place for beside control characters and lone surrogates.
_NO_CHARACTERS = re.compile("[\ufffe\uffff]")


def plain(text: str | None, most: int = 0) -> str:
    """``text`` without what no XML may hold; on ``most`` characters it is cut, 0 is no bound."""
    fit = _NO_CHARACTERS.sub("", unmarked(text or "")).strip()
    return fit if not most or len(fit) <= most else fit[: most - 1].rstrip() + "…"


def line(text: str | None, most: int = 0) -> str:
    """The same on one line, for titles and names."""
    return plain(" ".join(unmarked(text or "").split()), most)


def paragraphs(text: str | None) -> list[str]:
    """The paragraphs of a text, each on one line."""
    return [
        found for part in re.split(r"\n\s*\n", plain(text)) if (found := " ".join(part.split()))
    ]
