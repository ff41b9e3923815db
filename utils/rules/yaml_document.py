"""A YAML file that a person wrote: read with bounds, and nothing in it said twice."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from utils.errors import SettingsError, from_os_error

_MAX_BYTES = 1 << 20
_COMMENT = re.compile(rb"[\[,]\s*#")


def read(path: Path, what: str) -> Any:
    """What is in a file; an empty mapping where that is nothing.

    Args:
        path: Where it is.
        what: Its name for people: "rules".

    Raises:
        SettingsError: it can't be read, is too large, no YAML, or says something twice.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise SettingsError(str(from_os_error(error, f"reading the {what}"))) from error
    if len(text) > _MAX_BYTES:
        raise SettingsError(f"{path} has more than {_MAX_BYTES:,} bytes: those are no {what}.")
    try:
        document = yaml.load(text, Loader=_Loader)
    except _SaidTwiceError as error:
        raise SettingsError(f"{path}: {error}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        hint = " (# begins a comment: write a colour in quotes)" if _COMMENT.search(text) else ""
        said = " ".join(str(error).split())
        raise SettingsError(f"{path} is no YAML: {said}{hint}") from error
    return document if document is not None else {}


class _SaidTwiceError(ValueError):
    """A key that stands twice in one mapping: YAML would take the last, in silence."""


class _Loader(yaml.SafeLoader):
    """Plain values only, and each key once."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            line = key.start_mark.line + 1
            if key.value in lines:
                raise _SaidTwiceError(
                    f"{key.value} is said twice, in line {lines[key.value]} and line {line}"
                )
            lines[key.value] = line
        return dict(super().construct_mapping(node, deep))
