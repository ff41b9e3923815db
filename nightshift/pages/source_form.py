"""A source as a form has it: all of it is text, and what is secret stays as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from utils.config import Settings
from utils.db.sources import kind_of
from utils.errors import NightShiftError
from utils.models.source import SourceDefinition, SourceOptions, with_options
from utils.privacy.redaction import shown
from utils.storage.sealing import sealed_source

# What each kind asks for besides its address; all else stands in the field for more options.
OWN_OPTIONS = {
    "folder": ("watch", "settle_seconds", "poll_seconds"),
    "bucket": ("endpoint_url", "region", "account", "anonymous", "events_url"),
    "youtube": ("format", "cookies_file", "sponsor_segments", "wait_for_live", "rate_limit"),
    "feed": ("cookies_file", "rate_limit"),
    "http": ("cookies_file", "rate_limit"),
}
PRESETS = ("", "hourly", "daily@02:00", "daily@22:00", "weekly@02:00")
_OWN_SCHEDULE = "own"
_FIELDS = ("name", "kind", "url", "pattern", "timezone", "queue", "profile", "keep_last", "since",
           "vocabulary")  # fmt: skip
_MOST = 8192  # characters of a field


class Form(NamedTuple):
    """What the fields say, by their names, and what is wrong with some of them."""

    fields: dict[str, str]
    faults: dict[str, str]
    definition: SourceDefinition | None = None


def read(
    given: Mapping[str, Any],
    settings: Settings,
    former: SourceDefinition | None = None,
    free_name: str = "source",
) -> Form:
    """The source that a form describes.

    Args:
        given: The fields of the form.
        settings: Whose key seals what is secret.
        former: What the source is so far; None for a new one.
        free_name: What it is called if no name is given.
    """
    fields = {name: str(value)[:_MOST].strip() for name, value in given.items()}
    if not fields.get("kind") and fields.get("url"):
        fields["kind"] = kind_of(fields["url"]).value
    document: dict[str, Any] = {name: fields.get(name) or None for name in _FIELDS}
    document["name"] = document["name"] or free_name
    document["queue"] = document["queue"] or "default"
    document["schedule"] = _schedule(fields)
    document["vocabulary"] = " ".join((document["vocabulary"] or "").split()) or None
    if former and document["url"] == shown(former.url):
        document["url"] = former.url
    try:
        document["options"] = _options(fields, former).model_dump()
    except ValueError as error:
        return Form(fields, {"more": str(error)})
    try:
        wanted = sealed_source(SourceDefinition.model_validate(document), settings)
    except ValidationError as error:
        return Form(fields, _faults(error))
    except NightShiftError as error:
        return Form(fields, {"url": str(error)})
    return Form(fields, {}, wanted)


def fields_of(definition: SourceDefinition) -> dict[str, str]:
    """A source as its form shows it: without what is secret."""
    document = definition.model_dump(mode="json", exclude={"options"})
    fields = {name: shown(str(value)) for name, value in document.items() if value is not None}
    schedule = fields.get("schedule", "")
    fields["schedule"] = schedule if schedule in PRESETS else _OWN_SCHEDULE
    fields["own_schedule"] = "" if schedule in PRESETS else schedule
    options = definition.options.model_dump(mode="json", exclude_defaults=True)
    named = OWN_OPTIONS[definition.kind.value]
    lines = [f"{name}={_text(value)}" for name, value in options.items()
             if name not in named and name != "pipeline"]  # fmt: skip
    lines += [f"{name}={_text(value)}" for name, value in definition.options.pipeline.items()]
    fields["more"] = "\n".join(lines)
    return fields | {f"option_{name}": _text(options[name]) for name in named if name in options}


def _schedule(fields: Mapping[str, str]) -> str | None:
    chosen = fields.get("schedule", "")
    return (fields.get("own_schedule", "") if chosen == _OWN_SCHEDULE else chosen) or None


def _options(fields: Mapping[str, str], former: SourceDefinition | None) -> SourceOptions:
    """The options that a form names; one that it shows without its secret stays.

    Raises:
        ValueError: one is none, or has a value that can't be.
    """
    said: dict[str, str] = {}
    for name in OWN_OPTIONS.get(fields.get("kind", ""), ()):
        if text := fields.get(f"option_{name}", ""):
            said[name] = text
    for line in fields.get("more", "").splitlines():
        name, sign, value = line.strip().partition("=")
        if not name:
            continue
        if not sign:
            raise ValueError(f"{line.strip()}: KEY=VALUE")
        said[name.strip()] = value.strip()
    before = former.options.model_dump(mode="json") if former else {}
    kept = {
        name: str(before[name])
        for name, text in said.items()
        if isinstance(before.get(name), str) and shown(before[name]) == text
    }
    return with_options(SourceOptions(), said | kept)


def _faults(error: ValidationError) -> dict[str, str]:
    """What is wrong, by the field that it stands in; "" for what is of several."""
    return {
        str(one["loc"][0]) if one["loc"] else "": one["msg"].removeprefix("Value error, ")
        for one in error.errors(include_input=False, include_url=False)
    }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, list) else shown(str(value))
