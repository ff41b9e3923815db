"""The pages speak German wherever they speak English."""

from __future__ import annotations

import re
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from nightshift.pages import texts
from nightshift.pages.formats import Formats
from tests import page_texts
from utils.models.page_settings import LANGUAGES

_PLACES = re.compile(r"%\((\w+)\)[sd]")
OTHERS = [one for one in LANGUAGES if one != LANGUAGES[0]]


def _catalogues(language: str) -> dict[str, Catalog]:
    found = {}
    for path in sorted((texts.FOLDER / language).glob("*.po")):
        with path.open("rb") as file:
            found[path.name] = read_po(file, locale=language, abort_invalid=True)
    return found


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_has_its_translation_and_nothing_else_has(language: str) -> None:
    known: dict[str, str] = {}
    for name, catalogue in _catalogues(language).items():
        assert not catalogue.obsolete, f"{name} has entries that are commented out"
        for message in catalogue:
            single = message.id if isinstance(message.id, str) else message.id[0]
            if single:
                assert not message.fuzzy, f"{name}: {single!r} is not sure"
                known[single] = name
    marked = {text.singular: text for text in page_texts.marked()}
    missing = [text.where + ": " + single for single, text in marked.items() if single not in known]
    assert missing == []
    assert [f"{name}: {one}" for one, name in known.items() if one not in marked] == []


@pytest.mark.parametrize("language", OTHERS)
def test_translations_are_whole(language: str) -> None:
    wrong = []
    for name, catalogue in _catalogues(language).items():
        for message in catalogue:
            if not message.id:
                continue
            asked = (message.id,) if isinstance(message.id, str) else message.id
            given = (message.string,) if isinstance(message.string, str) else message.string
            places = set(_PLACES.findall(" ".join(asked)))
            is_whole = len(given) == len(asked) and all(given)
            kept = all(set(_PLACES.findall(one)) <= places for one in given) and (
                set(_PLACES.findall(given[-1])) == set(_PLACES.findall(asked[-1]))
            )
            if not (is_whole and kept):
                wrong.append(f"{name}: {asked[0]!r} is {given}")
    assert wrong == []


def test_a_text_means_the_same_on_all_pages() -> None:
    found: dict[str, set[object]] = {}
    for language in OTHERS:
        for catalogue in _catalogues(language).values():
            for message in catalogue:
                if message.id:
                    found.setdefault(str(message.id), set()).add(str(message.string))
    assert {asked: given for asked, given in found.items() if len(given) > 1} == {}


def test_templates_say_nothing_that_is_not_looked_up() -> None:
    said = {path.name: page_texts.unmarked(path) for path in page_texts.TEMPLATES}
    assert {name: texts for name, texts in said.items() if texts} == {}


def test_scripts_have_their_texts_from_the_page() -> None:
    said = {path.name: page_texts.said_by(path) for path in page_texts.SCRIPTS}
    assert {name: texts for name, texts in said.items() if texts} == {}


def test_days_are_written_as_in_the_country_of_the_browser() -> None:
    assert texts.regional("en", "de-AT, en-gb;q=0.9, en-US;q=0.5") == "en_GB"
    assert texts.regional("de", "en-GB, de-AT;q=0.5") == "de_AT"
    assert texts.regional("en", "en-XX, ../../en-GB, *") == "en"
    day = date(2026, 5, 1)
    assert Formats("en_GB", ZoneInfo("UTC")).day(day) == "1 May 2026"
