"""Subtitles of a package as WebVTT, a file a language."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pycountry
from pysubs2 import SSAFile
from pysubs2.exceptions import Pysubs2Error

from utils.errors import from_os_error
from utils.metadata import languages
from utils.models.publishing import Package, PackageFile
from utils.models.transcript import Transcript
from utils.subtitles.document import Document, rendered

_HEAD = "WEBVTT"


class Caption(NamedTuple):
    """Subtitles: WebVTT, its language (ISO 639-1 or 639-3) if it is known, and that in words."""

    text: str
    language: str | None
    name: str


def of(package: Package) -> tuple[Caption, ...]:
    """One for each language: the package's files, else what was said in it.

    Raises:
        NightShiftError: a file can't be read.
    """
    found: dict[str | None, Caption] = {}
    for file in package.files:
        language = languages.normal(file.language)
        if file.role == "subtitles" and language not in found and (text := _read(file)):
            found[language] = Caption(text, language, name_of(language))
    if not found and any(one.text.strip() for one in package.segments):
        language = languages.normal(package.language)
        transcript = Transcript(engine="", language=language, segments=package.segments)
        document = Document(package.item_id, package.title, transcript, package.duration_seconds)
        text = rendered(document, "vtt", words=False, speakers=document.has_speakers).text
        found[language] = Caption(text, language, name_of(language))
    return tuple(found.values())


def name_of(language: str | None) -> str:
    """A language in words, such as Khmer."""
    key = {2: "alpha_2", 3: "alpha_3"}.get(len(language or ""))
    known = pycountry.languages.get(**{key: language}) if key else None
    return known.name.split(" (")[0] if known else "Subtitles"


def _read(file: PackageFile) -> str | None:
    """A file as WebVTT; None if it is no subtitles."""
    try:
        text = Path(file.path).read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise from_os_error(error, f"reading {file.path.name}") from error
    if text.startswith(_HEAD):
        return text.replace("\r\n", "\n")
    try:
        return SSAFile.from_string(text).to_string("vtt")
    except (Pysubs2Error, ValueError):
        return None
