"""What commands print: one JSON document, or tables for people. Logs go to stderr.

A terminal gets a line a row, cut to its width. Everything else gets whole cells with tabs between
them, no colours, and no line is broken.
"""

from __future__ import annotations

import codecs
import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from nightshift.cli import tables
from utils.models.sanitize import visible
from utils.privacy.redaction import redacted

if TYPE_CHECKING:
    from utils.models.shift import ShiftReport
    from utils.observability.reports.costs import Costs
    from utils.observability.reports.flaws import Flaws
    from utils.observability.reports.music import Music
    from utils.observability.reports.reviews import Waiting

T = TypeVar("T")

# The option that all commands with a result share.
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]


class _Console(Console):
    """A console that breaks lines between words on a terminal, and nowhere else."""

    def print(self, *objects: Any, soft_wrap: bool | None = None, **options: Any) -> None:
        """Print as rich does; what a pipe reads is not broken into lines."""
        whole = not self.is_terminal if soft_wrap is None else soft_wrap
        super().print(*objects, soft_wrap=whole, **options)


console = _Console(emoji=False, highlight=False)
errors = _Console(emoji=False, highlight=False, stderr=True)

# What a colour means, wherever an outcome, a status or a verdict is shown: green is through and
# good, yellow waits for a person or a while, red failed, cyan is on its way, dim is nothing new.
COLORS = {
    "done": "green", "approve": "green", "accept": "green", "success": "green", "ok": "green",
    "skipped": "dim", "nothing_to_do": "dim", "pending": "cyan", "processing": "cyan",
    "revise": "yellow", "deferred": "yellow", "partial": "yellow", "warning": "yellow",
    "failed": "red", "reject": "red", "quarantined": "red", "problem": "red",
    "done with lacks": "yellow", "waits for you": "yellow", "stopped": "yellow",
    "not to be seen": "yellow",
    "approved": "green", "review": "yellow", "rejected": "red",
    "crashed": "red", "repaired": "cyan", "running": "cyan",
}  # fmt: skip
# Columns; elsewhere words are names.
_COLORED = {"", "state", "status", "outcome", "verdict", "approval"}

_SKIPPED_ROWS = 100  # chosen
# Khmer has no blanks but U+200B, families of emoji are joined: neither hides or turns anything.
_JOINERS = "\u200b\u200c\u200d"
_ASCII = {
    "…": "...", "–": "-", "—": "-", "×": "x", "·": ".", "•": "*", "→": "->", "≤": "<=", "≥": ">=",
    "└": "`", "─": "-",
    "␤": "/", "⟨": "<", "⟩": ">", "“": '"', "”": '"', "‘": "'", "’": "'", "\u00a0": " ",
}  # fmt: skip


def spinner() -> str:
    """The name of a sign that turns, of characters that stderr takes."""
    return "dots" if errors.encoding.startswith("utf") else "line"


