"""Cues as the files of players: SubRip and WebVTT by pysubs2, lyrics by hand.

What was said is text: no sign in it is a tag, a number or a new line to a player.
"""

from __future__ import annotations

from collections.abc import Sequence

from pysubs2 import SSAEvent, SSAFile

from utils.subtitles.cues import Cue
from utils.subtitles.tokens import joined

# pysubs2 keeps texts as SubStation has them, where these three begin or end a tag: signs that
# nobody speaks (Unicode leaves them to private use) stand for them meanwhile.
_TAGS = str.maketrans({"{": "\uf8f0", "}": "\uf8f1", "\\": "\uf8f2"})
_BACK = str.maketrans({"\uf8f0": "{", "\uf8f1": "}", "\uf8f2": "\\"})
_VTT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# An arrow between times begins a cue: in a text it is written as what it looks like.
_ARROW = ("-->", "→")
_SILENCE_SECONDS = 4.0  # after so long the last line of lyrics goes. Chosen.


def srt(cues: Sequence[Cue], words: bool = False, speakers: bool = False) -> str:
    """SubRip; with ``words`` a cue for each word. Names stand in the lines, if at all."""
    shown = _each_word(cues) if words else [(cue.start, cue.end, cue.text) for cue in cues]
    return _written([(start, end, text.replace(*_ARROW)) for start, end, text in shown], "srt")


def vtt(cues: Sequence[Cue], words: bool = False, speakers: bool = False) -> str:
    """WebVTT; with ``words`` each has its time, with ``speakers`` a voice."""
    shown = [(cue.start, cue.end, _vtt_text(cue, words, speakers)) for cue in cues]
    return _written(shown, "vtt")


def lrc(cues: Sequence[Cue], words: bool = False, speakers: bool = False) -> str:
    """Lyrics: a time for each line; with ``words`` for each word too (enhanced LRC)."""
    lines = []
    for number, cue in enumerate(cues):
        said = " ".join(map(joined, cue.lines))
        if words:
            said = "".join(
                f"{' ' * one.is_apart}<{_clock(one.start)}>{one.text}" for one in cue.words
            ).strip()
            said += f"<{_clock(cue.words[-1].end)}>"
        lines.append(f"[{_clock(cue.start)}]{' ' if said[:1] == '[' else ''}{said}")
        following = cues[number + 1].start if number + 1 < len(cues) else None
        if following is None or following - cue.end >= _SILENCE_SECONDS:
            lines.append(f"[{_clock(cue.end)}]")
    return "".join(f"{line}\n" for line in lines)


def _written(shown: Sequence[tuple[float, float, str]], form: str) -> str:
    file = SSAFile()
    for start, end, text in shown:
        event = SSAEvent(start=round(1000 * start), end=round(1000 * end))
        event.plaintext = text.translate(_TAGS)
        file.append(event)
    return file.to_string(form).translate(_BACK)


def _each_word(cues: Sequence[Cue]) -> list[tuple[float, float, str]]:
    shown: list[tuple[float, float, str]] = []
    for cue in cues:
        words = [word for word in cue.words if word.end > word.start]
        shown += [(word.start, word.end, word.text) for word in words]
    return shown


def _vtt_text(cue: Cue, words: bool, speakers: bool) -> str:
    lines, before = [], cue.start
    for line in cue.lines:
        text = ""
        for token in line:
            text += " " if token.is_apart and text else ""
            if words and before + 0.001 <= token.start < cue.end:
                before = round(token.start, 3)
                text += f"<{_hours(before)}>"
            text += token.text.translate(_VTT)
        lines.append(text)
    said = "\n".join(lines)
    name = " ".join((cue.speaker or "").split()).translate(_VTT) if speakers else ""
    return f"<v {name}>{said}" if name else said


def _clock(seconds: float) -> str:
    """``mm:ss.xx``, minutes without an end."""
    hundredths = round(100 * seconds)
    return f"{hundredths // 6000:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"


def _hours(seconds: float) -> str:
    """``hh:mm:ss.mmm``."""
    thousandths = round(1000 * seconds)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
