"""What an item must have, and whether its romanisation is one, by the standard of the house.

Whether each word follows a standard only a reader can tell. Told here: whether there is one,
whether all its letters are Latin, what its author says to have followed, and whether it has accents
that the standard does not use (of Khmer, Japanese and Chinese, whose accents are listed).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from utils.models.analysis import Understanding
from utils.models.approval import Subject
from utils.models.house_rules import HouseCheck, HouseRules, RuleBreach

_RULE = "romanisation"
_NEEDS_ONE = 0.2  # share of letters that are not Latin from which on a text is to be romanised
_FOREIGN = 0.05  # share of words with accents that the standard does not use. Chosen.
BY_RULES = "by rules"  # what utils/analysis/romanisation.py makes without a model
_GRAVE, _ACUTE, _CIRCUMFLEX, _MACRON = "\u0300", "\u0301", "\u0302", "\u0304"
_BREVE, _DIAERESIS, _CARON = "\u0306", "\u0308", "\u030c"
_KHMER = _ACUTE + _GRAVE + _CIRCUMFLEX + _BREVE
_MARKS = {
    ("ungegn", "km"): _KHMER,
    ("bgn-pcgn", "km"): _KHMER,  # 1972: the same system
    ("hepburn", "ja"): _MACRON,
    ("pinyin", "zh"): _MACRON + _ACUTE + _CARON + _GRAVE + _DIAERESIS + _CIRCUMFLEX,
}
# Scripts that one language is written in, but for small ones.
_OF_SCRIPT = {
    "KHMER": "km", "THAI": "th", "LAO": "lo", "MYANMAR": "my", "HANGUL": "ko", "HIRAGANA": "ja",
    "KATAKANA": "ja", "GEORGIAN": "ka", "ARMENIAN": "hy", "GREEK": "el", "SINHALA": "si",
    "TAMIL": "ta", "TELUGU": "te", "KANNADA": "kn", "MALAYALAM": "ml", "GUJARATI": "gu",
    "TIBETAN": "bo",
}  # fmt: skip
_ONLY_FOR = {"hepburn": "ja", "pinyin": "zh", "geographic": "km"}


def required(subject: Subject, rules: HouseRules) -> HouseCheck:
    """What an item lacks of what it must have."""
    said = " ".join(segment.text for segment in subject.segments).strip()
    breaches, notes = [], []
    for name in rules.required:
        if subject.kind == "image" and name != "summary":
            notes.append(f"{name} is required: a picture has none")
        elif name != "transcript" and name != "summary" and not said:
            notes.append(f"{name} is required: nothing is said that could have one")
        elif reason := _lack(name, said, subject, rules):
            breaches.append(RuleBreach(rule=f"required: {name}", reason=reason))
    return HouseCheck(breaches=tuple(breaches), notes=tuple(notes))


def _lack(name: str, said: str, subject: Subject, rules: HouseRules) -> str | None:
    known = subject.understanding
    if name == "transcript":
        return None if said else "there is no transcript"
    if name == "summary":
        return None if (known and known.summary) or subject.video_summary else "there is no summary"
    if name == "translation":
        is_english = language_of(said, subject.language) == "en"
        is_there = is_english or (known and known.translation)
        return None if is_there else f"there is no translation{_by(subject)}"
    if not is_to_be_romanised(said):
        return None
    if not (known and known.romanisation):
        return f"there is no romanisation{_by(subject)}"
    if rules.romanisation not in (None, "any") and is_by_rules(known):
        return f"its romanisation is by {known.romanised_by}: that is not {rules.romanisation}"
    return None


def _by(subject: Subject) -> str:
    return "" if subject.understanding else ": what is said was not analysed"


def check(subject: Subject, rules: HouseRules) -> HouseCheck:
    """Whether the romanisation is one, and what can be told of its standard."""
    known, standard = subject.understanding, rules.romanisation
    text = (known.romanisation if known else None) or ""
    said = " ".join(segment.text for segment in subject.segments)
    if not text.strip() or known is None:
        is_missed = standard not in (None, "none") and is_to_be_romanised(said)
        return HouseCheck(notes=("there is no romanisation",) if is_missed else ())
    if standard == "none":
        return _broken("there is to be no romanisation, and there is one", text)
    if standard is None:
        return HouseCheck()
    if foreign := _not_latin(text):
        return _broken(f"{foreign!r} in it is no Latin letter", _around(text, foreign))
    if standard == "any":
        return HouseCheck()
    if is_by_rules(known):
        return HouseCheck(notes=(f"romanisation by {known.romanised_by}: it follows no standard",))
    language = language_of(said, subject.language)
    return _by_standard(standard, text, known.romanisation_standard, language)


def _by_standard(standard: str, text: str, named: str | None, language: str | None) -> HouseCheck:
    meant = _ONLY_FOR.get(standard)
    if meant and language and language != meant:
        return HouseCheck(notes=(f"romanisation: {standard} is not for {language}",))
    other = named and standard_named(named)
    if other and other != standard:
        return _broken(f"it follows {named} as its author says, not {standard}", text)
    foreign = [*_with_foreign_accents(text, _MARKS.get((standard, language or "")))]
    if len(set(foreign)) > 1 and len(foreign) >= _FOREIGN * len(text.split()):
        return _broken(f"{foreign[0]!r} has accents that {standard} does not use", foreign[0])
    notes = [f"romanisation: its letters are those of {standard}; its words were not checked"]
    if not named:
        notes.append("romanisation: its author names no standard")
    if foreign:
        notes.append(f"romanisation: {foreign[0]!r} has accents that {standard} does not use")
    return HouseCheck(notes=tuple(notes))


def is_for(standard: str, language: str | None) -> bool:
    """False of a standard that is made for another language."""
    return _ONLY_FOR.get(standard, language) == language


def language_of(text: str, language: str | None) -> str | None:
    """The language of a text: what its script alone says, else what was told.

    A recogniser takes Khmer for English now and then, and people's own words are in any language.
    """
    if not is_to_be_romanised(text):
        return language
    scripts = Counter(_script(character) for character in text if character.isalpha())
    if scripts["HIRAGANA"] + scripts["KATAKANA"] > _NEEDS_ONE * scripts.total():
        return "ja"
    script, number = scripts.most_common(1)[0]
    return _OF_SCRIPT.get(script, language) if number > scripts.total() / 2 else language


def is_by_rules(known: Understanding) -> bool:
    """True of a romanisation that no model made."""
    return (known.romanised_by or "").endswith(BY_RULES)


def is_to_be_romanised(text: str) -> bool:
    """True where a good share of a text's letters are not Latin."""
    letters = Counter(_is_latin(character) for character in text if character.isalpha())
    return letters[False] > _NEEDS_ONE * letters.total()


