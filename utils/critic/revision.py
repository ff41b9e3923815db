"""What a critic asks to change, as options of the pipeline: only those that may be changed so.

A model names them, so none of them costs without bound, leads elsewhere or names a file; limits
of the verdict are not among them (a worse item is not made better by them), nor is a translation,
which would replace what was said.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from utils.models.approval import Approval, ApprovalStatus
from utils.models.options import MAX_VOCABULARY, PipelineOptions, with_changes

_SIZES = ("tiny", "base", "small", "medium")
_VOCABULARY = 300  # characters that a critic may add
_LANGUAGE = re.compile(r"[a-z]{2}")


def _size(value: object) -> object:
    return value if value in _SIZES[1:] else None


def _language(value: object) -> object:
    return value if isinstance(value, str) and _LANGUAGE.fullmatch(value) else None


def _words(value: object) -> object:
    if not isinstance(value, str):
        return None
    plain = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in value)
    return " ".join(plain.split())[:_VOCABULARY] or None


def _truth(value: object) -> object:
    known = {"true": True, "yes": True, "false": False, "no": False}
    return value if isinstance(value, bool) else known.get(str(value).casefold())


def _resolution(value: object) -> object:
    return value if value in {"low", "high"} else None


# The options that may be changed, what a value must be (None: it is none), and what a critic
# is told of them.
ALLOWED: dict[str, tuple[Callable[[object], object], str]] = {
    "transcription.model": (_size, "a better model of speech: small or medium"),
    "transcription.language": (_language, "the language that is spoken, ISO 639-1 (km, de)"),
    "transcription.vocabulary": (_words, "names and words that were misheard, with commas"),
    "transcription.voice_detection": (_truth, "false: singing was left out as no voice"),
    "analysis.media_resolution": (_resolution, "high: small writing in the picture matters"),
    "compression.normalize_loudness": (_truth, "true: it is too quiet or too loud"),
}


def described() -> str:
    """The options as a critic is told of them."""
    return "\n".join(f"- `{name}`: {words}" for name, (_, words) in ALLOWED.items())


def allowed(options: Mapping[str, object]) -> dict[str, Any]:
    """Those of ``options`` that may be changed, with values that they can have."""
    found = {
        name: ALLOWED[name][0](value.strip() if isinstance(value, str) else value)
        for name, value in options.items()
        if name in ALLOWED
    }
    return {name: value for name, value in found.items() if value is not None}


def options_after(options: PipelineOptions, approval: Approval | None) -> PipelineOptions | None:
    """The options with what is asked for; None where there is nothing that options could change.

    Only for an item that waits for review because of its score.
    """
    if approval is None or not _is_wanting(approval, options):
        return None
    changed = options
    for change in approval.changes:
        for name, value in allowed(change.options).items():
            changed = _with(changed, name, value)
    return None if changed == options else changed


def is_tried(before: PipelineOptions, after: PipelineOptions) -> bool:
    """True if the item is judged anew with ``after``; else it changes what is made of it alone."""
    return after.model_copy(update={"compression": before.compression}) != before


def _is_wanting(approval: Approval, options: PipelineOptions) -> bool:
    is_low = approval.score < options.approval.publish_from
    return approval.status is ApprovalStatus.REVIEW and is_low


def _with(options: PipelineOptions, name: str, value: object) -> PipelineOptions:
    """The options with one more change; as they are where it can't be, or is no better."""
    speech = options.transcription
    if name == "transcription.model":
        known = speech.model in _SIZES
        if not known or _SIZES.index(str(value)) <= _SIZES.index(speech.model):
            return options
    if name == "transcription.vocabulary":
        value = speech.expecting(str(value)).vocabulary
        if len(str(value)) > MAX_VOCABULARY:
            return options
    try:
        return with_changes(options, {name: value})
    except ValueError:
        return options
