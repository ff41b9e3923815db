"""``house_rules.yaml``: read, checked, cut for a source, held against what is known of an item."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from fnmatch import translate
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from utils.config import Settings
from utils.errors import SettingsError, from_os_error
from utils.models.approval import Subject
from utils.models.house_rules import HouseCheck, HouseRules, HouseRulesFile
from utils.rules import house_check, house_contradictions, yaml_document

NONE = HouseRulesFile()
_read: dict[tuple[Path, int, int], HouseRulesFile] = {}  # by path, time and size: the last alone


def digest(settings: Settings) -> str:
    """A hash of the rules that hold, part of the key of what is done; empty without a file."""
    rules = load(settings)
    return "" if rules == NONE else hashlib.sha256(rules.model_dump_json().encode()).hexdigest()


def load(settings: Settings) -> HouseRulesFile:
    """The rules of the file; none where there is no file.

    Raises:
        SettingsError: it can't be read, makes no sense, or contradicts itself; says where.
    """
    path = settings.house_rules_file
    try:
        stat = path.stat()
    except FileNotFoundError:
        if settings.house_rules:  # somebody named it: without it more would be published
            raise SettingsError(
                f"NIGHTSHIFT_HOUSE_RULES names {path}, which is not there."
            ) from None
        return NONE
    except OSError as error:
        raise SettingsError(str(from_os_error(error, "reading the house rules"))) from error
    key = (path, stat.st_mtime_ns, stat.st_size)
    rules = _read.get(key)
    if rules is None:  # by several threads at once, maybe: each returns its own
        rules = read(path)
        _read.clear()
        _read[key] = rules
    return rules


def read(path: Path) -> HouseRulesFile:
    """The rules of a file.

    Raises:
        SettingsError: it can't be read, makes no sense, or contradicts itself; says where.
    """
    document = yaml_document.read(path, "house rules")
    try:
        rules = HouseRulesFile.model_validate(document)
    except ValidationError as error:
        raise SettingsError(f"{path}: {_in_words(error, document)}") from error
    if found := [*house_contradictions.faults(rules)]:
        raise SettingsError(f"{path}: {'; '.join(dict.fromkeys(found))}")
    return rules


def schema() -> dict[str, Any]:
    """The JSON schema of the file."""
    return HouseRulesFile.model_json_schema(mode="validation") | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "House rules of Night Shift",
    }


def for_source(rules: HouseRulesFile, source: str | None) -> HouseRules:
    """What holds for the items of a source."""
    fitting = [rules.sources[pattern] for pattern in patterns_of(rules, source)]
    return house_contradictions.merged(rules, fitting)


def patterns_of(rules: HouseRulesFile, source: str | None) -> list[str]:
    """The entries of the file that fit a source, in their order; none of an item without one."""
    if source is None:
        return []
    return [one for one in rules.sources if _pattern(one.casefold()).match(source.casefold())]


def check(subject: Subject, rules: HouseRules) -> HouseCheck:
    """What an item breaks, without any model."""
    return house_check.check(subject, rules)


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob.replace("[", "[[]")))


def _in_words(error: ValidationError, document: Any) -> str:
    return "; ".join(
        dict.fromkeys(
            ": ".join(filter(None, (", ".join(_where(fault["loc"], document)), _what(fault))))
            for fault in error.errors()
        )
    )


def _what(fault: Any) -> str:
    if fault["type"] == "extra_forbidden":
        return "there is no such rule"
    return str(fault["msg"]).removeprefix("Value error, ")


def _where(loc: tuple[Any, ...], document: Any) -> Iterator[str]:
    """The place of a fault: sources and topics by their names, others by their number."""
    place, before = document, ""
    for part in loc:
        if isinstance(place, dict):
            place = place.get(part)
        elif isinstance(place, list) and isinstance(part, int) and part < len(place):
            place = place[part]
        else:
            place = None
        if before == "sources":
            yield f"source {part!r}"
        elif isinstance(part, int):
            name = place.get("name") if isinstance(place, dict) else None
            yield f"{name!r}" if name else f"number {part + 1}"
        elif part != "sources":
            yield str(part)
        before = part
