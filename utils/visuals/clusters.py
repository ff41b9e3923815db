"""Letters with what belongs to them, and where a line of them may end.

No cluster is ever cut: a consonant of Khmer with its coeng and vowels, a letter with its accents,
an emoji of several parts, a flag.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from utils.models.sanitize import unmarked

_VIRAMA = 9  # the combining class of what joins the next letter to this one
_JOINER, _BREAK = "\u200d", "\u200b"
_LEADING = frozenset("เแโใไເແໂໃໄ")  # vowels of Thai and Lao that are written before their consonant
_TRAILING = frozenset("ะาำๅๆฯະາຳໆฺ")
_MAX_MARKS = 8  # upon one letter; more is no writing
_SPACES = re.compile(r"\s+")
# What may not begin a line, and what may not end one.
_CLINGS = frozenset(
    "、。，．：；！？）］｝〉》」』】〕’”…‥ー～々ゝゞ,.!?:;)]}%»៖។៕៘៙៚ៗ۔،؟।॥ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ"
)
_OPENS = frozenset("（［｛〈《「『【〔‘“([{«¿¡")
_MAX_SYLLABLES = 14  # clusters: so many without a place to end are cut anywhere
_KHMER_VOWELS = frozenset(map(chr, (*range(0x17A3, 0x17B4), *range(0x17B6, 0x17C9))))
# Scripts that are written without blanks between words: a line may end between syllables.
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x19E0, 0x19FF), (0x2E80, 0x9FFF),
    (0xA980, 0xA9DF), (0xF900, 0xFAFF), (0xFF00, 0xFF9F), (0x20000, 0x3FFFF),
)  # fmt: skip


def on_one_line(text: str) -> str:
    """Composed, with single blanks, without control characters and marks that turn directions."""
    plain = unicodedata.normalize("NFC", unmarked(_SPACES.sub(" ", text)))
    return "".join(one for one in plain if not _is_unseen(one)).strip()


def of(text: str) -> Iterator[str]:
    """The clusters of a text, in its order."""
    cluster = ""
    marks = 0
    for sign in text:
        if cluster and not _belongs(cluster, sign):
            yield cluster
            cluster, marks = "", 0
        if unicodedata.category(sign) in {"Mn", "Me"} and cluster:
            marks += 1
        if marks <= _MAX_MARKS:
            cluster += sign
    if cluster:
        yield cluster


def cut(text: str, most: int) -> str:
    """At most so many clusters; an ellipsis where there are more."""
    found = list(of(text))
    return text if len(found) <= most else "".join(found[: most - 1]).rstrip() + "…"


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a text between which a line may end; whether a blank stands before each."""
    for word in text.split(" "):
        is_apart = True
        for part in filter(None, word.split(_BREAK)):
            for piece in _of_word(part):
                yield piece, is_apart
                is_apart = False


def _of_word(word: str) -> Iterator[str]:
    piece, length = "", 0
    for cluster in of(word):
        if piece and _may_end(piece, cluster, length):
            yield piece
            piece, length = "", 0
        piece += cluster
        length += 1
    if piece:
        yield piece


def _may_end(piece: str, after: str, length: int) -> bool:
    """True if a line may end between the two. In Thai, Lao and Khmer syllables are kept whole."""
    before = piece[-1]
    if after[0] in _CLINGS or before in _OPENS:
        return False
    if before in "-–—/":
        return True
    if not is_unspaced(after):
        return is_unspaced(before)
    if length >= _MAX_SYLLABLES:
        return True
    if "\u0e00" <= after[0] <= "\u0eff":  # some vowels are written first, some always last
        return after[0] in _LEADING or before in "ะำๆະຳໆ" or not is_unspaced(before)
    if "\u1780" <= after[0] <= "\u17ff":  # a consonant without a vowel ends a syllable
        return any(one in _KHMER_VOWELS for one in after) or not is_unspaced(before)
    return True


def is_unspaced(text: str) -> bool:
    """True if the text begins with a letter of a script that has no blanks between words."""
    return bool(text) and any(first <= ord(text[0]) <= last for first, last in _UNSPACED)


def _belongs(cluster: str, sign: str) -> bool:
    last = cluster[-1]
    if unicodedata.category(sign)[0] == "M" or sign in {_JOINER, "\u200c"} or sign in _TRAILING:
        return True
    if 0x1F3FB <= ord(sign) <= 0x1F3FF or 0xE0020 <= ord(sign) <= 0xE007F:  # skin, flags' tags
        return True
    if last in _LEADING or last == _JOINER:
        return True
    if _is_flag(sign) and _is_flag(last):
        return len(cluster) % 2 == 1
    return unicodedata.combining(last) == _VIRAMA and unicodedata.category(sign)[0] == "L"


def _is_flag(sign: str) -> bool:
    return 0x1F1E6 <= ord(sign) <= 0x1F1FF


def _is_unseen(sign: str) -> bool:
    kind = unicodedata.category(sign)
    is_tag = 0xE0020 <= ord(sign) <= 0xE007F
    return kind in {"Cc", "Co", "Cs", "Cn"} or (
        kind == "Cf" and sign not in {_BREAK, _JOINER, "\u200c"} and not is_tag
    )
