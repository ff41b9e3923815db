"""What every step of a run is told: one object that is passed from the flow to each task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from utils.config import Settings
from utils.models.item import FileStat
from utils.models.options import PipelineOptions
from utils.models.rules import ItemFacts, RuleSet
from utils.models.shift import Lack
from utils.pipeline import planning


class RunContext(NamedTuple):
    """The run that steps are executed for.

    ``claim_owner``: who claims items for it. Once an item is claimed (``is_claimed``), a step
    begins only while the claim holds, those of ``forced`` are executed though the ledger knows
    their results, ``file`` must stay as it is, and what the item turns out to be without is added
    to ``lacks``. ``again``: what a person had forgotten is taken, too. ``by_source``: items are
    worked on by the options of the source that they came from, over these, and over both by what
    is ``wanted`` of all of them (by names with dots). Where there are
    ``rules``, ``options`` are the ``given`` ones as the rules change them for what is ``known``,
    and then people for this item (``requested``, by names with dots).
    """

    run_id: str
    claim_owner: str
    options: PipelineOptions
    settings: Settings
    is_claimed: bool = False
    forced: frozenset[str] = frozenset()
    file: FileStat | None = None
    lacks: list[Lack] = []  # noqa: RUF012  replaced where it is added to
    again: bool = False
    rules: RuleSet = RuleSet()
    requested: Mapping[str, Any] = {}  # never changed
    given: PipelineOptions | None = None
    known: ItemFacts | None = None
    by_source: bool = False
    wanted: Mapping[str, Any] = {}  # never changed

    def for_claimed_item(self, file: FileStat | None = None) -> RunContext:
        """The same for the steps of an item that ``claim_owner`` has claimed, in this ``file``."""
        forced = planning.forced(self.options)
        return self._replace(is_claimed=True, forced=forced, file=file, lacks=[])

    def may_lack(self, step: str, is_essential: bool) -> bool:
        """True if the item can be done without ``step``; not if a person asked for just that."""
        return self.is_claimed and not is_essential and step not in self.options.only
