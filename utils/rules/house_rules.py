"""``house_rules.yaml``: read, checked, cut for a source, held against what is known of an item."""

from __future__ import annotations

from utils.config import Settings
from utils.models.approval import Subject
from utils.models.house_rules import HouseCheck, HouseRules, HouseRulesFile


def digest(settings: Settings) -> str:
    """A hash of the rules that hold, part of the key of what is done; empty without a file."""
    return ""


def load(settings: Settings) -> HouseRulesFile:
    """The rules of the file; none where there is no file.

    Raises:
        SettingsError: it can't be read, makes no sense, or contradicts itself; says where.
    """
    return HouseRulesFile()


def for_source(rules: HouseRulesFile, source: str | None) -> HouseRules:
    """What holds for the items of a source."""
    return rules


def check(subject: Subject, rules: HouseRules) -> HouseCheck:
    """What an item breaks, without any model."""
    raise NotImplementedError
