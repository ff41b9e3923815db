"""The base of every model that travels between steps."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value: immutable, strict about its fields.

    ``not_in_key`` names fields that say where or how something was made rather than what it
    is (a path, a token count); a step's key leaves them out, so that moving a file or
    paying a different price does not repeat the work. ``not_made`` names paths of files that
    were there before: a result does not lose its worth when a person moves them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    not_in_key: ClassVar[frozenset[str]] = frozenset()
    not_made: ClassVar[frozenset[str]] = frozenset()
