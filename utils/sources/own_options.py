"""What is done with what a source holds: its own options, over those of a run."""

from __future__ import annotations

from typing import get_args

from sqlalchemy.orm import Session

from utils.db import source_files, sources
from utils.errors import SettingsError
from utils.models.options import PipelineOptions, with_changes
from utils.models.source import SourceDefinition

_PROFILES = get_args(PipelineOptions.model_fields["profile"].annotation)


def of_source(definition: SourceDefinition, base: PipelineOptions) -> PipelineOptions:
    """``base``, changed by what a source says of its items; a profile of rules.yaml is not here.

    Raises:
        SettingsError: the source has an option that there is not, or no value of one.
    """
    changes = dict(definition.options.pipeline)
    if definition.profile in _PROFILES:
        changes.setdefault("profile", definition.profile)
    try:
        return with_changes(base, changes) if changes else base
    except ValueError as error:
        raise SettingsError(
            f"The source {definition.name} has an option that can't be: {error} Change it: "
            f"nightshift source update {definition.name}"
        ) from error


def of_item(s: Session, item_id: str, base: PipelineOptions) -> PipelineOptions:
    """``base``, changed by the source that an item came from; of several by the first.

    Raises:
        SettingsError: as ``of_source``.
    """
    known = set(source_files.sources_of(s, item_id))
    row = next((row for row in sources.every(s) if row.id in known), None) if known else None
    return of_source(sources.definition(row), base) if row else base
