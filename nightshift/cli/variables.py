"""Variables that look like settings and are none: a slip of the pen that nobody would notice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from nightshift.cli.output import print_warning

_PREFIX = "NIGHTSHIFT_"
# What docker-compose.yml alone reads.
_OF_COMPOSE = {"NIGHTSHIFT_MEDIA", "NIGHTSHIFT_PREFECT_AUTH"}


class Unknown(NamedTuple):
    """A variable that no setting has the name of; ``nearest`` is what may have been meant."""

    name: str
    nearest: str | None

    def __str__(self) -> str:
        return f"{self.name} (did you mean {self.nearest}?)" if self.nearest else self.name


def warn() -> None:
    """Say on stderr, in one line, which variables of the environment and of .env do nothing."""
    from utils.config import child_environment

    if found := unknown(child_environment()):
        print_warning(f"no setting, ignored: {', '.join(map(str, found))}")


def unknown(given: Mapping[str, str]) -> list[Unknown]:
    """The variables that begin like settings and are none, by name."""
    from utils.config import Settings

    names = set(_names(Settings.model_fields, _PREFIX))
    ours = sorted(name for name in given if name.upper().startswith(_PREFIX))
    return [
        Unknown(name, next(iter(get_close_matches(name.upper(), sorted(names), 1)), None))
        for name in ours
        if not _is_known(name.upper(), names)
    ]


def _is_known(name: str, names: set[str]) -> bool:
    """True for a setting, and for a part of one: whether it has that part is checked elsewhere."""
    if name in names | _OF_COMPOSE:
        return True
    whole, _, part = name.removeprefix(_PREFIX).partition("__")
    return bool(part) and any(one.startswith(f"{_PREFIX}{whole}__") for one in names)


def _names(fields: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """The variables of settings and of their parts."""
    for name, field in fields.items():
        yield f"{prefix}{name.upper()}"
        parts = getattr(field.annotation, "model_fields", None)
        if parts:
            yield from _names(parts, f"{prefix}{name.upper()}__")
