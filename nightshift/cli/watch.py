"""Progress that people can watch: a bar a shift and a line an item; plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from rich.console import Group
from rich.live import Live
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from nightshift.cli import output
from nightshift.cli.output import COLORS, errors
from nightshift.cli.tables import cut
from utils.models.sanitize import visible
from utils.observability import progress

_NAME = 36  # cells, of the 80 that most terminals have
_shown: list[_Bars] = []  # what is on the screen now


@contextmanager
def shown(quiet: bool) -> Iterator[None]:
    """Show what happens on stderr while the block lasts: bars on a terminal, else lines."""
    if quiet:
        yield
    elif sys.stdout.isatty() and sys.stderr.isatty():
        with _Bars() as bars, progress.watching(bars.tell):
            yield
    else:
        with progress.watching(_print_line):
            yield


def erase() -> None:
    """Take what is shown off the screen: the process ends without leaving the block."""
    for bars in list(_shown):
        bars.erase()


def _print_line(event: progress.Event) -> None:
    match event:
        case progress.Advancing() | progress.Reading():
            return  # a line each would be a flood
        case progress.Begun(total):
            line = f"{total} to do"
        case progress.Stepping(_, title, label):
            line = f"{visible(title)}: {label}"
        case progress.Settled(_, title, outcome, detail):
            line = f"{visible(title)}: {outcome} {visible(detail)}"
        case progress.Paused(reason, _):
            line = f"waiting: {visible(reason)}"
    print(line, file=sys.stderr, flush=True)


def _short(title: str) -> str:
    return cut(output.shown(title), _NAME, sign=output.shown("…"))


class _Bars:
    """One bar for the shift; below it the items in work, each with its running step."""

    def __init__(self) -> None:
        text = TextColumn("{task.description}")
        self._shifts = Progress(text, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._items = Progress(SpinnerColumn(output.spinner()), text, TimeElapsedColumn())
        self._live = Live(Group(self._shifts, self._items), console=errors, transient=True)
        self._lock = Lock()
        self._rows: dict[str, TaskID] = {}
        self._shift = self._shifts.add_task("starting Prefect", total=None)

    def __enter__(self) -> _Bars:
        self._live.start()
        _shown.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        _shown.remove(self)
        self.erase()

    def erase(self) -> None:
        """Take the bars off the screen, and show the cursor again."""
        self._live.stop()

    def tell(self, event: progress.Event) -> None:
        """Redraw after an event."""
        with self._lock:
            match event:
                case progress.Begun(total):
                    self._shifts.update(self._shift, description="night shift", total=total)
                case progress.Stepping(item_id, title, label):
                    text = f"{escape(_short(title))} [dim]{label}[/]"
                    if item_id in self._rows:
                        self._items.update(self._rows[item_id], description=text)
                    else:
                        self._rows[item_id] = self._items.add_task(text, total=None)
                case progress.Advancing(item_id, title, label, share):
                    if item_id in self._rows:
                        text = f"{escape(_short(title))} [dim]{label} {share:.0%}[/]"
                        self._items.update(self._rows[item_id], description=text)
                case progress.Reading(path, share):
                    self._read(path, share)
                case progress.Settled(item_id, title, outcome, detail):
                    if item_id in self._rows:
                        self._items.remove_task(self._rows.pop(item_id))
                    self._shifts.advance(self._shift)
                    color = COLORS.get(outcome, "")
                    self._live.console.print(
                        f"[{color}]{outcome}[/] {escape(_short(title))} "
                        f"[dim]{escape(output.shown(detail))}[/]",
                        no_wrap=True, overflow="ellipsis",
                    )  # fmt: skip
                case progress.Paused(reason, item_id):
                    if item_id in self._rows:
                        self._items.remove_task(self._rows.pop(item_id))
                    self._live.console.print(f"[yellow]waiting[/] {escape(visible(reason))}")

    def _read(self, path: Path, share: float) -> None:
        """A row of its own for a large file while it is read for the first time."""
        name = str(path)
        if name not in self._rows:
            self._rows[name] = self._items.add_task("", total=None)
        text = f"{escape(visible(path.name)[:40])} [dim]reading the file {share:.0%}[/]"
        self._items.update(self._rows[name], description=text)
        if share >= 1:
            self._items.remove_task(self._rows.pop(name))
