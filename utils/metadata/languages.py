"""Languages under one code each: ISO 639-1 where there is one, else 639-3."""

from __future__ import annotations

from functools import cache

import pycountry

# ISO 639-2: undetermined, several, none at all, uncoded; and codes for local use.
_NONE = {"", "und", "mul", "zxx", "mis", "qaa", "unknown"}


@cache
def normal(language: str | None) -> str | None:
    """``en`` for en, eng, en-US or English; None for unknown words and codes of no language."""
    said = (language or "").strip().lower().replace("_", "-")
    code = said.partition("-")[0]
    if code in _NONE:
        return None
    if len(code) == 2:
        found = pycountry.languages.get(alpha_2=code)
    elif len(code) == 3:
        found = pycountry.languages.get(alpha_3=code) or pycountry.languages.get(bibliographic=code)
    else:
        found = pycountry.languages.get(name=said.title())
    return None if found is None else str(getattr(found, "alpha_2", found.alpha_3))


def three_letters(language: str | None) -> str:
    """ISO 639-2/B, as containers have it, of an ISO 639-1 code; ``und`` of what nobody knows."""
    found = pycountry.languages.get(alpha_2=language) if language and len(language) == 2 else None
    if found is None:
        return language or "und"
    return str(getattr(found, "bibliographic", None) or found.alpha_3)
