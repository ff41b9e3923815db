"""Packages to targets, each kind of target by its own module."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Protocol, cast

from utils.distribution.call import Call
from utils.models.publishing import Package, Published
from utils.models.targets import Target

KINDS = {
    "folder": "folder",
    "podcast": "podcast",
    "hls": "hls",
    "site": "site",
    "media-server": "media_server",
    "youtube": "youtube",
    "webhook": "webhook",
    "message": "message",
}


class Kind(Protocol):
    """What a module of a target's kind offers."""

    def publish(self, package: Package, target: Target, call: Call) -> Published:
        """Make the package lie at the target, whole; goes on where an earlier call was ended."""

    def retract(self, row: Published, target: Target, call: Call) -> None:
        """Take all of it away; nothing happens where it is gone."""

    def verify(self, row: Published, target: Target, call: Call) -> tuple[str, ...]:
        """What is wrong with it where it lies, in words; empty: it is whole."""


class Indexed(Protocol):
    """What a module offers beside that whose targets have an index of all their items."""

    def refresh(
        self, packages: Sequence[tuple[Package, Published]], target: Target, call: Call
    ) -> None:
        """Make the index anew of all that is published there, the newest first."""


def of_kind(kind: str) -> Kind:
    """The module of a kind of target."""
    return cast(Kind, importlib.import_module(f"utils.distribution.{KINDS[kind]}"))
