"""The texts of the pages in people's languages: gettext catalogues, read as they are written.

English is the language of the templates; `locale/de/NAME.po` has the German of the page NAME.
There is no build step: a catalogue of some hundred texts is compiled in milliseconds, once.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.core import negotiate_locale
from babel.localedata import locale_identifiers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from utils.models.page_settings import LANGUAGES

FOLDER = Path(__file__).parent / "locale"
_MOST_WANTED = 10  # languages of a browser that are looked at


@cache
def catalogue(language: str) -> NullTranslations:
    """All texts of one of `LANGUAGES`."""
    found = Translations()
    for path in sorted((FOLDER / language).glob("*.po")):
        with path.open("rb") as file:
            texts = read_po(file, locale=language)
        compiled = BytesIO()
        write_mo(compiled, texts)
        compiled.seek(0)
        found.merge(Translations(compiled))
    return found


def chosen(wanted: str | None, accepted: str) -> str:
    """The language for somebody: the one that they set, else the best that a browser accepts.

    Args:
        wanted: What the person set; None for nothing.
        accepted: The header Accept-Language.
    """
    if wanted in LANGUAGES:
        return wanted
    return negotiate_locale(_by_weight(accepted), LANGUAGES, sep="-") or LANGUAGES[0]


def regional(language: str, accepted: str) -> str:
    """A language with the country that a browser asks for it in: en_GB; else the language alone."""
    for name in _by_weight(accepted):
        if name.partition("-")[0].lower() == language and (found := _known(name)):
            return found
    return language


@cache
def _locales() -> dict[str, str]:
    return {name.replace("_", "-").lower(): name for name in locale_identifiers()}


def _known(name: str) -> str | None:
    return _locales().get(name.lower())


def _by_weight(accepted: str) -> list[str]:
    weighed: list[tuple[float, str]] = []
    for one in accepted.split(",")[:_MOST_WANTED]:
        name, _, weight = one.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), name))
        except ValueError:
            continue
    return [name for weight, name in sorted(weighed, key=lambda one: one[0]) if weight < 0]
