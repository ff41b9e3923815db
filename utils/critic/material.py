"""What a critic is shown of an item: lines of text, without those that speak to whoever judges.

A long transcript is sampled evenly, and it is said how much of it is shown.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from utils.critic import orders
from utils.critic.quotes import Line, Quotable
from utils.models.approval import Evidence, Precedent, Subject

_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=[។៕。！？])|\n+")
_MOST_CHARACTERS = 600  # of one line
_MOST_OF_OTHERS = 0.4  # of the room, for what is no transcript
_NOT_TEXT = frozenset({"language"})
_ODD = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, and what some take for an end of a line
_ASCII_PER_TOKEN = 3
_LINE_TOKENS = 12  # of its number, its time and the signs around it
LEFT_OUT = "(left out: it speaks to whoever judges)"


class Piece(NamedTuple):
    """A line of the material: what it is (``title``, ``transcript``, …), its text, its times."""

    kind: str
    text: str
    start_seconds: float | None = None
    end_seconds: float | None = None
    follows: bool = False


class Material(NamedTuple):
    """What is shown, what was left out because it gives orders, and notes of what is not shown."""

    pieces: tuple[Piece, ...]
    orders: tuple[Evidence, ...]
    notes: tuple[str, ...]
    duration_seconds: float | None

    @property
    def kinds(self) -> frozenset[str]:
        """What there is to judge by."""
        return frozenset(piece.kind for piece in self.pieces)

    def quotable(self) -> Quotable:
        """The lines in which a critic's quotes are looked up."""
        own = [piece for piece in self.pieces if piece.kind != "decided"]
        return Quotable([Line(p.text, p.start_seconds, p.follows) for p in own])

    def is_time(self, seconds: float) -> bool:
        """True for a time of the item at which something is said, if anything is."""
        end = math.inf if self.duration_seconds is None else self.duration_seconds
        if not (math.isfinite(seconds) and 0 <= seconds <= end):
            return False
        said = [p for p in self.pieces if p.kind == "transcript"]
        return not said or any(
            (p.start_seconds or 0) - 1 <= seconds <= (p.end_seconds or 0) + 1 for p in said
        )


def of(subject: Subject, precedents: Sequence[Precedent], most_tokens: int) -> Material:
    """The material of an item in at most about ``most_tokens``, without lines that give orders."""
    found = _without_orders(whole(subject, most_tokens))
    return found._replace(pieces=(*found.pieces, *_decided(precedents)))


def whole(subject: Subject, most_tokens: int) -> Material:
    """The same with all lines: no smaller than what is shown."""
    others = list(_texts(subject))
    notes: list[str] = []
    room = int(most_tokens * _MOST_OF_OTHERS)
    kept = _first(others, room if subject.segments else most_tokens)
    if len(kept) < len(others):
        notes.append(f"{len(others) - len(kept)} of {len(others)} lines beside what is said "
                     "were not read: too long")  # fmt: skip
    spoken = _transcript(subject)
    shown = _sampled(spoken, most_tokens - sum(map(_tokens, kept)))
    if len(shown) < len(spoken):
        notes.append(
            f"{len(shown)} of {len(spoken)} lines of the transcript were read, "
            "evenly over its length"
        )
    return Material((*kept, *shown), (), tuple(notes), subject.duration_seconds)


def _without_orders(given: Material) -> Material:
    speaking = orders.found_in([piece.text for piece in given.pieces])
    if not speaking:
        return given
    found = tuple(
        Evidence(quote=_short(given.pieces[n].text), start_seconds=given.pieces[n].start_seconds)
        for n in sorted(speaking)
    )
    note = "1 line speaks" if len(found) == 1 else f"{len(found)} lines speak"
    note += " to whoever judges; not shown to the critic: "
    kept = tuple(piece for n, piece in enumerate(given.pieces) if n not in speaking)
    notes = (*given.notes, f"{note}{found[0].quote!r}")
    return given._replace(pieces=kept, orders=found, notes=notes)


