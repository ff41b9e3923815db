"""Which objects of a source are meant: globs over their keys, as people know them from shells."""

from __future__ import annotations

import re
from functools import lru_cache


def matches(key: str, pattern: str | None) -> bool:
    """True if ``pattern`` means the object; without one all are meant.

    ``*`` and ``?`` stop at a slash, ``**/`` is any number of folders, ``[ab]`` one of these. A
    pattern without a slash is held against the name alone. Case counts for nothing.
    """
    if not pattern:
        return True
    is_of_names = "/" not in pattern
    return bool(_compiled(pattern).fullmatch(key.rpartition("/")[2] if is_of_names else key))


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]|.", pattern.removeprefix("/"), re.DOTALL)
    return re.compile("".join(map(_translated, parts)), re.IGNORECASE | re.DOTALL)


def _translated(part: str) -> str:
    fixed = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if part in fixed:
        return fixed[part]
    if len(part) == 1:
        return re.escape(part)
    inner = part[1:-1].replace("\\", r"\\").replace("[", r"\[")
    one_of = f"(?!/)[{'^' + inner[1:] if inner.startswith('!') else inner}]"
    try:
        re.compile(one_of)
    except re.error:  # a range that runs backwards: its signs themselves
        return re.escape(part)
    return one_of
