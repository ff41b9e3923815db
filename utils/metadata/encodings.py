"""Tags whose bytes were written in one encoding and marked as another.

ID3v1, ID3 frames marked Latin-1, RIFF INFO and names in ZIP say nothing true of their encoding:
what Windows wrote in Russia, Japan, China or Korea is shown as ``×åðíûé âîðîí``. Tools hand on
Latin-1; here the bytes are taken back out of that and read again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any, NamedTuple

from utils.models import sanitize

# The commonest signs of running text. They tell Chinese, Japanese and Korean apart, whose
# encodings accept each other's bytes.
_HANZI = frozenset(
    "的一是不了人我在有他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心"
    "多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外"
    "但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电"
    "四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性"
    "通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清"
    "物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连"
    "远资队跟带花快条院变联权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江"
    "语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双歌夜雨梦春秋夏冬曲星乐"
    "國來個時們會學說對這過後開見長動現問機電門東車馬書場樂愛聲氣實話語夢風飛紅黃綠藍雲龍鳳鄉葉華"
)
_KANJI = frozenset(
    "日一国人年大十二本中長出三時行見月分後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水"
    "半男西電校語土木聞食車何南万毎白天母火右読友左休父雨夜明海空花風星夢愛心音楽歌曲春夏秋冬朝夕光色君僕私恋世界"
    "桜雪青赤黒白声思手道鳥町村森田都会社新古自動物語映画館駅"
)
_HANGUL = frozenset(
    "이다의는에하고가을로지기은사한를리어도자서시해정대나인라있그아일수과게만들전보부장성선여주제것스상와구마소관"
    "경회안신조오유동모문무우화원위공생적하방용비세개면실명연당국때내거까아니요진저없말눈물사랑노래바람별밤봄날꿈길"
)
_MANY = 3  # high letters in a row that Latin-1 has in no word: "été" has one, "Œuvre" two
_INFO = frozenset(
    "«»—–-№…“”„‘’'\"()[]{}.,:;!?/&+*#@%_ \t\n\r\u3000、。・「」『』（）！？～〜ー：，；·"
)


# How likely a text is as it was read, 0–1, with the codec that it was read by.
Measure = Callable[[str, str], float]


class Repair(NamedTuple):
    """A text as it was meant; ``encoding`` is the one that was guessed, None if none was."""

    text: str
    encoding: str | None


def repaired(text: str) -> Repair:
    """``text`` read again in the encoding that its bytes are in, if it is another's mojibake.

    UTF-8 is strict: what is valid in it is it. Any other is guessed, and only where the letters
    of one script, written as it is written, stand where Latin-1 would have nonsense. What may be
    Latin-1 ("Café Müller") stays.
    """
    raw = _bytes(text)
    if raw is None or raw.isascii():
        return Repair(text, None)
    try:
        return Repair(raw.decode("utf-8"), "UTF-8")
    except UnicodeDecodeError:
        pass
    if not _is_nonsense(text):
        return Repair(text, None)
    offers = [
        (score, -place, read, name)
        for place, (name, codec, measure) in enumerate(_READINGS)
        if (read := _read(raw, codec)) and (score := measure(read, codec)) > _ENOUGH
    ]
    if not offers:
        return Repair(text, None)
    _, _, read, name = max(offers)
    return Repair(read, name)


def all_repaired(value: Any, guesses: dict[str, str]) -> Any:
    """A report with each text ``repaired``; ``guesses`` gets those that were, and how.

    Where all guesses are one, the short words beside them are read so too: "ДДТ" says little alone.
    """
    return _alike(_walked(value, repaired, guesses), guesses)


def _alike(value: Any, guesses: dict[str, str]) -> Any:
    found = set(guesses.values())
    if len(found) != 1 or found == {"UTF-8"}:
        return value
    name = found.pop()
    return _walked(value, lambda text: _by_example(text, name), guesses)


def _walked(value: Any, read: Callable[[str], Repair], guesses: dict[str, str]) -> Any:
    if isinstance(value, str):
        if value.isascii():
            return value
        found = read(value)
        if found.encoding:
            guesses[sanitize.text(found.text)] = found.encoding
        return found.text
    if isinstance(value, dict):
        return {name: _walked(part, read, guesses) for name, part in value.items()}
    return [_walked(part, read, guesses) for part in value] if isinstance(value, list) else value


def _by_example(text: str, name: str) -> Repair:
    """``text`` in the encoding of others beside it, if all its foreign words are words so."""
    raw = _bytes(text)
    codec = next(codec for known, codec, _ in _READINGS if known == name)
    found = _read(raw, codec) if raw else None
    if found is None or not all(map(str.isalpha, _high(found))):
        return Repair(text, None)
    is_mixed = any(not word.isascii() and any(c.isascii() for c in word)
                   for word in re.findall(r"[^\W\d_]+", found))  # fmt: skip
    return Repair(text, None) if is_mixed else Repair(found, name)


def _bytes(text: str) -> bytes | None:
    """The bytes that were read as Latin-1 or Windows-1252; None of a text that never was."""
    out = bytearray()
    for character in text:
        if ord(character) < 0x100:
            out.append(ord(character))
            continue
        try:
            out += character.encode("cp1252")
        except UnicodeEncodeError:
            return None
    return bytes(out)


def _is_nonsense(text: str) -> bool:
    """Whether it has what no Latin-1 text has: many accented letters in a row, signs in words."""
    runs = re.findall(r"[^\x00-\x7f]+", text)
    if max(map(len, runs)) >= _MANY:
        return True
    # Two accented letters make a word nowhere; a sign between letters neither.
    words = re.findall(r"[^\W\d_]*[\x80-\xbf×÷][^\W\d_]+", text)
    return bool(words) or any(len(run) >= 2 and not _touches(text, run) for run in runs)


def _touches(text: str, run: str) -> bool:
    at = text.index(run)
    around = text[max(0, at - 1) : at] + text[at + len(run) : at + len(run) + 1]
    return any(character.isascii() and character.isalpha() for character in around)


def _read(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        return None


def _high(text: str) -> list[str]:
    return [character for character in text if not character.isascii() and character not in _INFO]


def _alphabet(script: str, vowels: str, fewest: int, rarer: float = 0.0) -> Measure:
    """How well a text is written in the letters of one script: its case, its share of vowels."""

    def measure(text: str, _codec: str) -> float:
        high = _high(text)
        if len(high) < fewest or any(not unicodedata.name(c, "").startswith(script) for c in high):
            return 0.0
        if not 0.2 <= sum(_plain(c) in vowels for c in high) / len(high) <= 0.75:
            return 0.0
        words = re.findall(r"[^\W\d_]+", text)
        odd = sum(not w.isascii() and not _is_cased(w) for w in words) + len(_BROKEN.findall(text))
        mixed = sum(not w.isascii() and any(c.isascii() for c in w) for w in words)
        lower = sum(not c.isupper() for c in high) / len(high)
        return 0.6 + 0.4 * lower - 0.5 * (mixed + odd) / len(words) - rarer

    return measure


def _plain(letter: str) -> str:
    return letter if letter in "йЙ" else unicodedata.normalize("NFD", letter)[0].lower()


def _is_cased(word: str) -> bool:
    return word.islower() or word.istitle() or word.isupper()


def _japanese(text: str, _codec: str) -> float:
    high = _high(text)
    if len(high) < _FEWEST_SIGNS or not all(map(_is_japanese, high)) or _GLUED.search(text):
        return 0.0
    kana = sum("\u3041" <= c <= "\u30ff" for c in high)
    known = sum(c in _KANJI for c in high)
    return 0.45 + 0.55 * (kana + known) / len(high)


def _is_japanese(character: str) -> bool:
    return "\u3005" <= character <= "\u30ff" or unicodedata.name(character, "").startswith("CJK")


def _ideographs(script: str, common: frozenset[str], first: int, last: int) -> Measure:
    """By the commonest signs, and by those of the standard's first level (its lead bytes)."""

    def measure(text: str, codec: str) -> float:
        high = _high(text)
        if len(high) < _FEWEST_SIGNS or _GLUED.search(text):
            return 0.0
        if any(not unicodedata.name(c, "").startswith(script) for c in high):
            return 0.0
        known = sum(c in common for c in high) / len(high)
        usual = sum(first <= c.encode(codec)[0] <= last for c in high) / len(high)
        if not known and (usual < 1 or len(high) <= _FEWEST_SIGNS):
            return 0.0
        return 0.45 + 0.4 * known + 0.15 * usual

    return measure