def _texts(subject: Subject) -> Iterator[Piece]:
    """All that is no transcript, the shortest and most telling first."""
    yield from _lines("title", subject.title)
    known = subject.understanding
    document = known.model_dump() if known else {}
    for name in sorted(document, key=lambda one: one == "translation"):  # the longest last
        if name not in _NOT_TEXT:
            yield from _lines(name, _as_text(document[name]))
    yield from _lines("video_summary", subject.video_summary or "")
    for label in subject.labels:
        yield from _lines(label.name, label.text)
    yield from _lines("content_warnings", ", ".join(subject.content_warnings))
    for text in subject.texts:
        yield from _lines("written", text)


def _as_text(value: object) -> str:
    """A field of an understanding as lines."""
    if isinstance(value, dict):
        return " – ".join(str(part) for part in value.values() if part)
    if isinstance(value, (list, tuple)):
        parts = [_as_text(part) for part in value]
        return ("\n" if value and isinstance(value[0], dict) else ", ").join(parts)
    return "" if value is None else str(value)


def _decided(precedents: Sequence[Precedent]) -> Iterator[Piece]:
    """Decisions with their reasons, which are a person's; the titles are strangers'."""
    for one in precedents:
        title = LEFT_OUT if orders.found_in([one.title]) else one.title
        text = f"{one.decision}: {title}" + (f" ({one.reason})" if one.reason else "")
        yield Piece("decided", _plain(text)[:_MOST_CHARACTERS])


def _transcript(subject: Subject) -> list[Piece]:
    return [
        Piece("transcript", part, segment.start_seconds, segment.end_seconds, follows=number > 0)
        for number, segment in enumerate(subject.segments)
        for part in _parts(segment.text)
    ]


def _lines(kind: str, text: str) -> Iterator[Piece]:
    for number, part in enumerate(_parts(text)):
        yield Piece(kind, part, follows=number > 0)


def _parts(text: str) -> Iterator[str]:
    """A text in sentences, none too long, without controls and invisible marks of direction."""
    for sentence in _SENTENCE.split(_plain(text)):
        whole = sentence.strip()
        for at in range(0, len(whole), _MOST_CHARACTERS):
            yield whole[at : at + _MOST_CHARACTERS]


def _plain(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(" " if c != "\n" and unicodedata.category(c) in _ODD else c for c in text)


def _first(pieces: list[Piece], room: int) -> list[Piece]:
    kept: list[Piece] = []
    for piece in pieces:
        room -= _tokens(piece)
        if room < 0 and kept:
            break
        kept.append(piece)
    return kept


def _sampled(pieces: list[Piece], room: int) -> list[Piece]:
    """Stretches of lines, evenly over all of them, that fit into ``room`` tokens."""
    needed = sum(map(_tokens, pieces))
    if needed <= room or not pieces:
        return pieces
    stretch = 4  # lines beside each other, so that they make sense
    starts = range(0, len(pieces), stretch)
    count = max(1, int(len(starts) * max(0, room) / needed))
    chosen = sorted({round(n * (len(starts) - 1) / max(1, count - 1)) for n in range(count)})
    kept: list[Piece] = []
    for number in chosen:
        first, *more = pieces[starts[number] : starts[number] + stretch]
        kept += [first._replace(follows=False), *more]
    return kept


def _tokens(piece: Piece) -> int:
    return tokens(piece.text) + _LINE_TOKENS


def tokens(text: str) -> int:
    """The most tokens that a text is likely to have."""
    plain = sum(map(str.isascii, text))
    return -(-plain // _ASCII_PER_TOKEN) + len(text) - plain


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:119]}…"


def written(pieces: Sequence[Piece]) -> str:
    """The lines as JSON, one each: nothing in a text ends its line, or the material."""
    return "\n".join(json.dumps(_line(p), ensure_ascii=False) for p in pieces)


def _line(piece: Piece) -> dict[str, object]:
    time = {} if piece.start_seconds is None else {"at": round(piece.start_seconds, 1)}
    # What could be taken for markup is not spelled as it.
    text = piece.text.replace("<", "‹").replace(">", "›").replace("```", "'''")
    return {"is": piece.kind, **time, "text": text}
