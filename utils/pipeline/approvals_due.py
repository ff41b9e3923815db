"""Which done items are to be judged again: without an approval, or with one by other means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from utils.config import Settings
from utils.critic import critic
from utils.critic.approval import NOTHING_TO_READ
from utils.db import approvals
from utils.models.options import PipelineOptions
from utils.models.steps import BY_NAME
from utils.pipeline.fingerprint import engine_of
from utils.pipeline.step_key import canonical
from utils.rules import house_rules

DECIDE, CRITICISE, CHECK = "decide_approval", "critique_content", "check_house_rules"


def due(s: Session, options: PipelineOptions, settings: Settings) -> Iterator[str]:
    """Items whose critic, house rules or weights are others by now, the oldest first."""
    steps = {name: _mark(name, options, settings) for name in _wanted(options, settings)}
    weights = canonical(options.approval, settings.home)
    for item_id, is_judged, made in approvals.judged_with(s, (DECIDE, CRITICISE, CHECK)):
        has_weights = made.get(DECIDE, {}).get("options") == weights
        is_old = any(_is_old(name, mark, made) for name, mark in steps.items())
        if not (is_judged and has_weights) or is_old:
            yield item_id


def _wanted(options: PipelineOptions, settings: Settings) -> Iterator[str]:
    """The steps of an approval that are set up here."""
    yield DECIDE
    if critic.engine(options.critic, settings) and options.is_on(BY_NAME[CRITICISE]):
        yield CRITICISE
    if house_rules.digest(settings) and options.is_on(BY_NAME[CHECK]):
        yield CHECK


def _is_old(name: str, mark: tuple[int, str], made: dict[str, dict[str, Any]]) -> bool:
    if name == CRITICISE and _why_no_critic(made) == NOTHING_TO_READ:
        return False
    last = made.get(name)
    return last is None or (last.get("version"), last.get("fingerprint")) != mark


def _why_no_critic(made: dict[str, dict[str, Any]]) -> str | None:
    missing = made.get(DECIDE, {}).get("missing")
    return missing.get("critic") if isinstance(missing, dict) else None  # a hash: of a longer one


def _mark(name: str, options: PipelineOptions, settings: Settings) -> tuple[int, str]:
    return BY_NAME[name].version, engine_of(name, options, settings)