_ENOUGH = 0.5
_FEWEST_SIGNS = 2
_BROKEN = re.compile(r"[^\W\d_][’‘–—…«»“”„‚†‡•™§©®°±µ¶·¬¦][^\W\d_]|ς(?=\w)")
_GLUED = re.compile(r"[A-Za-z][\u3041-\u9fff\uac00-\ud7a3][A-Za-z]")
_CYRILLIC, _GREEK = "аеиоуыэюяієї", "αεηιουω"
# KOI8-R turns case around: what Latin-1 has in capitals would be its small letters.
_READINGS: tuple[tuple[str, str, Measure], ...] = (
    ("windows-1251", "cp1251", _alphabet("CYRILLIC", _CYRILLIC, fewest=4)),
    ("KOI8-R", "koi8-r", _alphabet("CYRILLIC", _CYRILLIC, fewest=5, rarer=0.4)),
    ("Shift-JIS", "cp932", _japanese),
    ("EUC-JP", "euc_jp", _japanese),
    ("GBK", "gbk", _ideographs("CJK", _HANZI, 0xB0, 0xD7)),
    ("Big5", "big5", _ideographs("CJK", _HANZI, 0xA4, 0xC6)),
    ("EUC-KR", "cp949", _ideographs("HANGUL", _HANGUL, 0xB0, 0xC8)),
    ("windows-1253", "cp1253", _alphabet("GREEK", _GREEK, fewest=5, rarer=0.15)),
)