def write_any_text() -> None:
    """Have stdout and stderr take any text: what their encoding lacks is written in its signs."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="nightshift")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """Text that an encoding lacks as ASCII: dashes and dots alike, letters without accents, or ?"""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_ASCII.get(c) or _without_accent(c) for c in text), error.end


def _without_accent(character: str) -> str:
    if unicodedata.combining(character) or character in _JOINERS:
        return ""
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain if plain.isprintable() and plain else "?"


codecs.register_error("nightshift", _replaced)


def not_blank(value: T) -> T:
    """Refuse an empty path on the command line: it would mean the working directory.

    Raises:
        typer.BadParameter: there is one.
    """
    given = value if isinstance(value, list) else [value]
    if any(isinstance(one, str) and not one.strip() for one in given):
        raise typer.BadParameter("a path is empty; name a file, a folder or an address")
    return value


def print_json(document: Any) -> None:
    """Print one JSON document, without secrets, in which no character is one that a terminal obeys.

    In ASCII where stdout takes nothing else.
    """
    text = redacted(json.dumps(document, ensure_ascii=False, default=str))
    if not text.isprintable():
        text = "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = redacted(json.dumps(document, default=str))
    print(text)


def print_error(message: str) -> None:
    """Print what went wrong: a line on stderr, and with ``--json`` a document on stdout."""
    if "--json" in sys.argv:
        print_json({"error": message})
    print(f"nightshift: {visible(message)}", file=sys.stderr, flush=True)


def print_warning(message: str) -> None:
    """Say on stderr, in one line, what may not be as it was meant."""
    print(f"nightshift: warning: {visible(message)}", file=sys.stderr, flush=True)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], below: Sequence[str] = ()
) -> None:
    """Print a line a row; what the cells hold is text, never markup.

    On a terminal the columns named ``below`` are never cut: what does not fit beside the others
    stands under its row.
    """
    cells = [[shown(cell) for cell in row] for row in rows]
    if not cells:
        return
    if not console.is_terminal:
        for whole in (columns, *cells):
            print("\t".join(whole))
        return
    under = [columns.index(name) for name in below]
    beside = [n for n in range(len(columns)) if n not in under]
    names = [columns[n] for n in beside]
    kept, lines = tables.laid_out(
        names, [[row[n] for n in beside] for row in cells], console.width, shown("…")
    )
    found: list[list[str] | None] = [None, *cells]
    for line, row in zip(lines, found, strict=True):
        rest = [row[n] for n in under if row[n]] if row else list(below[:1])
        room = console.width - cell_len("".join(line)) - tables.GAP
        fits = bool(rest) and cell_len(rest[0]) <= room
        inline = " " * tables.GAP + rest[0] if fits else ""
        _print_line([*line, inline], [*(names[n] for n in kept), "text"], is_head=row is None)
        for text in rest[fits:] if row else ():
            print_paragraph(text)


def print_hit(head: tuple[str, str, str], text: str) -> None:
    """Print a hit on a terminal: id, time and name on one line, the passage on the next."""
    item, at, name = map(shown, head)
    begin = f"{item}  {at:>7}  "
    sign = shown("…")
    console.print(
        Text.assemble((begin, "bold"), tables.cut(name, console.width - len(begin), "title", sign)),
        no_wrap=True, overflow="crop",
    )  # fmt: skip
    passage = tables.cut(shown(text), console.width - 4, "text", sign)
    console.print(Text(f"    {passage}"), no_wrap=True, overflow="crop")


def print_facts(rows: Iterable[tuple[str, str]], whole: Sequence[str] = ()) -> None:
    """Print names and what is known under them; the values named ``whole`` are in one piece."""
    facts = [(name, shown(value)) for name, value in rows]
    if not console.is_terminal:
        for name, value in facts:
            print(f"{name}\t{value}")
        return
    wide = max((len(name) for name, _ in facts), default=0) + 2
    for name, value in facts:
        console.print(Text(name.ljust(wide), style="bold"), end="", soft_wrap=True)
        if name in whole:
            console.print(Text(value), soft_wrap=True)
        else:
            style = COLORS.get(value, "") if name in _COLORED else ""
            lines = tables.wrapped(value, console.width - wide)
            console.print(Text(("\n" + " " * wide).join(lines), style), soft_wrap=True)


def print_paragraph(text: str, indent: int = 4) -> None:
    """Print a text under what it belongs to, on a terminal broken between words, never in one."""
    begin = " " * indent
    if not console.is_terminal:
        print(f"{begin}{shown(text)}")
        return
    for line in tables.wrapped(shown(text), console.width - indent):
        console.print(Text(begin + line), soft_wrap=True)


def _print_line(cells: Sequence[str], columns: Sequence[str], is_head: bool) -> None:
    text = Text(no_wrap=True, overflow="crop")
    for cell, column in zip(cells, columns, strict=True):
        color = COLORS.get(cell.strip(), "") if column in _COLORED else ""
        text.append(cell, style="bold" if is_head else color)
    text.rstrip()
    console.print(text, soft_wrap=False, no_wrap=True, overflow="crop")


def shown(text: str) -> str:
    """Text from strangers as stdout can show it, on one line: so wide as it will be."""
    encoding = console.encoding
    return visible(text).encode(encoding, "nightshift").decode(encoding)


def without_name(error: str | None, path: str | None) -> str:
    """What is wrong with a file, without its name: that stands in the same row."""
    return (error or "").removeprefix(f"{Path(path or '').name}: ")


def print_report(report: ShiftReport) -> None:
    """Print what a run came to: a row an item, then the counts and what to do next.

    Of what was skipped so many rows: 10,000 took rich 8 s (and nobody read them).
    """
    from utils.models.shift import lacks_in_words, left_out_in_words

    skipped = [item for item in report.items if item.outcome.value == "skipped"]
    left_out = {id(item) for item in skipped[_SKIPPED_ROWS:]}
    print_table(
        ("item", "file", "kind", "outcome", "verdict", "why"),
        (
            (
                (item.item_id or "–")[:10],
                Path(item.path).name if "://" not in item.path else item.path,
                item.kind or "–",
                item.outcome.words,
                item.verdict.value if item.verdict and item.was_worked_on else "–",
                without_name(item.error, item.path)
                or lacks_in_words(item.lacks)
                or item.reason
                or (f"score {item.score:.2f}" if item.score else ""),
            )
            for item in report.items
            if id(item) not in left_out
        ),
    )
    if left_out:
        console.print(f"… and {len(left_out):,} more that were skipped (--json has all)")
    counts = report.counts
    status = report.status.value
    console.print(
        f"\n[{COLORS[status]}]{status.replace('_', ' ')}[/]: {escape(visible(report.words))} "
        f"in {report.duration_seconds:.1f} s"
    )
    if report.reason:
        left = f"{report.left_over} left over: " if report.left_over else ""
        console.print(f"{left}{visible(report.reason)}", markup=False, soft_wrap=True)
    if unfit := left_out_in_words(report.left_out):
        console.print(visible(unfit), markup=False, highlight=False, soft_wrap=True)
    if report.report:
        console.print(
            f"Report: {visible(str(report.report))}", highlight=False, soft_wrap=True, markup=False
        )
    if counts.failures or counts.waits_for_you:
        console.print("Why, and what to do: nightshift failures, nightshift show ITEM", style="dim")
    if report.published and report.published.failures + report.published.flaws:
        console.print("What is published: nightshift publications list", style="dim")
    if counts.done or counts.done_with_lacks:
        console.print('Next: nightshift search "…", nightshift show ITEM', style="dim")


def print_pause() -> None:
    """Say that the shifts are paused, if they are: what waits then waits for a person."""
    from utils.db import flags
    from utils.db.session import session

    with session() as s:
        reason = flags.why_paused(s)
    if reason:
        console.print(f"Shifts are {visible(reason)}", style="yellow", markup=False, soft_wrap=True)


def print_music(found: Music | None) -> None:
    """Print what was listened to since the last night, and what this one made of it."""
    from utils.observability.reports.music import HEAD

    if found is None:
        return
    console.print("\nMusic", style="bold")
    for sentence in found.sentences:
        console.print(visible(sentence), markup=False, highlight=False, soft_wrap=True)
    print_table(HEAD, found.parts, below=("why", "what to do"))


def print_flaws(found: Flaws | None) -> None:
    """Name what is published and should not be as it is."""
    if found is None:
        return
    console.print(f"\n{found.sentence}", style="yellow", markup=False, soft_wrap=True)
    print_table(("item", "target", "what is wrong", "address"), found.lines, below=("address",))


def print_reviews(found: Waiting | None) -> None:
    """Say how many items wait for a person's decision, if any do."""
    if found is not None:
        console.print(f"\n{found.sentence}", style="yellow", markup=False, soft_wrap=True)


def print_costs(costs: Costs) -> None:
    """Print the slowest steps of a run, and what each class of work came to."""
    from utils.observability.reports.costs import LANE_HEAD, STEP_HEAD

    if not costs.steps:
        return
    console.print()
    print_table(STEP_HEAD, (step.cells for step in costs.steps))
    console.print()
    print_table(LANE_HEAD, (lane.cells for lane in costs.lanes))
