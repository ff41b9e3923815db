"""``targets.yaml``: read, its secrets put in, checked, and described by a JSON schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import yaml
from pydantic import ValidationError

from utils import config
from utils.config import Settings
from utils.distribution import message
from utils.errors import SettingsError, UsageError, from_os_error
from utils.models.targets import (
    FilesTarget,
    HlsTarget,
    MessageTarget,
    Target,
    Targets,
    WebhookTarget,
)
from utils.storage import remote

_MAX_BYTES = 1 << 20
_KINDS = {
    model.model_fields["kind"].annotation.__args__[0]: model
    for model in get_args(get_args(Target)[0])
}
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def load(settings: Settings) -> Targets:
    """The targets that there are; none where there is no file.

    Raises:
        SettingsError: the file can't be read, or something in it makes no sense; says where.
    """
    path = settings.targets_file
    return read(path) if path.exists() else Targets()


def one(settings: Settings, name: str) -> Target:
    """The target of this name.

    Raises:
        UsageError: there is none.
        SettingsError: the file makes no sense.
    """
    known = load(settings).targets
    if name not in known:
        said = f"Those that there are: {', '.join(known)}." if known else "There is none."
        raise UsageError(f"There is no target {name!r} in {settings.targets_file}. {said}")
    return known[name]


def read(path: Path) -> Targets:
    """The targets of a file.

    Raises:
        SettingsError: it can't be read, or something in it makes no sense; says where.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise SettingsError(str(from_os_error(error, "reading the targets"))) from error
    if len(text) > _MAX_BYTES:
        raise SettingsError(f"{path} has more than {_MAX_BYTES:,} bytes: those are no targets.")
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SettingsError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    missing: list[str] = []
    filled = _filled(document if document is not None else {}, "", missing)
    if missing:
        raise SettingsError(f"{path}: {'; '.join(missing)}")
    try:
        found = Targets.model_validate(filled)
    except ValidationError as error:
        raise SettingsError(f"{path}: {_in_words(error)}") from None  # it holds the secrets
    if faults := [*_faults(found)]:
        raise SettingsError(f"{path}: {'; '.join(faults)}")
    return found


def schema() -> dict[str, Any]:
    """The JSON schema of the file."""
    return Targets.model_json_schema(mode="validation") | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Targets of Night Shift",
    }


def _filled(value: Any, where: str, missing: list[str]) -> Any:
    """The document with what ``${NAME}`` stands for; notes in ``missing`` what is not set."""
    if isinstance(value, dict):
        return {name: _filled(part, f"{where}.{name}", missing) for name, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, f"{where}.{n}", missing) for n, part in enumerate(value, 1)]
    if not isinstance(value, str):
        return value

    def put(found: re.Match[str]) -> str:
        known = config.variable(found[1])
        if not known:
            place = where.removeprefix(".").removeprefix("targets.")
            missing.append(f"{place}: {found[0]} is not set, neither in the environment nor .env")
        return known or ""

    return _VARIABLE.sub(put, value)


def _in_words(error: ValidationError) -> str:
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{_where(fault['loc'])}: {_fault(fault)}" for fault in faults)


def _fault(fault: Mapping[str, Any]) -> str:
    """What is wrong, in the words of the file."""
    if fault["type"] in {"union_tag_not_found", "union_tag_invalid"}:
        return f"kind is missing or not known: one of {', '.join(_KINDS)}"
    if fault["type"] != "extra_forbidden":
        return str(fault["msg"])
    loc = fault["loc"]
    known = _KINDS[str(loc[2])].model_fields if len(loc) > 3 else Targets.model_fields
    return f"is not known; there are {', '.join(known)}"


def _where(loc: tuple[Any, ...]) -> str:
    """The place of a fault: ``NAME.field``; the kind stands in it once more for pydantic."""
    parts = [str(part) for part in loc if part != "[key]"]
    if parts[:1] == ["targets"]:
        parts = parts[1:2] + parts[3:] if len(parts) > 3 else parts[1:]
    return ".".join(parts) or "the file"


def _faults(found: Targets) -> Iterator[str]:
    places: dict[str, str] = {}
    for name, target in found.targets.items():
        if isinstance(target, FilesTarget):
            yield from _faults_of_files(name, target)
            url = target.url.get_secret_value().rstrip("/")
            if url in places:
                yield f"{name} and {places[url]} have the same url: give each a folder of its own"
            places[url] = name
        if isinstance(target, WebhookTarget):
            yield from _no_web(f"{name}.url", target.url.get_secret_value())
        if isinstance(target, MessageTarget) and (unknown := message.unknown_fields(target.text)):
            known = ", ".join(sorted(message.FIELDS))
            yield f"{name}.text: an item has no {', '.join(unknown)}; it has {known}"


def _faults_of_files(name: str, target: FilesTarget) -> Iterator[str]:
    if target.kind == "podcast" and not target.public_url:
        yield f"{name}: a podcast needs a public_url, where its feed and its files are seen"
    if target.public_url:
        yield from _no_web(f"{name}.public_url", target.public_url)
    if isinstance(target, HlsTarget) and any(not 64 <= one <= 4320 for one in target.heights):
        yield f"{name}.heights: a height is 64 to 4320 lines"
    try:
        remote.shown_url(target.url.get_secret_value(), f"{name}.url")
    except SettingsError as error:
        yield str(error)


def _no_web(where: str, url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_web = False
    if not is_web:
        yield f"{where} is no address that begins with https:// or http://"
