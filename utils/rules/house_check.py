"""What is known of an item, held against the house rules: no model is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from utils.models.approval import Subject
from utils.models.house_rules import HouseCheck, HouseRules, ProhibitedTopic, RuleBreach
from utils.rules import prohibited_words, romanised_text
from utils.rules.prohibited_words import Joined

_AROUND = 40  # characters of a quote before and after what was found
_MOST_CHARACTERS = 1_000_000  # of one text; 90 hours of speech have fewer


class _Text(NamedTuple):
    """A text of an item, in parts with their times, and what it is called."""

    name: str
    parts: tuple[str, ...]
    starts_seconds: tuple[float, ...] = ()


def check(subject: Subject, rules: HouseRules) -> HouseCheck:
    """What an item breaks, and what could not be told."""
    required = romanised_text.required(subject, rules)
    romanised = romanised_text.check(subject, rules)
    breaches = (*_prohibited(subject, rules), *required.breaches, *romanised.breaches)
    return HouseCheck(
        breaches=breaches, notes=tuple(dict.fromkeys((*required.notes, *romanised.notes)))
    )


def _prohibited(subject: Subject, rules: HouseRules) -> Iterator[RuleBreach]:
    if not rules.prohibited_topics:
        return
    for text in _texts(subject):
        joined = Joined.of(text.parts)
        prepared = prohibited_words.prepare(joined.text[:_MOST_CHARACTERS])
        for topic in rules.prohibited_topics:
            found = prohibited_words.find(prepared, topic.sought, rules.allowed_words)
            if found:
                yield _breach(topic, text, joined, found)


def _breach(
    topic: ProhibitedTopic, text: _Text, joined: Joined, found: Sequence[prohibited_words.Hit]
) -> RuleBreach:
    """The first of them, and how often it is there."""
    start, end = found[0]
    word = joined.text[start:end]
    often = f", {len(found)} times" if len(found) > 1 else ""
    why = f" ({topic.reason})" if topic.reason else ""
    part = joined.part_at(start)
    times = text.starts_seconds
    return RuleBreach(
        rule=f"prohibited topic: {topic.name}",
        reason=f"{word!r} stands in the {text.name}{often}{why}",
        quote=joined.text[max(0, start - _AROUND) : end + _AROUND].strip(),
        start_seconds=times[part] if part < len(times) else None,
    )


def _texts(subject: Subject) -> Iterator[_Text]:
    yield _Text("title", (subject.title,))
    yield from (_Text(label.name, (label.text,)) for label in subject.labels)
    said = [segment for segment in subject.segments if segment.text.strip()]
    yield _Text(
        "transcript",
        tuple(segment.text.strip() for segment in said),
        tuple(segment.start_seconds for segment in said),
    )
    if known := subject.understanding:
        for name in ("summary", "translation", "mood", "era"):
            if text := getattr(known, name):
                yield _Text(name, (text,))
        if known.romanisation and not romanised_text.is_by_rules(known):  # rough: may look like any
            yield _Text("romanisation", (known.romanisation,))
        if known.cultural_context:
            yield _Text("cultural context", (known.cultural_context,))
        for name in ("topics", "keywords"):
            yield from (_Text(name, (one,)) for one in getattr(known, name))
        for entry in known.vocabulary:
            yield _Text("vocabulary", (f"{entry.word}: {entry.definition}",))
        yield from (_Text("content warnings", (one,)) for one in known.content_warnings)
    if subject.video_summary:
        yield _Text("summary of what is seen", (subject.video_summary,))
    yield from (_Text("content warnings", (one,)) for one in subject.content_warnings)
    yield _Text("text in the picture", subject.texts)
