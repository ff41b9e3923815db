"""What people asked to change of one item: options over those of the run and of the rules."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from utils.errors import SettingsError
from utils.models.options import PipelineOptions, with_changes


def options_under(changes: Mapping[str, Any] | None, options: PipelineOptions) -> PipelineOptions:
    """The options with what people asked to change.

    Raises:
        SettingsError: it is no option any more, or does not go with the others.
    """
    if not changes:
        return options
    try:
        return with_changes(options, changes)
    except ValueError as error:
        raise SettingsError(
            f"What a person asked to change of this item can't be: {error} "
            "`nightshift review history ITEM` says who; nightshift review undo NUMBER."
        ) from error


def in_key(done_key: str, changes: Mapping[str, Any] | None) -> str:
    """The key under which an item is done if people asked for these changes."""
    if not changes:
        return done_key
    asked = json.dumps(dict(changes), sort_keys=True, default=str)
    return hashlib.sha256(f"{done_key}\nrevision {asked}".encode()).hexdigest()
