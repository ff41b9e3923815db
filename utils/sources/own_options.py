"""What is done with what a source holds: its own options, over those of a run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, get_args

from sqlalchemy.orm import Session

from utils.config import Settings
from utils.db import source_files, sources
from utils.errors import SettingsError
from utils.models.options import PipelineOptions, with_changes
from utils.models.source import SourceDefinition
from utils.rules import file

_PROFILES = get_args(PipelineOptions.model_fields["profile"].annotation)


def of_source(
    definition: SourceDefinition, base: PipelineOptions, settings: Settings
) -> PipelineOptions:
    """``base``, changed by a source's profile (of items, or of rules.yaml), and by its own options.

    Raises:
        SettingsError: the source has an option or a profile that there is not, or no value of one.
    """
    changes: dict[str, Any] = {}
    if definition.profile in _PROFILES:
        changes["profile"] = definition.profile
    elif definition.profile:
        profiles = file.load(settings).profiles
        if definition.profile not in profiles:
            raise SettingsError(
                f"The source {definition.name} has the profile {definition.profile!r}, which is "
                f"none of {', '.join((*_PROFILES, *profiles))}. Define it in "
                f"{settings.rules_file}, or change it: nightshift source update {definition.name}"
            )
        changes |= profiles[definition.profile]
    changes |= definition.options.pipeline
    try:
        return with_changes(base, changes) if changes else base
    except ValueError as error:
        raise SettingsError(
            f"The source {definition.name} has an option that can't be: {error} Change it: "
            f"nightshift source update {definition.name}"
        ) from error


def of_item(s: Session, item_id: str, base: PipelineOptions, settings: Settings) -> PipelineOptions:
    """``base``, changed by the source that an item came from; of several by the first.

    Raises:
        SettingsError: as ``of_source``.
    """
    return of_sources(s, source_files.sources_of(s, item_id), base, settings)


def of_sources(
    s: Session, source_ids: Collection[str], base: PipelineOptions, settings: Settings
) -> PipelineOptions:
    """The same for the sources that hold it, by their ids."""
    known = set(source_ids)
    row = next((row for row in sources.every(s) if row.id in known), None) if known else None
    return of_source(sources.definition(row), base, settings) if row else base


def given_in(options: PipelineOptions, groups: Sequence[str]) -> dict[str, Any]:
    """What was given of groups of options, by names with dots; not what is usual."""
    return {
        f"{group}.{name}": getattr(getattr(options, group), name)
        for group in groups
        for name in sorted(getattr(options, group).model_fields_set)
    }


def under(options: PipelineOptions, changes: Mapping[str, Any]) -> PipelineOptions:
    """The options with what is wanted of all items of a run.

    Raises:
        SettingsError: that does not go with the others.
    """
    try:
        return with_changes(options, changes) if changes else options
    except ValueError as error:
        raise SettingsError(f"What is asked for can't be done with this item: {error}") from error
