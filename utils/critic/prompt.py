"""A question to a critic: what it is told, and the material between two lines with a code."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import NamedTuple

from utils.critic import form, material, wording
from utils.critic.material import Material
from utils.critic.wording import Asked
from utils.models.house_rules import HouseRules


class Question(NamedTuple):
    """What one reading is asked: what the model is told, the material, the form of its answer."""

    told: str
    data: str
    form: type[form.Answer]


def criteria_for(seen: Material) -> tuple[Asked, ...]:
    """The criteria that there is something to judge by."""
    kinds = seen.kinds - {"decided"}
    return tuple(
        one
        for one in wording.criteria()
        if kinds and (one.needs == ("any",) or kinds.issuperset(one.needs))
    )


def question(seen: Material, rules: HouseRules, options: str, reading: int) -> Question:
    """The question of the first, second or third reading: each has an order of its own."""
    asked, pieces = _turned(criteria_for(seen), reading), _turned_by_kind(seen, reading)
    code, answer_code = secrets.token_hex(8), secrets.token_hex(3)
    told = wording.question()
    for place, words in (
        ("code", code), ("answer_code", answer_code), ("options", options),
        ("criteria", "\n".join(f"- `{one.key}`: {one.words}" for one in asked)),
        ("rules", _rules(rules)), ("form", _example(asked, answer_code)),
    ):  # fmt: skip
        told = told.replace("{" + place + "}", words)
    data = f"MATERIAL {code}\n{material.written(pieces)}\nEND OF MATERIAL {code}"
    return Question(told, data, form.form(asked, answer_code))


def _turned(asked: Sequence[Asked], reading: int) -> tuple[Asked, ...]:
    """The criteria forwards, backwards, or from the middle on."""
    if reading == 1:
        return tuple(reversed(asked))
    half = len(asked) // 2 if reading else 0
    return (*asked[half:], *asked[:half])


def _turned_by_kind(seen: Material, reading: int) -> list[material.Piece]:
    """The kinds of material in another order; lines of one kind stay in theirs."""
    kinds = list(dict.fromkeys(piece.kind for piece in seen.pieces))
    if reading == 1:
        kinds.reverse()
    return sorted(seen.pieces, key=lambda piece: kinds.index(piece.kind))


def _rules(rules: HouseRules) -> str:
    said = [f"- brand: {rules.brand}"] if rules.brand else []
    said += [
        f"- {topic.name}: not to be published" + (f" ({topic.reason})" if topic.reason else "")
        for topic in rules.prohibited_topics
    ]
    if rules.romanisation == "none":
        said.append("- romanisation: there is to be none")
    elif rules.romanisation and rules.romanisation != "any":
        said.append(f"- romanisation: by the standard {rules.romanisation}")
    said += [f"- cultural note: {note}" for note in rules.cultural_notes]
    return "\n".join(said) or "- (none)"


def names(rules: HouseRules) -> dict[str, str]:
    """What a broken rule is called (as by the house rules' own check), by the names in a prompt."""
    found = {
        one.name.casefold(): f"prohibited topic: {one.name}" for one in rules.prohibited_topics
    }
    standard = rules.romanisation not in (None, "any")
    others = {"brand": rules.brand, "romanisation": standard,
              "cultural note": rules.cultural_notes}  # fmt: skip
    return {name: name for name, rule in others.items() if rule} | found


def _example(asked: Sequence[Asked], answer_code: str) -> str:
    evidence = [{"quote": "...", "start_seconds": 0.0}]
    one = {"score": "0 to 1", "reason": "...", "evidence": evidence}
    shown = {
        "answer_code": answer_code,
        "criteria": {criterion.key: one for criterion in asked},
        "breaches": [{"rule": "...", "reason": "...", "quote": "..."}],
        "changes": [{"words": "...", "options": [{"name": "...", "value": "..."}]}],
    }
    return json.dumps(shown)
