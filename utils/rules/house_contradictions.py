"""What in house rules says two things at once: in one place, or for one source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations

from utils.models.house_rules import HouseRules, HouseRulesFile, SourceRules
from utils.rules import prohibited_words


def faults(rules: HouseRulesFile) -> Iterator[str]:
    """What contradicts itself, each with its place."""
    yield from _in_one_place("", rules)
    for pattern, own in rules.sources.items():
        yield from _in_one_place(f"source {pattern!r}: ", own)
        yield from _of_source(f"source {pattern!r}: ", own, rules)
    yield from _of_standards(rules)


def merged(rules: HouseRulesFile, parts: Sequence[SourceRules]) -> HouseRules:
    """The file's top with what these say over it, one after another."""
    topics = {prohibited_words.key(topic.name): topic for topic in rules.prohibited_topics}
    spared, notes, required = [*rules.allowed_words], [*rules.cultural_notes], [*rules.required]
    said = {name: getattr(rules, name) for name in ("brand", "brand_colours", "romanisation")}
    for part in parts:
        for name in part.allowed_topics:
            topics.pop(prohibited_words.key(name), None)
        topics |= {prohibited_words.key(topic.name): topic for topic in part.prohibited_topics}
        again = {
            prohibited_words.key(word) for one in part.prohibited_topics for word in one.sought
        }
        spared = [word for word in spared if prohibited_words.key(word) not in again]
        spared += part.allowed_words
        notes += part.cultural_notes
        required = [one for one in (*required, *part.required) if one not in part.not_required]
        said |= {name: value for name in said if (value := getattr(part, name))}
    return HouseRules(
        **said,
        prohibited_topics=tuple(topics.values()),
        allowed_words=tuple(dict.fromkeys(spared)),
        cultural_notes=tuple(dict.fromkeys(notes)),
        required=tuple(dict.fromkeys(required)),
    )


def _in_one_place(where: str, rules: HouseRules) -> Iterator[str]:
    for colour in _twice(rules.brand_colours):
        yield f"{where}the colour {colour} is there twice: the first is the main one"
    for name in _twice(prohibited_words.key(topic.name) for topic in rules.prohibited_topics):
        yield f"{where}two prohibited topics are named {name!r}: make one of them"
    words = [(topic, word) for topic in rules.prohibited_topics for word in topic.sought]
    for topic, word in words:
        if not prohibited_words.is_findable(word):
            yield f"{where}prohibited topic {topic.name!r}: nothing is found by the word {word!r}"
    keys = {prohibited_words.key(word): topic.name for topic, word in words}
    for word in rules.allowed_words:
        if topic_name := keys.get(prohibited_words.key(word)):
            yield f"{where}{word!r} is allowed, and prohibited by the topic {topic_name!r}"
    if "romanisation" in rules.required and rules.romanisation == "none":
        yield f"{where}romanisation is required, and its standard is none"


def _of_source(where: str, own: SourceRules, rules: HouseRulesFile) -> Iterator[str]:
    above = {prohibited_words.key(topic.name) for topic in rules.prohibited_topics}
    for pattern in rules.sources:  # a wider pattern may prohibit what a narrower one allows
        if rules.sources[pattern] is not own:
            others = rules.sources[pattern].prohibited_topics
            above |= {prohibited_words.key(topic.name) for topic in others}
    here = {prohibited_words.key(topic.name) for topic in own.prohibited_topics}
    for name in own.allowed_topics:
        if prohibited_words.key(name) in here:
            yield f"{where}the topic {name!r} is allowed and prohibited"
        elif prohibited_words.key(name) not in above:
            known = ", ".join(sorted(above)) or "none"
            yield f"{where}{name!r} is allowed, but nothing prohibits it (there are: {known})"
    for one in own.required:
        if one in own.not_required:
            yield f"{where}{one} is required and not required"


def _of_standards(rules: HouseRulesFile) -> Iterator[str]:
    """Romanisation that is required where its standard is none, for one source or two that fit."""
    named = [(pattern, one) for pattern, one in rules.sources.items() if _speaks_of_it(one)]
    chosen = [(one,) for one in named] + [
        pair for pair in combinations(named, 2) if _overlap(pair[0][0], pair[1][0])
    ]
    told: set[str] = set()
    for parts in chosen:
        if told & {pattern for pattern, _ in parts} or any(
            one.romanisation == "none" and "romanisation" in one.required for _, one in parts
        ):
            continue  # said already
        whole = merged(rules, [one for _, one in parts])
        if whole.romanisation == "none" and "romanisation" in whole.required:
            names = " and ".join(repr(pattern) for pattern, _ in parts)
            told |= {pattern for pattern, _ in parts}
            yield (
                f"source {names}: romanisation is required, and its standard is none: say "
                "not_required: [romanisation], or a standard"
            )


def _speaks_of_it(rules: SourceRules) -> bool:
    asked = {*rules.required, *rules.not_required}
    return rules.romanisation is not None or "romanisation" in asked


@lru_cache(4096)
def _overlap(one: str, other: str) -> bool:
    """True if a name may fit both patterns."""
    if not one or not other:
        return not (one or other).strip("*")
    if one[0] == "*" or other[0] == "*":
        star, rest = (one, other) if one[0] == "*" else (other, one)
        return _overlap(star[1:], rest) or _overlap(star, rest[1:])
    same = one[0].casefold() == other[0].casefold() or "?" in (one[0], other[0])
    return same and _overlap(one[1:], other[1:])


def _twice(values: Iterable[str]) -> list[str]:
    return [value for value, number in Counter(values).items() if number > 1]
