"""Variables that look like settings and are none: a slip of the pen that nobody would notice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple, get_args

from nightshift.cli.output import print_warning

_PREFIX = "NIGHTSHIFT_"
_ALIKE = 0.7  # of 1, by difflib; at 0.6 QQ and HOME_DIRECTORY were near to something
# What docker-compose.yml alone reads.
_OF_COMPOSE = {
    *("NIGHTSHIFT_MEDIA", "NIGHTSHIFT_PREFECT_AUTH", "NIGHTSHIFT_PREFECT_CLEANUP"),
    *("NIGHTSHIFT_PREFECT_LEASES", "NIGHTSHIFT_PREFECT_MESSAGING"),
    *("NIGHTSHIFT_PREFECT_ORDERING", "NIGHTSHIFT_PREFECT_REDIS"),
}


class Unknown(NamedTuple):
    """A variable that no setting has the name of; ``nearest`` is what may have been meant."""

    name: str
    nearest: str | None

    def __str__(self) -> str:
        return f"{self.name} ({self.nearest}?)" if self.nearest else self.name


def warn() -> None:
    """Say on stderr, in one line, which variables of the environment and of .env do nothing."""
    from utils.config import child_environment

    if found := unknown(child_environment()):
        print_warning(f"no setting, so ignored: {', '.join(map(str, found))}")


def unknown(given: Mapping[str, str]) -> list[Unknown]:
    """The variables that begin like settings and are none, by name."""
    from utils.config import Settings

    names = set(_names(Settings.model_fields, _PREFIX))
    ours = sorted(name for name in given if name.upper().startswith(_PREFIX))
    return [Unknown(one, _nearest(one, names)) for one in ours if not _is_known(one.upper(), names)]


def _nearest(name: str, names: set[str]) -> str | None:
    """The setting that may have been meant; what all of them begin with does not count."""
    whole = name.upper().partition("__")[0]
    if whole in names:  # a setting that has no parts
        return whole
    ends = sorted(one.removeprefix(_PREFIX) for one in names)
    found = get_close_matches(name.upper().removeprefix(_PREFIX), ends, 1, _ALIKE)
    return f"{_PREFIX}{found[0]}" if found else None


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
        for kind in (field.annotation, *get_args(field.annotation)):  # X | None has two
            if parts := getattr(kind, "model_fields", None):
                yield from _names(parts, f"{prefix}{name.upper()}__")
