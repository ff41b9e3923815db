"""Countries by code and name, as ISO 3166-1 has them; all offline."""

from __future__ import annotations

from functools import cache

# Codes that are in use and not in ISO 3166-1 (MusicBrainz, the European Union).
_OTHERS = {"XK": "Kosovo", "XW": "worldwide", "XE": "Europe"}
# What people say, where ISO 3166-1 has the name of a state or of none.
_USUAL = {
    "BN": "Brunei", "CD": "DR Congo", "CV": "Cape Verde", "FK": "Falkland Islands", "LA": "Laos",
    "PS": "Palestine", "RU": "Russia", "SY": "Syria", "VA": "Vatican City",
}  # fmt: skip


@cache
def name(code: str) -> str:
    """The usual English name of a country by its alpha-2 code; the code where nobody has one."""
    import pycountry

    found = pycountry.countries.get(alpha_2=code)
    if found is None:
        return _OTHERS.get(code, code)
    if code in _USUAL:
        return _USUAL[code]
    return str(getattr(found, "common_name", found.name))


def code(text: str) -> str | None:
    """The alpha-2 code of a country by a code or an English name of it; None if it is none."""
    import pycountry

    wanted = text.strip()
    if wanted.upper() in _OTHERS:
        return wanted.upper()
    by_name = {other.casefold(): one for one, other in (_OTHERS | _USUAL).items()}
    if (found := by_name.get(wanted.casefold())) is not None:
        return found
    try:
        return str(pycountry.countries.lookup(wanted).alpha_2)
    except LookupError:
        return None
