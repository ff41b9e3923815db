"""Which done items are to be judged again: without an approval, or with one by other means.

Each is compared under its own options: those of its source, the rules and the people.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from utils.config import Settings
from utils.critic import critic
from utils.critic.approval import NOTHING_TO_READ
from utils.db import approvals, rulings, source_files
from utils.db.approvals import JudgedItem
from utils.errors import SettingsError
from utils.models.options import PipelineOptions
from utils.models.steps import BY_NAME
from utils.pipeline.fingerprint import engine_of
from utils.pipeline.step_key import inputs_of
from utils.rules import house_rules, matching, revisions
from utils.sources import own_options

DECIDE, CRITICISE, CHECK = "decide_approval", "critique_content", "check_house_rules"
_JUDGE = "judge_quality"

# By step: its version, its engine, and its options as a row of the ledger has them.
_Marks = dict[str, tuple[int, str, Any]]


class _Asked(NamedTuple):
    """What is wanted of all items, and what is known of their sources."""

    changes: Mapping[str, Any]
    settings: Settings
    sources: Mapping[str, frozenset[str]]


def due(s: Session, changes: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """Items whose critic, house rules or weights are others by now; see ``judged_with``.

    ``changes`` are laid over each item's own options, by names with dots.
    """
    asked = _Asked(changes, settings, source_files.sources_of_items(s))
    known: dict[str, _Marks] = {}  # many items have the same options
    for item in approvals.judged_with(s, (DECIDE, CRITICISE, CHECK)):
        held = asked.sources.get(item.item_id, frozenset())
        kind = json.dumps([sorted(held), item.ruling, dict(item.requested)], default=str)
        if kind not in known:
            known[kind] = _marks_of(s, item, asked)
        marks = known[kind]
        if marks and (not item.is_judged or any(_is_old(one, marks, item.made) for one in marks)):
            yield item.item_id


def _marks_of(s: Session, item: JudgedItem, asked: _Asked) -> _Marks:
    """What the item is to be judged with; nothing where it is not, or its options make no sense."""
    held = asked.sources.get(item.item_id, frozenset())
    try:
        base = own_options.of_sources(s, held, asked.settings.pipeline, asked.settings)
        options = own_options.under(base, asked.changes)
        ruling = rulings.read(item.ruling)
        options = matching.options_under(ruling.decision, options) if ruling else options
        options = revisions.options_under(item.requested, options)
    except (SettingsError, ValueError):  # its own run says so
        return {}
    return {name: _mark(name, options, asked.settings) for name in _wanted(options, asked.settings)}


def _wanted(options: PipelineOptions, settings: Settings) -> Iterator[str]:
    """The steps of an approval that are set up here."""
    if not (options.is_on(BY_NAME[_JUDGE]) and options.is_on(BY_NAME[DECIDE])):
        return
    yield DECIDE
    if critic.engine(options.critic, settings) and options.is_on(BY_NAME[CRITICISE]):
        yield CRITICISE
    if house_rules.digest(settings) and options.is_on(BY_NAME[CHECK]):
        yield CHECK


def _is_old(name: str, marks: _Marks, made: Mapping[str, Mapping[str, Any]]) -> bool:
    if name == CRITICISE and _why_no_critic(made) == NOTHING_TO_READ:
        return False
    last = made.get(name)
    if last is None:
        return True
    return (last.get("version"), last.get("fingerprint"), last.get("options")) != marks[name]


def _why_no_critic(made: Mapping[str, Mapping[str, Any]]) -> str | None:
    missing = made.get(DECIDE, {}).get("missing")
    return missing.get("critic") if isinstance(missing, dict) else None  # a hash: of a longer one


def _mark(name: str, options: PipelineOptions, settings: Settings) -> tuple[int, str, Any]:
    """The same that a row of the ledger has: long options as their hash."""
    given = {DECIDE: options.approval, CRITICISE: options.critic}.get(name)
    made = inputs_of(name, 0, {"options": given}, "", settings.home).parts["options"]
    return BY_NAME[name].version, engine_of(name, options, settings), made
