"""What waits for a person, one item after the other, by single keys.

Each decision is kept at once: whatever ends the session, what was decided stays.
"""

from __future__ import annotations

import shlex
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from nightshift.cli.approval import changed
from nightshift.cli.keyboard import Keyboard
from nightshift.cli.output import console, print_facts, print_paragraph
from nightshift.cli.review_deciding import what_follows
from nightshift.cli.review_page import print_page, print_speech
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from utils.db.reviews import ReviewDecision

_KEYS = "[a]ccept  [r]eject  re[v]ise  [s]kip  [u]ndo  [o]pen  [t]ext  [?] help  [q]uit"
_HELP = (
    ("a", "accept: it may be published"),
    ("r", "reject: it is not published"),
    ("v", "revise: say which options are to change; only what they touch is done again"),
    ("s", "skip: decide nothing now; it waits on"),
    ("u", "undo the last decision of this session, and look at that item again"),
    ("o", "open or play it in this desktop's program; without a desktop, say where it lies"),
    ("t", "print all that is said in it"),
    ("q", "quit (Ctrl-C, too): what you decided is kept, the rest waits on"),
)
_DECISIONS: dict[str, ReviewDecision] = {"a": "accept", "r": "reject", "v": "revise"}
_WORDS = {"accept": "accepted", "reject": "rejected", "revise": "to be revised", "skip": "skipped"}
_REASONS = 5  # that are offered again


class Decided(NamedTuple):
    """A decision of this session, which may be undone."""

    review_id: int
    item_id: str
    decision: str


