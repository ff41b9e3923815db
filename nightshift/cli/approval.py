"""Whether an item may be published, for people: who says so, why, and what would change it."""

from __future__ import annotations

from typing import Any

from nightshift.cli.output import COLORS, console, print_facts, print_paragraph, print_table
from utils.models.sanitize import visible

_ALONE = " Judged by the rules alone: "


def print_approval(approval: dict[str, Any] | None, in_session: bool = False) -> None:
    """Print all that is known of it; nothing for an item that nobody judged.

    ``in_session``: why there is no critic was said before.
    """
    if approval is None:
        return
    status = approval["status"] or "not judged"
    score = f" {approval['score']:.2f}" if approval["score"] is not None else ""
    console.print(f"\n[bold]Approval[/] [{COLORS.get(status, 'default')}]{status}[/]{score}")
    print_facts(_facts(approval, in_session))
    _print_breaches(approval["breaches"])
    _print_critique(approval["critique"])
    _print_changes(approval["changes"])


def changed(options: dict[str, Any]) -> str:
    """Options by names with dots, as people type them."""
    return ", ".join(f"{name}={value}" for name, value in options.items())


def reason_of(text: str | None) -> str:
    """Why, for lists: without who judged, which is the same in every row."""
    return (text or "").partition(_ALONE)[0]


def _facts(approval: dict[str, Any], in_session: bool) -> list[tuple[str, str]]:
    rows, decision = [], approval["decision"]
    if decision:
        rows.append(("decided", f"{decision['in_words']} (decision {decision['review_id']})"))
    if approval["by"] in {"rules", "critic"}:
        alone = (approval["reason"] or "").partition(_ALONE)[2].rstrip(".")
        told = f"the rules alone{f': {alone}' if alone and not in_session else ''}"
        rows.append(("by", told if approval["by"] == "rules" else "rules and critic"))
        if reason := reason_of(approval["reason"]):
            rows.append(("why", reason))
    elif approval["machine"]:
        rows.append(("rules and critic", f"{approval['machine']}"))
    if approval["requested_changes"]:
        rows.append(("done with", changed(approval["requested_changes"])))
    rows += [("house rules", note) for note in approval["house_notes"]]
    return rows


def _print_breaches(breaches: list[dict[str, Any]]) -> None:
    for breach in breaches:
        where = _evidence(breach)
        console.print(f"[red]House rule broken[/]: {_plain(breach['rule'])}", soft_wrap=True)
        print_paragraph(breach["reason"] + (f" [{where}]" if where else ""))


def _print_critique(critique: dict[str, Any] | None) -> None:
    if critique is None:
        return
    readings = ", ".join(f"{score:.2f}" for score in critique["readings"])
    console.print(
        f"\nThe critic ({visible(critique['engine'])}) {critique['score']:.2f}; its readings: "
        f"{readings}", markup=False,
    )  # fmt: skip
    print_table(
        ("criterion", "score", "why"),
        (
            (
                one["name"],
                f"{one['score']:.2f}" if one["counts"] else "–",
                _why(one),
            )
            for one in critique["criteria"]
        ),
        below=("why",),
    )
    for note in critique["notes"]:
        print_paragraph(note, 2)
    if critique["precedents"]:
        console.print("Decisions on items like it that the critic was told:")
    for one in critique["precedents"]:
        reason = f": {one['reason']}" if one["reason"] else ""
        alike = f"{one['similarity']:.0%} alike"
        print_paragraph(f"{one['title']} ({alike}) {_past(one['decision'])}{reason}", 2)


def _why(score: dict[str, Any]) -> str:
    """The reason, and where that is to be seen or heard."""
    found = "; ".join(filter(None, map(_evidence, score["evidence"])))
    doubt = "" if score["counts"] else "does not count, its evidence is not there: "
    return f"{doubt}{score['reason']}" + (f" [{found}]" if found else "")


def _evidence(one: dict[str, Any]) -> str:
    from utils.observability.reports.rows import duration

    at = duration(one["start_seconds"]) if one["start_seconds"] is not None else ""
    quote = f"“{one['quote']}”" if one["quote"] else ""
    return " ".join(filter(None, (at, quote)))


def _print_changes(changes: list[dict[str, Any]]) -> None:
    if changes:
        console.print("What would raise it:")
    for number, one in enumerate(changes, start=1):
        options = f" ({changed(one['options'])})" if one["options"] else ""
        print_paragraph(f"{number}. {one['words']}{options}", 2)


def _past(decision: str) -> str:
    from utils.db.reviews import DONE_WORDS

    return DONE_WORDS[decision]


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(visible(text))
