"""`nightshift review calibrate`: weights and thresholds proposed from what people decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from nightshift.cli.output import Json, console, print_json, print_table

if TYPE_CHECKING:
    from utils.models.calibration import Calibration, Confusion

_SHOWN = 30


def add_to(review: typer.Typer) -> None:
    """Add the command to the group of reviews."""
    review.command()(calibrate)


def calibrate(as_json: Json = False) -> None:
    """Propose weights and thresholds by what people decided; nothing is changed.

    Shown are the proposal as settings, how machine and people agree before and after, and which
    items would be treated otherwise. To apply it set the lines by hand.
    """
    from utils.config import load_settings
    from utils.critic import past_items
    from utils.db.session import session

    settings = load_settings()
    with session() as s:
        found = past_items.calibrate(s, settings.pipeline.approval)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    told = [f"{found.decisions} decisions", f"{found.accepted} accepted"]
    told += [f"{found.unusable} without scores"] if found.unusable else []
    told += [f"{found.barred} on items that no weight would publish"] if found.barred else []
    _say(", ".join(told))
    _say(found.reason[:1].upper() + found.reason[1:] + ".")
    if not found.seen_today.total:
        return
    _print_tables(found)
    if found.is_better:
        _print_proposal(found)


def _print_tables(found: Calibration) -> None:
    """Print who approves what, of decisions held out and of all."""
    rows = [("held out, today", found.held_out_today)]
    rows += [("held out, proposed", found.held_out_proposed)] if found.is_better else []
    rows += [("all, today", found.seen_today)]
    rows += [("all, proposed", found.seen_proposed)] if found.is_better else []
    _say("")
    print_table(
        ("machine × person", "both approve", "person only", "machine only", "neither", "right"),
        ((name, *_numbers(table)) for name, table in rows),
    )


def _numbers(table: Confusion) -> tuple[str, ...]:
    right = f"{1 - table.errors / table.total:.0%}" if table.total else "–"
    numbers = (table.both, table.person_only, table.machine_only, table.neither)
    return (*map(str, numbers), right)


def _print_proposal(found: Calibration) -> None:
    """Print the lines to set, and the items that would be treated otherwise."""
    open_ones = [one for one in found.changed if one.decision is None]
    _say(
        f"\n{len(found.changed)} of {found.past_items} items would be treated otherwise; people "
        f"decided on {len(found.changed) - len(open_ones)} of them, which stands."
    )
    print_table(
        ("item", "title", "today", "proposed", "person"),
        (
            (one.item_id[:10], one.title, f"{one.status} {one.score:.2f}",
             f"{one.proposed_status} {one.proposed_score:.2f}", one.decision or "–")
            for one in found.changed[:_SHOWN]
        ),
    )  # fmt: skip
    if len(found.changed) > _SHOWN:
        _say(f"… and {len(found.changed) - _SHOWN} more: --json has all.")
    _say("\nNothing was changed. To apply it, set in .env:")
    for line in found.settings:
        _say(f"  {line}")


def _say(text: str) -> None:
    console.print(text, markup=False, soft_wrap=True, highlight=False)
