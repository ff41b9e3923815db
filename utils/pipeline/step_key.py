"""The key of a step: a hash of all that decides its result.

A step's key is the SHA-256 of its name, its version and all that it was given: parameters,
engines, and the *content* of the results of earlier steps. A step whose inputs come out the
same is not repeated, even where an earlier step was (docs/decisions/0002).
"""

from __future__ import annotations

import hashlib
import json
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from utils.db.ledger import Inputs
from utils.models.base import Frozen
from utils.storage import relative_paths

_SHORT = 800  # characters of JSON: options are shorter, results of other steps longer


def inputs_of(
    step: str, version: int, given: dict[str, Any], fingerprint: str, home: Path
) -> Inputs:
    """What a step's result is kept under; paths count relative to ``home``."""
    plain = {name: canonical(value, home) for name, value in given.items()}
    text = json.dumps([step, version, plain, fingerprint], sort_keys=True, ensure_ascii=False)
    short = {name: value if _is_short(value) else _hash(value) for name, value in plain.items()}
    parts = {"version": version, "fingerprint": fingerprint}
    parts |= {f"item's {name}" if name in parts else name: value for name, value in short.items()}
    return Inputs(hashlib.sha256(text.encode()).hexdigest(), parts)


def _is_short(value: Any) -> bool:
    return len(json.dumps(value, ensure_ascii=False)) <= _SHORT


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def canonical(value: Any, home: Path) -> Any:
    """``value`` as plain JSON, without the fields that models leave out of keys."""
    if isinstance(value, BaseModel):
        out = value.not_in_key if isinstance(value, Frozen) else frozenset()
        names = [name for name in type(value).model_fields if name not in out]
        return {name: canonical(getattr(value, name), home) for name in names}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(name): canonical(part, home) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [canonical(part, home) for part in value]
    if isinstance(value, Path):  # where the home is decides nothing
        return relative_paths.packed(str(value), home)
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
