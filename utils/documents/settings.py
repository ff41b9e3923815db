"""The settings in force: each with the variable that sets it, and where its value comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, SecretStr

from utils import config
from utils.config import Settings
from utils.models import running_services
from utils.models.lanes import PROFILES
from utils.models.music_settings import MUSIC_PROFILES, variable_of
from utils.privacy.redaction import redacted

HIDDEN = "(set, hidden)"


class Setting(NamedTuple):
    """``source``: environment, .env, profile, services, block, default; ``by``: of what name.

    ``value`` is plain JSON without a secret.
    """

    name: str
    value: Any
    source: str
    by: str = ""


class _Given(NamedTuple):
    """Where values come from: variables with capital names, and what is changed besides."""

    environment: Mapping[str, str]
    dotenv: Mapping[str, str]
    profile: str
    services: Mapping[str, str]


def in_force(settings: Settings) -> list[Setting]:
    """All settings, nested ones by their own variable, in the order of the class."""
    environment, dotenv = config.sources()
    given = _Given(
        {name.upper(): value for name, value in environment.items()},
        {name.upper(): value for name, value in dotenv.items()},
        settings.profile,
        running_services.running(settings.services_file),
    )
    return list(_of(settings, (), given))


def descriptions() -> dict[str, str]:
    """What each setting is for, by its name, of those that say so."""
    return dict(_described(Settings, ()))


def _described(model: type[BaseModel], place: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        kind, here = field.annotation, (*place, name)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _described(kind, here)
        elif field.description:
            yield _ours(here), field.description


def _of(model: BaseModel, place: tuple[str, ...], given: _Given) -> Iterator[Setting]:
    for name in type(model).model_fields:
        value, here = getattr(model, name), (*place, name)
        if isinstance(value, BaseModel):
            yield from _of(value, here, given)
        else:
            source, by = _source(here, value, given)
            yield Setting(_ours(here), shown(value), source, by)


def _source(place: tuple[str, ...], value: Any, given: _Given) -> tuple[str, str]:
    """Where a value comes from, and by which name."""
    for source, variables in (("environment", given.environment), (".env", given.dotenv)):
        for length in range(len(place), 0, -1):  # a variable may hold a whole part, as JSON
            name = _ours(place[:length])
            if name in variables and _sets(variables[name], place[length:], place[0]):
                return source, name
    for source, variables in (("environment", given.environment), (".env", given.dotenv)):
        theirs = variable_of(place, variables)
        if theirs != _ours(place):
            return source, theirs
        if place == ("profile",) and variables.get("ENVIRONMENT", "").strip().lower() == value:
            return source, "ENVIRONMENT"
    if _in_profile(place, given.profile):
        return "profile", given.profile
    if value and given.services.get(place[0]) == value:
        return "services", "nightshift up"
    if value and place == ("database_url",):  # nothing else sets it
        return "block", "NIGHTSHIFT_DATABASE_BLOCK"
    return "default", ""


def _sets(text: str, rest: Sequence[str], part: str) -> bool:
    """True if a variable sets what it is the name of, or a part of it that its JSON names."""
    if not rest:
        return part != "music" or bool(text.strip())
    try:
        found: Any = json.loads(text)
        for name in rest:
            found = found[name]
    except (ValueError, LookupError, TypeError):
        return False
    return True


def _in_profile(place: tuple[str, ...], name: str) -> bool:
    profile: Any = {**PROFILES[name], "music": MUSIC_PROFILES[name]}
    for part in place:
        if not isinstance(profile, dict) or part not in profile:
            return False
        profile = profile[part]
    return True


def _ours(place: tuple[str, ...]) -> str:
    return f"NIGHTSHIFT_{'__'.join(place)}".upper()


def shown(value: Any) -> Any:
    """A value as plain JSON; of a secret only that it is set."""
    if isinstance(value, SecretStr):
        return HIDDEN if value else None
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {str(name): shown(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [shown(one) for one in value]
    return value