class Session:
    """What is left to review, and what was decided so far."""

    def __init__(self, item_ids: Sequence[str], made_by: str, keyboard: Keyboard) -> None:
        self._left, self._total = deque(item_ids), len(item_ids)
        self._made_by, self._keyboard = made_by, keyboard
        self._decided: list[Decided] = []
        self._skipped = 0

    def run(self) -> None:
        """Go through all that waits, until it is through or the person ends it."""
        waits = "1 item waits" if self._total == 1 else f"{self._total:,} items wait"
        console.print(f"{waits} for you. One key decides; ? says what each does.")
        if alone := _without_critic():
            print_paragraph(alone, 0)
        try:
            while self._left:
                self._review(self._left[0])
        except (KeyboardInterrupt, EOFError):
            console.print()
        self._print_summary()
        self._remember()

    def _review(self, item_id: str) -> None:
        """Show an item and take keys until it is decided, skipped, or another is to be shown."""
        document = _document(item_id)
        if isinstance(document, str):
            console.print(f"\n{document}", markup=False, soft_wrap=True)
            self._left.popleft()
            return
        number = self._total - len(self._left) + 1
        console.rule(f"[bold]{number} of {self._total}[/]", style="dim")
        print_page(document, in_session=True)
        self._keyboard.drop()
        before = len(self._left), len(self._decided)
        while (len(self._left), len(self._decided)) == before:
            self._take_key(item_id, document)

    def _take_key(self, item_id: str, document: dict[str, Any]) -> None:
        console.print(f"\n{_KEYS}", highlight=False, markup=False)
        key = self._keyboard.key().lower()
        if len(key) > 1:  # pasted, or typed ahead of what was to be seen
            console.print("Several keys came at once: nothing was done. One key at a time.")
            return
        if key == "q":
            raise EOFError
        if key in _DECISIONS:
            self._decide(item_id, _DECISIONS[key], document)
        elif key == "s":
            self._skipped += 1
            self._left.popleft()
        elif key == "u":
            self._undo()
        elif key == "o":
            _open(item_id)
        elif key == "t":
            print_speech(document)
        elif key == "?":
            for name, meaning in _HELP:
                print_facts([(f"  {name}", meaning)])
        elif key.strip():
            console.print(f"{visible(key)} means nothing here; ? says what does.", markup=False)

    def _decide(self, item_id: str, decision: ReviewDecision, document: dict[str, Any]) -> None:
        """Ask what a decision needs, and keep it; Ctrl-C on the way leaves all as it is."""
        from utils.config import load_settings
        from utils.critic import decisions
        from utils.errors import NightShiftError

        try:
            changes = self._changes(document) if decision == "revise" else {}
            if changes is None:
                return
            reason = self._reason(decision)
        except (KeyboardInterrupt, EOFError):
            console.print("\nNothing was decided.")
            return
        wanted = decisions.Wanted(decision, reason, changes)
        try:
            review_id = decisions.keep(item_id, wanted, self._made_by, load_settings())
        except NightShiftError as error:
            _print_fault(error)
            return
        self._decided.append(Decided(review_id, item_id, decision))
        self._left.popleft()
        if decision == "revise":
            print_paragraph(f"To be revised: {what_follows(item_id)}.", 0)
        else:
            console.print(f"{_WORDS[decision].capitalize()}.", style="dim")

    def _changes(self, document: dict[str, Any]) -> dict[str, Any] | None:
        """The options that are to change, as a person names them; None: none after all."""
        from utils.config import load_settings
        from utils.critic import decisions
        from utils.errors import UsageError
        from utils.models.approval import Change

        approval = document["approval"] or {}
        asked = [Change.model_validate(one) for one in approval.get("changes", ())]
        numbered = ", or numbers of what would raise it" if asked else ""
        print_paragraph("What is to change? Options such as transcription.model=small"
                        f"{numbered}; blanks between. Enter: nothing.", 0)  # fmt: skip
        while words := _split(self._keyboard.line("change> ")):
            numbers = [int(word) for word in words if word.isdecimal()]
            options = [word for word in words if not word.isdecimal()]
            try:
                changes = decisions.picked(asked, numbers) | decisions.from_words(options)
                wanted = decisions.Wanted("revise", None, changes)
                changes = decisions.checked_changes(wanted, load_settings())
            except UsageError as error:
                _print_fault(error)
                continue
            print_paragraph(f"Will run again with {changed(changes)}.", 0)
            return changes
        return None

    def _reason(self, decision: str) -> str | None:
        """Why, in a person's words; a number stands for a reason that was given before."""
        from utils.db import reviews
        from utils.db.session import session

        with session() as s:
            known = reviews.recent_reasons(s, decision, _REASONS)
        for number, reason in enumerate(known, start=1):
            print_paragraph(f"{number}  {reason}", 2)
        numbers = ", a number: as before" if known else ""
        while True:
            given = self._keyboard.line(f"Why? (Enter: no reason{numbers}; Ctrl-C: back) ").strip()
            if not given.isdecimal():
                return given or None
            if 1 <= int(given) <= len(known):
                return known[int(given) - 1]
            offered = f"1 to {len(known)} are" if len(known) > 1 else "1 is" if known else "none is"
            console.print(f"There is no reason {given[:9]}: {offered} offered.", style="red")

    def _undo(self) -> None:
        """Take the last decision back, and have its item be shown next."""
        from utils.critic import decisions
        from utils.errors import NightShiftError

        if not self._decided:
            console.print("Nothing was decided in this session yet.")
            return
        last = self._decided[-1]
        try:
            decisions.take_back(last.review_id)
        except NightShiftError as error:
            _print_fault(error)
            return
        self._decided.pop()
        self._left.appendleft(last.item_id)
        console.print("Undone.", style="dim")

    def _remember(self) -> None:
        """Have a critic find what was decided; Ctrl-C leaves that to the next time it asks."""
        from utils.config import load_settings
        from utils.critic import critic, decisions

        settings = load_settings()
        if not self._decided or not critic.engine(settings.pipeline.critic, settings):
            return  # a critic that is set later finds them: it repairs what is not there
        print_paragraph("Making your decisions findable for the critic … (Ctrl-C leaves it for "
                        "later)", 0)  # fmt: skip
        with suppress(KeyboardInterrupt):
            decisions.remember([one.review_id for one in self._decided], settings)

    def _print_summary(self) -> None:
        numbers = Counter(one.decision for one in self._decided)
        numbers["skip"] = self._skipped
        said = [f"{numbers[name]} {word}" for name, word in _WORDS.items() if numbers[name]]
        waiting = _count_waiting()
        waits = f"{waiting:,} wait{'s' if waiting == 1 else ''} for you"
        waits = waits if waiting else "nothing waits for you any more"
        console.print(f"\n[bold]{', '.join(said) or 'Nothing was decided'}[/]; {waits}.")
        if numbers["revise"]:
            console.print("The next `nightshift night` does what is to be revised.", markup=False)
        if self._decided:
            print_paragraph("nightshift review history has your decisions; nightshift review undo "
                            "takes one back.", 0)  # fmt: skip


def _document(item_id: str) -> dict[str, Any] | str:
    """All that is known of an item; or why there is nothing to decide of it any more."""
    from utils.db import reviews
    from utils.db.schema import Item
    from utils.db.session import session
    from utils.documents import item

    with session() as s:
        row = s.get(Item, item_id)
        if row is None:
            return f"{item_id[:10]} was forgotten meanwhile."
        if not reviews.is_waiting(row):
            return f"{visible(row.title)} does not wait for you any more."
        return item.document(s, row)


def _count_waiting() -> int:
    from utils.db import reviews
    from utils.db.session import session
    from utils.models.search import SearchFilters

    with session() as s:
        return reviews.count_waiting(s, SearchFilters())


def _without_critic() -> str:
    """That the rules judge alone, where they do."""
    from utils.config import load_settings
    from utils.critic import critic

    settings = load_settings()
    is_set = critic.engine(settings.pipeline.critic, settings)
    return "" if is_set else "No critic is set (docs/quality.md): the rules alone judge."


def _open(item_id: str) -> None:
    """Open the item's file in this desktop's program; without one, say where it lies."""
    from nightshift.cli.files import open_file
    from utils.errors import NightShiftError

    try:
        open_file(item_id)
    except NightShiftError as error:
        _print_fault(error)


def _print_fault(error: Exception) -> None:
    console.print(visible(str(error)), style="red", markup=False)


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # a quote without its other
        return line.split()
