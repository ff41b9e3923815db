"""``rules.yaml``: read, checked, and described by a JSON schema that editors know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from utils.config import Settings
from utils.errors import SettingsError, from_os_error
from utils.models.rules import RuleSet
from utils.rules import yaml_document

NONE = RuleSet()
_read: dict[tuple[Path, int, int], RuleSet] = {}  # by path, time and size: the last alone


def load(settings: Settings) -> RuleSet:
    """The rules that hold; none where there is no file.

    Raises:
        SettingsError: the file can't be read, or something in it makes no sense; says where.
    """
    path = settings.rules_file
    try:
        stat = path.stat()
    except FileNotFoundError:
        return NONE
    except OSError as error:
        raise SettingsError(str(from_os_error(error, "reading the rules"))) from error
    key = (path, stat.st_mtime_ns, stat.st_size)
    rules = _read.get(key)
    if rules is None:  # by several threads at once, maybe: each returns its own
        rules = read(path)
        _read.clear()
        _read[key] = rules
    return rules


def read(path: Path) -> RuleSet:
    """The rules of a file.

    Raises:
        SettingsError: it can't be read, or something in it makes no sense; says where.
    """
    document = yaml_document.read(path, "rules")
    try:
        return RuleSet.model_validate(document)
    except ValidationError as error:
        raise SettingsError(f"{path}: {_in_words(error, document)}") from error


def schema() -> dict[str, Any]:
    """The JSON schema of the file."""
    return RuleSet.model_json_schema(mode="validation") | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rules of Night Shift",
    }


def _in_words(error: ValidationError, document: Any) -> str:
    return "; ".join(
        ": ".join(filter(None, (_where(fault["loc"], document), _what(fault))))
        for fault in error.errors()
    )


def _what(fault: Any) -> str:
    return str(fault["msg"]).removeprefix("Value error, ")


def _where(loc: tuple[Any, ...], document: Any) -> str:
    """The place of a fault: rules by their names, where they have any."""
    if len(loc) > 1 and loc[0] == "rules" and isinstance(loc[1], int):
        rule = document["rules"][loc[1]]
        name = rule.get("name") if isinstance(rule, dict) else None
        rest = [f"rule {name!r}" if name else f"rule {loc[1] + 1}", *map(str, loc[2:])]
        return ", ".join(rest[:1]) + (f", {'.'.join(rest[1:])}" if rest[1:] else "")
    return ".".join(map(str, loc))
