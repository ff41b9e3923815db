"""Rules: what is done with which items, as a person writes it in ``rules.yaml``.

All rules that match apply in their order; a later one has the last word. Nothing in them is
executed. A fact that is not known yet (the length of a file that nobody has looked into) matches
nothing; it is asked again once it is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from enum import IntEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from utils.models.base import Frozen
from utils.models.item import MediaKind
from utils.models.options import PipelineOptions, with_changes
from utils.models.queues import Queue
from utils.models.steps import BY_NAME

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {unit: 1000.0**n for n, unit in enumerate(("b", "kb", "mb", "gb", "tb"))} | {
    unit: 1024.0**n for n, unit in enumerate(("b", "kib", "mib", "gib", "tib"))
}
_LINES = {"8k": 4320, "4k": 2160, "uhd": 2160, "fhd": 1080, "hd": 720}


def _seconds(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.lower().replace(" ", "")
    parts = re.findall(r"(\d+(?:\.\d+)?)([hms]?)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{value!r} is no length such as 90s, 30m or 1h30m")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _size(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?i?b?)", value.lower().strip())
    unit = f"{found[2].removesuffix('b')}b" if found else ""
    if found is None or unit not in _BYTES:
        raise ValueError(f"{value!r} is no size such as 700 MB or 2 GiB")
    return float(found[1]) * _BYTES[unit]


def _lines(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.lower().strip()
    if text in _LINES:
        return _LINES[text]
    if not text.removesuffix("p").isdecimal():
        raise ValueError(f"{value!r} is no resolution such as 1080p or 4K")
    return int(text.removesuffix("p"))


_QUANTITY = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}]}
_TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}

Seconds = Annotated[
    float, BeforeValidator(_seconds), Field(ge=0), WithJsonSchema(_QUANTITY, "validation")
]
Bytes = Annotated[
    float, BeforeValidator(_size), Field(ge=0), WithJsonSchema(_QUANTITY, "validation")
]
Lines = Annotated[
    float, BeforeValidator(_lines), Field(ge=0), WithJsonSchema(_QUANTITY, "validation")
]
Texts = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    Field(min_length=1),
    WithJsonSchema(_TEXTS, "validation"),
]


class _Between(Frozen):
    """A range with at least one end."""

    @model_validator(mode="after")
    def _has_an_end(self) -> _Between:
        ends = [getattr(self, name) for name in type(self).model_fields]
        known = [end for end in ends if end is not None]
        if not known:
            raise ValueError(f"say at least one of {', '.join(type(self).model_fields)}")
        if len(known) == 2 and known[0] > known[1]:
            raise ValueError(f"{ends[0]} is more than {ends[1]}: nothing lies between")
        return self


class Length(_Between):
    """Seconds, or 30m, 1h30m; both ends belong to it."""

    min: Seconds | None = None
    max: Seconds | None = None


class Size(_Between):
    """Bytes, or 700 MB, 2 GiB; both ends belong to it."""

    min: Bytes | None = None
    max: Bytes | None = None


class Resolution(_Between):
    """Pixels of the picture's shorter side, or 1080p, 4K; both ends belong to it."""

    min: Lines | None = None
    max: Lines | None = None


class Dates(_Between):
    """Days on which it was captured (or else added): from ``after`` on, and before ``before``."""

    after: date | None = None
    before: date | None = None


class Conditions(Frozen):
    """What an item must be: all that is said must hold; of several values one is enough."""

    kind: MediaKind | tuple[MediaKind, ...] | None = Field(
        default=None, description="video, audio or image."
    )
    source: Texts | None = Field(default=None, description="Names of sources; * for anything.")
    path: Texts | None = Field(
        default=None, description='Such as "*/Talks/*.mp4"; * stands for anything, / too.'
    )
    duration: Length | None = None
    size: Size | None = None
    codec: Texts | None = Field(default=None, description="Of picture or sound, as ffprobe says.")
    resolution: Resolution | None = None
    hdr: bool | None = None
    camera: Texts | None = Field(default=None, description="A part of its make and model.")
    language: Texts | None = Field(default=None, description="ISO 639-1 of the speech.")
    date: Dates | None = None

    @model_validator(mode="after")
    def _some(self) -> Conditions:
        if not self.said:
            raise ValueError("no condition: a rule for everything belongs into the settings")
        return self

    @property
    def said(self) -> list[str]:
        """The names of the conditions that there are."""
        return [name for name in type(self).model_fields if getattr(self, name) is not None]


