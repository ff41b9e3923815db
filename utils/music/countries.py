"""Countries by code and name, as ISO 3166-1 has them; all offline."""

from __future__ import annotations

from functools import cache

# Codes that are in use and not in ISO 3166-1 (MusicBrainz, the European Union).
_OTHERS = {"XK": "Kosovo", "XW": "worldwide", "XE": "Europe"}


@cache
def name(code: str) -> str:
    """The usual English name of a country by its alpha-2 code; the code where nobody has one."""
    import pycountry

    found = pycountry.countries.get(alpha_2=code)
    if found is None:
        return _OTHERS.get(code, code)
    return str(getattr(found, "common_name", found.name))


def code(text: str) -> str | None:
    """The alpha-2 code of a country by a code or an English name of it; None if it is none."""
    import pycountry

    wanted = text.strip()
    if wanted.upper() in _OTHERS:
        return wanted.upper()
    by_name = {other.casefold(): one for one, other in _OTHERS.items()}
    if (found := by_name.get(wanted.casefold())) is not None:
        return found
    try:
        return str(pycountry.countries.lookup(wanted).alpha_2)
    except LookupError:
        return None
