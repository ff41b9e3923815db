"""The search index of a site: a script that hands its page all titles and transcripts.

A script and no JSON, because a page that is opened without a server may read no other file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

from utils.distribution.xml_text import line
from utils.models.publishing import Package, Published

_HEAD = b"window.nightshiftIndex = "
# Characters of all transcripts together that a browser loads at once; the longest are cut. Chosen.
MOST_CHARACTERS = 8_000_000


def written(packages: Sequence[tuple[Package, Published]]) -> bytes:
    """The index of all items, in their order."""
    lengths = [sum(len(one.text) for one in package.segments) for package, _ in packages]
    bound = bound_of(lengths, MOST_CHARACTERS)
    entries = [_entry(package, published, bound) for package, published in packages]
    text = json.dumps(entries, ensure_ascii=False, separators=(",", ":"))
    return _HEAD + text.encode() + b";\n"


def bound_of(lengths: Sequence[int], most: int) -> int:
    """How long the longest may be, so that all together are no longer than ``most``."""
    left = most
    for number, length in enumerate(sorted(lengths)):
        share = left // (len(lengths) - number)
        if length > share:
            return share
        left -= length
    return most


def pages_in(data: bytes) -> set[str] | None:
    """The pages that an index names; None if it is none of ours, or damaged."""
    try:
        entries = json.loads(data.removeprefix(_HEAD).rstrip(b";\n"))
        return {unquote(one["u"]) for one in entries}
    except (ValueError, KeyError, TypeError):
        return None


def _entry(package: Package, published: Published, bound: int) -> dict[str, Any]:
    """``t`` title, ``u`` page, ``a`` artist, ``d`` day, ``s`` what is said from which second on,
    ``x`` the rest of the text, ``c`` 1 where not all of it is there.
    """
    said: list[tuple[float, str]] = []
    used = 0
    for one in package.segments:
        used += len(one.text)
        if used > bound:
            break
        if text := line(one.text):
            said.append((round(one.start_seconds, 2), text))
    rest = (package.summary, package.album, package.translation, package.romanisation)
    return {
        "t": line(package.title, 300) or package.item_id[:12],
        "u": quote(published.extra["page"]),
        "a": line(package.artist, 200),
        "d": f"{package.published_at:%Y-%m-%d}",
        "s": said,
        "x": line(" ".join([*filter(None, rest), *package.keywords]), bound),
        "c": int(used > bound),
    }