class Effects(Frozen):
    """What is done with an item that matches."""

    options: dict[str, Any] = Field(
        default_factory=dict,
        description="Options of the pipeline by their names, such as transcription.model: small.",
    )
    profile: str | None = Field(
        default=None, description="A profile of this file, or video, song, image."
    )
    priority: Literal["high", "normal", "low"] | None = Field(
        default=None, description="Ten days ahead of others, or behind."
    )
    queue: Queue | None = Field(default=None, description="Where a night on workers dispatches it.")
    skip: bool = Field(default=False, description="Nothing is done with it.")
    publish: Texts | None = Field(
        default=None, description="Names of targets.yaml where it goes once it is approved."
    )

    @model_validator(mode="after")
    def _some(self) -> Effects:
        if not self.model_fields_set:
            raise ValueError("no effect: say options, profile, priority, queue, skip or publish")
        return self


class Rule(Frozen):
    """One rule."""

    name: str = Field(min_length=1, max_length=100)
    when: Conditions
    then: Effects


class Stage(IntEnum):
    """How far an item has come, and so what is known of it."""

    FOUND = 0
    PROBED = 1
    HEARD = 2


# From which stage on a condition is known; from the others on at once.
_KNOWN = dict.fromkeys(
    ("duration", "codec", "resolution", "hdr", "camera", "date"), Stage.PROBED
) | {"language": Stage.HEARD}
_OF_GROUP = {"extraction": Stage.FOUND, "analysis": Stage.PROBED}
_OF_OPTION = {
    "transcription": Stage.PROBED, "speakers": Stage.PROBED, "analysis": Stage.PROBED,
    "thumbnail_count": Stage.PROBED, "profile": Stage.PROBED,
}  # fmt: skip
_PROFILES = ("auto", "video", "song", "image")
_OF_A_RUN = frozenset({"only", "force"})


def stage_of(option: str) -> Stage:
    """The stage in which an option is used."""
    first, _, rest = option.partition(".")
    if first == "steps" and rest in BY_NAME:
        return _OF_GROUP.get(BY_NAME[rest].group, Stage.HEARD)
    return _OF_OPTION.get(first, Stage.HEARD)


class RuleSet(Frozen):
    """A file of rules: profiles (named options), and the rules in their order."""

    profiles: dict[str, dict[str, Any]] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _make_sense(self) -> RuleSet:
        faults = [*self._faults()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        names = [rule.name for rule in self.rules]
        yield from (f"two rules are named {name!r}" for name in {*names} if names.count(name) > 1)
        for name, options in self.profiles.items():
            if name in _PROFILES:
                yield f"the profile {name!r} has a name that items have"
            yield from _wrong(f"profile {name!r}", options)
        for rule in self.rules:
            yield from self._faults_of(rule)

    def _faults_of(self, rule: Rule) -> Iterator[str]:
        named, effects = f"rule {rule.name!r}", rule.then
        if effects.profile and effects.profile not in (*self.profiles, *_PROFILES):
            known = ", ".join((*self.profiles, *_PROFILES))
            yield f"{named}: there is no profile {effects.profile!r} ({known})"
            return
        yield from _wrong(named, effects.options)
        late = max(rule.when.said, key=lambda name: _KNOWN.get(name, Stage.FOUND))
        for option in self.changes(effects):
            if stage_of(option) < _KNOWN.get(late, Stage.FOUND):
                yield f"{named}: {option} is used before the {late} of an item is known"

    def changes(self, effects: Effects) -> dict[str, Any]:
        """What effects change of the pipeline's options: the profile first, then their own."""
        if effects.profile in _PROFILES:
            return {"profile": effects.profile} | effects.options
        return self.profiles.get(effects.profile or "", {}) | effects.options


def _wrong(where: str, options: dict[str, Any]) -> Iterator[str]:
    for name in _OF_A_RUN & set(options):
        yield f"{where}: {name} is for a run, not for an item"
    try:
        with_changes(PipelineOptions(), options)
    except ValueError as error:
        yield f"{where}: {error}"


class ItemFacts(Frozen):
    """What rules go by; None: not known (yet), or there is none."""

    kind: str
    path: str
    source: str | None = None
    size_bytes: int | None = None
    duration_seconds: float | None = None
    codecs: tuple[str, ...] = ()
    shorter_side: int | None = None
    hdr: bool | None = None
    camera: str | None = None
    language: str | None = None
    day: date | None = None


class Decision(Frozen):
    """What the rules say of an item: which apply, and what they come to together."""

    applied: tuple[str, ...] = ()
    changes: dict[str, Any] = Field(default_factory=dict)
    priority: Literal["high", "normal", "low"] = "normal"
    queue: Queue | None = None
    skipped_by: str | None = None
    publish: tuple[str, ...] = ()


class Ruling(Frozen):
    """What was decided of an item, and by what it was known then."""

    facts: ItemFacts
    decision: Decision
