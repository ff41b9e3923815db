"""The texts of the pages: all that are marked, and those that somebody forgot to mark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages.extract import DEFAULT_KEYWORDS, extract_python
from jinja2.ext import babel_extract

from nightshift.pages.rendering import FOLDER

TEMPLATES = sorted((FOLDER / "templates").glob("*.j2"))
MODULES = sorted(FOLDER.glob("*.py"))
SCRIPTS = sorted((FOLDER / "static").glob("*.js"))
_OPTIONS = {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true",
            "extensions": "jinja2.ext.i18n,jinja2.ext.do", "silent": "false"}  # fmt: skip
_SHOWN = ("title", "aria-label", "placeholder", "alt", "label", "data-confirm")
# What is the same in every language: names, keys, units, and what machines are told.
_NAMES = re.compile(
    r"\b(?:Night Shift|Ctrl|Esc|Shift|Alt|Enter|Tab|kB|MB|GB|MusicBrainz|Spotify|Last\.fm|"
    r"ListenBrainz|ISRC|YouTube|RSS|URL|HTTP|JSON|CSV|SHA-256|ID|API|USD|CRF|VMAF|cron|English|Deutsch|"
    r"px|kHz|Hz|mm|kbit/s|Mbit/s|LUFS|dBTP|dB|fps|min|[a-z]{2})\b|\S*[/=.]\S+|\S+[/=]"
)


class Text(NamedTuple):
    """A text that is marked for translation; the plural too where there is one."""

    where: str
    singular: str
    plural: str | None


def marked() -> Iterator[Text]:
    """Every text in templates and modules that is looked up in the catalogues."""
    for path in (*TEMPLATES, *MODULES):
        is_template = path.suffix == ".j2"
        with path.open("rb") as file:
            found: Iterator[Any] = (
                babel_extract(file, tuple(DEFAULT_KEYWORDS), [], _OPTIONS)
                if is_template
                else extract_python(file, DEFAULT_KEYWORDS, [], {})
            )
            for line, name, said, _ in list(found):
                texts = said if isinstance(said, tuple) else (said,)
                if texts[0]:
                    plural = texts[1] if name == "ngettext" else None
                    yield Text(f"{path.name}:{line}", texts[0], plural)


def unmarked(path: Path) -> list[str]:
    """English in a template that is not looked up: it would stand on every page as it is."""
    source = path.read_text()
    source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    source = re.sub(r"\{%-?\s*trans.*?endtrans\s*-?%\}", "", source, flags=re.DOTALL)
    source = re.sub(r"(?<=<)\{\{.*?\}\}|(?<=</)\{\{.*?\}\}", "x", source)  # the name of an element
    source = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", source, flags=re.DOTALL)
    seen = _Words()
    seen.feed(source)
    return [text for text in seen.found if re.search(r"[A-Za-z]{2,}", _NAMES.sub(" ", text))]


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._raw = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._raw = tag if tag in {"code", "kbd", "pre", "script", "style"} else ""
        self.found += [value for name, value in attrs if name in _SHOWN and value and value.strip()]

    def handle_endtag(self, tag: str) -> None:
        self._raw = ""

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._raw:
            self.found.append(" ".join(data.split()))


def said_by(path: Path) -> list[str]:
    """English that a script shows: texts come to it in attributes of the page."""
    shown = r"(?:say|confirm|alert|prompt)\(\s*|(?:textContent|innerText|title|ariaLabel)\s*=\s*"
    source = re.sub(r"\$\{[^}]*\}", "", path.read_text())  # what is put into a text
    return re.findall(rf"(?:{shown})([\"'`][^\"'`]*[A-Za-z]{{3,}}[^\"'`]*[\"'`])", source)
