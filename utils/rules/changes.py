"""Rules that were changed: items that they touch wait again, and new ones get their place."""

from __future__ import annotations

import hashlib

from sqlalchemy.orm import Session

from utils.config import Settings
from utils.db import flags, items, rulings
from utils.db.schema import Item
from utils.db.session import session
from utils.models.item import ItemStatus
from utils.models.rules import Decision, RuleSet
from utils.rules import facts, file, matching

_FLAG = "rules"
_SETTLED = (ItemStatus.DONE.value, ItemStatus.SKIPPED.value)


def apply(settings: Settings) -> int:
    """Have the items wait again whose results the rules change; returns how many.

    Nothing is asked while the rules are those of the last time, but of the new items: what is
    known of them already gives them a place in the queue.
    """
    rules = file.load(settings)
    digest = hashlib.sha256(rules.model_dump_json().encode()).hexdigest()
    with session() as s:
        flag = flags.get(s, _FLAG)
        before = flag.value["digest"] if flag else None
        if before is None and not rules.rules:
            return 0
        changed = _again(s, rules) if before != digest else 0
        _rank_new(s, rules)
        flags.put(s, _FLAG, {"digest": digest})
    return changed


def _again(s: Session, rules: RuleSet) -> int:
    number = 0
    for rows in rulings.pages(s, unruled=False):
        places = items.paths_by_item(s, [row.id for row in rows])
        for row in rows:
            path = next(iter(places[row.id]), None)
            if path is None or row.status == ItemStatus.SUPERSEDED.value:
                continue
            ruling = rulings.of(row)
            before = ruling.decision if ruling else Decision()
            known = facts.known(s, row, path)
            now = matching.decide(rules, known)
            if row.status in _SETTLED and matching.in_key("", before) != matching.in_key("", now):
                rulings.have_done_again(row)
                number += 1
            if now != before:
                rulings.note(s, row.id, known, now)
    return number


def _rank_new(s: Session, rules: RuleSet) -> None:
    if not rules.rules:
        return
    for rows in rulings.pages(s, unruled=True):
        places = items.paths_by_item(s, [row.id for row in rows])
        for row in rows:
            if path := next(iter(places[row.id]), None):
                known = facts.found(s, row, path)
                rulings.note(s, row.id, known, matching.decide(rules, known))


def of_item(s: Session, row: Item, settings: Settings) -> Decision:
    """What the present rules say of an item, by all that is known of it."""
    rules = file.load(settings)
    path = next(iter(items.paths_of(s, row.id)), None)
    if path is None or not rules.rules:
        return Decision()
    return matching.decide(rules, facts.known(s, row, path))
