"""How texts speak to whoever judges them: patterns of the words in ``orders.md``.

A word alone says nothing; ``orders`` looks for several beside each other. What is missed here
still reaches the critic only as data, and moves no score without evidence.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).with_name("orders.md")
_SECTION = re.compile(r"^## (\w+)\n\nWhole: ((?:.+\n?)+)(?:\nParts: ((?:.+\n?)+))?", re.M)
_WORD = re.compile(r"\w+")


class Words(NamedTuple):
    """A list of words: whole ones, beginnings of words, parts in scripts without blanks."""

    whole: frozenset[str]
    begins: tuple[str, ...]
    parts: tuple[str, ...]

    @property
    def pattern(self) -> str:
        """All of them as a regular expression."""
        begins = (rf"{re.escape(word)}\w*" for word in self.begins)
        words = "|".join((*map(re.escape, sorted(self.whole)), *begins))
        found = (rf"\b(?:{words})\b", *map(re.escape, self.parts))
        return f"(?:{'|'.join(found)})"


def _words(whole: str, parts: str) -> Words:
    given = whole.split()
    begins = tuple(word[:-1] for word in given if word.endswith("*"))
    return Words(frozenset(w for w in given if not w.endswith("*")), begins, tuple(parts.split()))


def _read() -> dict[str, Words]:
    """The lists of the file."""
    text = _FILE.read_text(encoding="utf-8")
    return {name: _words(whole, parts) for name, whole, parts in _SECTION.findall(text)}


# A full score: a figure, not part of a longer one.
FIGURE = (
    r"(?<![\d.])(?:1[.,]0+|0[.,]9\d*|10\s?/\s?10|5\s?/\s?5|100\s?/\s?100"
    r"|one point zero)(?!\d)"
)
_LISTS = _read()
_PARTS = [(name, part) for name, words in _LISTS.items() for part in words.parts]
_BY_FIRST = {
    first: tuple(one for one in _PARTS if one[1][0] == first)
    for first in {part[0] for _, part in _PARTS}
}
_A_FIGURE = re.compile(FIGURE)


def lists_in(text: str) -> frozenset[str]:
    """The lists of which a text has words: a pattern is tried only where it has all it needs."""
    found = set().union(*map(_lists_of, set(_WORD.findall(text))))
    if not text.isascii():
        for first in _BY_FIRST.keys() & set(text):
            found |= {name for name, part in _BY_FIRST[first] if part in text}
    if "1" in text or "0" in text or "5" in text or "one point" in text:
        found |= {"top", "figure"} if _A_FIGURE.search(text) else set()
    return frozenset(found)


@lru_cache(maxsize=20_000)
def _lists_of(word: str) -> frozenset[str]:
    return frozenset(
        name
        for name, words in _LISTS.items()
        if word in words.whole or word.startswith(words.begins)
    )


class Order(NamedTuple):
    """A pattern, and the lists that it needs words of."""

    needs: frozenset[str]
    pattern: re.Pattern[str]


def _order(needs: str, pattern: str) -> Order:
    return Order(frozenset(needs.split()), re.compile(pattern, re.S | re.M))


_PATTERNS = {name: words.pattern for name, words in _LISTS.items()}
FORGET, RULES, GIVE, SCORE = (_PATTERNS[name] for name in ("forget", "rules", "give", "score"))
JUDGE, PASS, CALL = (_PATTERNS[name] for name in ("judge", "pass", "call"))
TOP = f"(?:{_PATTERNS['top']}|{FIGURE})"

_NEAR = r".{0,60}?"
_CLOSE = r".{0,30}?"
_POINTS = r"(?<![\d.])(?:1[.,]0+|10\s?/\s?10)(?!\d)"

ORDERS = tuple(
    _order(needs, pattern)
    for needs, pattern in (
        # What came before is to be forgotten (verbs stand last in some languages).
        ("forget rules", FORGET + _NEAR + RULES),
        ("forget rules", RULES + _NEAR + FORGET),
        # A score is demanded.
        ("give score top", GIVE + _NEAR + SCORE + _NEAR + TOP),
        ("give score top", GIVE + _CLOSE + TOP + _CLOSE + SCORE),
        ("give score top", SCORE + _CLOSE + TOP + _CLOSE + GIVE),
        ("give score top", TOP + _CLOSE + SCORE + _CLOSE + GIVE),
        ("give figure", GIVE + _CLOSE + _POINTS + _NEAR + r"(?:criteri|every|all\b|each)"),
        ("figure", r"\b(?:scores?|rate|grade|judge)\b" + _CLOSE + _POINTS),
        ("score top", SCORE + r".{0,20}?(?:=|:|must|should|\bsei|soll|doit|debe|долж)" + _CLOSE
         + r"(?:" + FIGURE + r"|maxim\w*|highest|perfect)"),
        ("score", r"\b(?:all|every|each)\b.{0,15}\bscores?\b.{0,15}\b(?:to|at|are|is|of|=)\s*"
         r"(?:10{0,2}|one)\b(?![.,]?\d)"),
        # Whoever judges is spoken to.
        ("call judge", CALL + r"\W{0,3}(?:\w+\W{1,3}){0,3}?" + JUDGE + r"\s*[:,!—-]"),
        ("judge", r"\b(?:to|for|an|pour|para|per|для|kepada|untuk)\b\W{1,3}(?:\w+\W{1,3})?" + JUDGE
         + r"\s*:"),
        ("", r"\b(?:to|for|dear|hey|hello) (?:the )?ai\s*[:,!—-]"),
        ("judge", JUDGE + _CLOSE + r"(?:must|should|have to|has to|need to|muss|soll|doit|debe|"
         r"долж\w*)\b" + _CLOSE + "(?:" + PASS + "|" + SCORE + ")"),
        ("", r"\byou are now\b" + _CLOSE + r"\b(?:ai|assistant|language model|critic|judge|"
         r"reviewer|dan|unrestricted|free|in)\b"),
        ("", r"\byou are (?:an? |the )?(?:\w+ )?(?:ai|language model|chatbot|unrestricted)\b"),
        ("", r"\bas an? (?:ai|language model|large language model|critic|judge|evaluator) (?:you|"
         r"must|should)\b"),
        # It is to pass.
        ("pass", r"\b(?:must|should|please|has to|have to|is to|bitte|por favor)\b.{0,12}?" + PASS
         + r".{0,25}?\b(?:this|it|item|video|song|without|automatic\w*|immediate\w*)\b"),
        ("pass", r"\b(?:this|the) (?:item|video|song|clip|file|content|recording)\b.{0,12}?"
         r"\b(?:must|should|has to|have been|has been|was|is) (?:be )?(?:already |pre-?)?" + PASS),
        ("", r"\bmark\b.{0,20}?\bas\b.{0,10}?\b(?:approved|accepted|passed)\b"),
        ("", r"\b(?:critic|reviewer|evaluator)\b.{0,30}?\b(?:pre-?)?approved\b"),
        ("", r"\bpre-?approved by\b|\bexempt from (?:review|judg|check|moderat)"),
        ("", r"\bhouse rules (?:do|does|are|need) not\b"),
        ("", r"\b(?:report|list|find|output|answer) (?:no|zero) (?:breach|violation)\w*"),
        # A word from above, an end of the material, a part in a conversation.
        ("", r"\bsystem\s*(?:prompt|override)\b|\bsystem (?:message|note|instruction)s?\s*:"),
        ("", r"(?:^|[\n\"'>\]])\s*(?:system|assistant|user|human|developer|model)\s*:"),
        ("", r"\b(?:new|updated|revised) (?:system )?(?:instruction|task|rule|directive)s?\s*:"),
        ("", r"^\W*(?:this is the )?(?:end|begin\w*|start) of (?:the )?(?:transcript|data|material|"
         r"input|instructions?|prompt)\b"),
        ("", r"\b(?:jailbreak|prompt injection|developer mode|god mode|sudo mode)\b"),
        ("", r"</?\s*(?:transcript|material|data|document|input|instruction|system|user|assistant|"
         r"text|context|item|im_start|im_end|think|answer|tool\w*)\b[^<>]{0,40}>"),
        ("", r"<\|[^|<>]{1,40}\|>"),
        ("", r"\[/?inst\]|<</?sys>>|<(?:start|end)_of_turn>|\[(?:system|assistant)\]"),
        ("", r"^\s*#{2,}\s*(?:instruction|system|response|new task|answer|input|output)"),
        # An answer that was given already.
        ("", r"[\"'“”`](?:score|scores|criteria|breaches|changes|evidence|answer_code|verdict|"
         r"approved|approval|decision|rating|readings)[\"'“”`]\s*[:=]"),
        ("", r"[\"“”`]?(?:content_value|transcript_fidelity|summary_fidelity|cultural_check)\b"),
        ("", r"[{,]\s*(?:score|criteria|verdict|approved|approval|rating)\s*:\s*[\"'\d{\[t]"),
    )
)  # fmt: skip

# Over several lines: only what stands close together.
ACROSS = tuple(
    _order(needs, pattern)
    for needs, pattern in (
        ("forget rules", FORGET + _CLOSE + RULES),
        ("forget rules", RULES + _CLOSE + FORGET),
        ("give score top", GIVE + _CLOSE + SCORE + _CLOSE + TOP),
        ("give score top", GIVE + _CLOSE + TOP + _CLOSE + SCORE),
    )
)

# Without blanks, signs and figures that stand for letters: "i g n o r e", "1gn0r3".
COMPACT = re.compile(
    r"(?:ignor|disregard|forget|overrid)\w{0,4}(?:all|any|the|your|every|my)*"
    r"(?:previous|prior|above|earlier|preceding|former|other|existing)*"
    r"(?:instruct|prompt|rule|criteri|guideline|direct)"
    r"|(?:give|assign|return|output|award)(?:it|this|me|us|the|an?|all|every|every\w{0,12}criteria)*"
    r"(?:full|maxim\w{2,3}|perfect|highest|top|best)(?:possible)?(?:score|rating|mark|grade)"
    r"|systemprompt|systemoverride|developermode"
)
