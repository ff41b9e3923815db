"""House rules: what content must keep to, as a person writes it in ``house_rules.yaml``.

The top of the file holds for everything; a source (by its name, ``*`` for anything) may add to it
or say otherwise.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from utils.models.base import Frozen

Romanisation = Literal["ungegn", "ala-lc", "geographic", "bgn-pcgn", "hepburn", "pinyin", "any"]


class ProhibitedTopic(Frozen):
    """What must not be published: a name, and words by which it is found in any text of an item."""

    name: str = Field(min_length=1, max_length=100)
    words: tuple[str, ...] = Field(
        default=(), description="Whole words or phrases, in any script; the name itself when empty."
    )
    reason: str | None = Field(default=None, max_length=500)


class HouseRules(Frozen):
    """What holds for one item: the file's top, with what its source says over it."""

    brand: str | None = Field(default=None, max_length=100, description="The name on title cards.")
    brand_colours: tuple[str, ...] = Field(default=(), description="#RRGGBB, the main one first.")
    prohibited_topics: tuple[ProhibitedTopic, ...] = ()
    romanisation: Romanisation | None = Field(
        default=None, description="The standard of romanised text."
    )
    cultural_notes: tuple[str, ...] = Field(
        default=(), description="What a critic must know, in words."
    )
    required: tuple[Literal["translation", "romanisation", "transcript", "summary"], ...] = Field(
        default=(), description="What an item must have to be published."
    )


class HouseRulesFile(HouseRules):
    """The whole file; ``sources``: what is added or said otherwise for some."""

    sources: dict[str, HouseRules] = Field(default_factory=dict)


class RuleBreach(Frozen):
    """A house rule that an item breaks: which, why, and where it stands (seconds, if said)."""

    rule: str
    reason: str
    quote: str | None = None
    start_seconds: float | None = None


class HouseCheck(Frozen):
    """What the house rules say of an item, without any model. ``notes``: what could not be told."""

    breaches: tuple[RuleBreach, ...] = ()
    notes: tuple[str, ...] = ()
