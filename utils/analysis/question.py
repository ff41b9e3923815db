"""The question about a transcript and the form of its answer, from files: one for each language.

``prompts/LANGUAGE.md`` is a template of the question, ``LANGUAGE.schema.json`` says what fields of
the answer mean; what a language has no file for is as in ``default``.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import Field, create_model

from utils.analysis import romanisation
from utils.models.analysis import AskedUnderstanding
from utils.models.transcript import Transcript
from utils.rules import romanised_text

FOLDER = Path(__file__).with_name("prompts")
_DEFAULT = "default"
MAX_CHARACTERS = 200_000


def question(transcript: Transcript, title: str, house_standard: str | None) -> str:
    """What is asked: all that a stranger wrote stands between fences that it can't know.

    Args:
        transcript: Each of its segments becomes a line.
        title: Of the item.
        house_standard: The standard of romanisation by the house rules, if they say one.
    """
    text = material(transcript)
    language = language_of(transcript)
    return (
        _templates()
        .get_template(_file(language, ".md"))
        .render(
            text=text,
            title=" ".join(title.split()),
            language=language or "unknown",
            fence=f"--- {hashlib.sha256(text.encode()).hexdigest()[:16]} ---",
            standard=romanisation.standard(house_standard, language),
            romanise=house_standard != "none",
        )
    )


def language_of(transcript: Transcript) -> str | None:
    """The language that the question is for."""
    return romanised_text.language_of(transcript.text, transcript.text_language)


def material(transcript: Transcript) -> str:
    """The transcript as it is asked about."""
    lines = (" ".join(segment.text.split()) for segment in transcript.segments)
    return "\n".join(lines)[:MAX_CHARACTERS]


@cache
def form(language: str | None) -> type[AskedUnderstanding]:
    """The form of the answer, with what its fields mean for a language."""
    said = descriptions(language)
    fields: dict[str, Any] = {
        name: (field.annotation, Field(field.default, description=said[name]))
        for name, field in AskedUnderstanding.model_fields.items()
    }
    return create_model("Understanding", __base__=AskedUnderstanding, **fields)


def descriptions(language: str | None) -> dict[str, str]:
    """What each field of the answer means for a language."""
    said: dict[str, str] = {}
    for name in (_DEFAULT, language):
        path = FOLDER / _file(name, ".schema.json")
        said |= json.loads(path.read_text(encoding="utf-8"))
    return said


def _file(language: str | None, ending: str) -> str:
    """The file of a language; only names that are there are taken."""
    known = {path.name for path in FOLDER.iterdir()}
    name = f"{language}{ending}"
    return name if name in known else f"{_DEFAULT}{ending}"


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER), undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