def _broken(reason: str, text: str) -> HouseCheck:
    line = text.strip().splitlines()[0][:80]
    return HouseCheck(breaches=(RuleBreach(rule=_RULE, reason=reason, quote=line),))


def _not_latin(text: str) -> str | None:
    return next((c for c in text if c.isalpha() and not _is_latin(c)), None)


def _around(text: str, character: str) -> str:
    place = text.index(character)
    return text[max(0, place - 30) : place + 31].strip().replace("\n", " / ")


@lru_cache(4096)
def _script(character: str) -> str:
    return unicodedata.name(character, " ").split(" ")[0]


@lru_cache(4096)
def _is_latin(character: str) -> bool:
    """Letters of Latin script; also what stands for a glottal stop, a letter to Unicode."""
    name = unicodedata.name(character, "")
    return "LATIN" in name or unicodedata.category(character) == "Lm"


def _with_foreign_accents(text: str, marks: str | None) -> Iterator[str]:
    if marks is None:
        return
    for word in text.split():
        accents = (c for c in unicodedata.normalize("NFD", word) if unicodedata.category(c) == "Mn")
        if any(accent not in marks for accent in accents):
            yield word.strip(".,;:!?\"'()")


def standard_named(named: str) -> str | None:
    """The standard that a text names, one of those that the house knows; None of any other."""
    plain = re.sub("[^a-z]+", "-", named.casefold())
    return next(
        (one for one in ("ungegn", "ala-lc", "bgn-pcgn", "geographic", "hepburn", "pinyin")
         if one in plain),
        None,
    )  # fmt: skip
