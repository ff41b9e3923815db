"""How far the times of words are from where they were spoken, by both engines.

The speech is synthetic: espeak-ng tells when each of its words and phonemes begins. Of the words
that were heard as they were said, the error is that of their begin and of their end.
"""

from __future__ import annotations

import ctypes
import difflib
import re
import statistics
import tempfile
import wave
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

Row = tuple[str, str, str, str, str]

AIM_SECONDS = 0.1
ENGINES = ("openai-whisper", "faster-whisper")
_BETWEEN = 0.6  # seconds between sentences
_WORD, _END, _PHONEME = 1, 5, 7  # types of espeak-ng's events
_TEXTS = {
    "en-us": (
        "The harbour was quiet this morning.",
        "A small boat carried apples and bread to the island.",
        "Nobody noticed the lighthouse keeper walking down the stairs with a lantern.",
        "Yesterday seven people were waiting for the letter from the captain.",
        "They painted the wooden door and repaired the window before winter.",
        "My brother plays the piano every evening after dinner.",
    ),
    "de": (
        "Der Bahnhof liegt hinter dem alten Rathaus.",
        "Gestern haben wir dort einen langen Spaziergang gemacht und Kuchen gegessen.",
        "Meine Schwester arbeitet seit drei Jahren in einem kleinen Krankenhaus.",
        "Am Abend lesen die Kinder ein Buch und trinken warme Milch.",
    ),
}


class Spoken(NamedTuple):
    """A word, and where it was said, in seconds."""

    text: str
    start: float
    end: float


class Event(NamedTuple):
    """What espeak-ng tells of its speech; ``position`` counts the text's characters from 1."""

    kind: int
    position: int
    seconds: float
    name: str


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    )


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


def rows() -> list[Row]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for voice, sentences in _TEXTS.items():
            sound = Path(folder) / f"{voice}.wav"
            said = speak(sentences, voice, sound)
            found += [_row(engine, voice, sound, said) for engine in ENGINES]
    return found


def _row(engine: str, voice: str, sound: Path, said: list[Spoken]) -> Row:
    heard = hear(engine, sound, voice[:2])
    pairs = matched(said, heard)
    starts = [abs(a.start - b.start) for a, b in pairs]
    ends = [abs(a.end - b.end) for a, b in pairs]
    both = sorted(starts + ends)
    median = statistics.median(both) if both else float("inf")
    return (
        f"times of words, {engine}, {voice}",
        f"{1000 * median:.0f} ms median",
        f"{len(pairs)} of {len(said)} words; starts {1000 * statistics.median(starts):.0f}, "
        f"ends {1000 * statistics.median(ends):.0f}, 90 % within "
        f"{1000 * both[int(0.9 * len(both))]:.0f} ms",
        f"{median / AIM_SECONDS:.2f} ×",
        "≤ 100 ms",
    )


def hear(engine: str, sound: Path, language: str) -> list[Spoken]:
    """The words that an engine heard."""
    from utils.config import load_settings, prepare_torch
    from utils.media.probing import ffprobe
    from utils.models.options import TranscriptionOptions
    from utils.speech import transcriber

    prepare_torch()
    assert engine in ("openai-whisper", "faster-whisper")
    options = TranscriptionOptions(engine=engine, words=True, language=language)
    found = transcriber.transcribe(sound, ffprobe.probe(sound), None, options, load_settings())
    return [
        Spoken(_plain(word.text), word.start_seconds, word.end_seconds)
        for segment in found.segments
        for word in segment.words
    ]


def matched(said: list[Spoken], heard: list[Spoken]) -> list[tuple[Spoken, Spoken]]:
    """The words that were heard as they were said, each with what was heard."""
    matcher = difflib.SequenceMatcher(
        a=[word.text for word in said], b=[word.text for word in heard], autojunk=False
    )
    return [
        (said[block.a + n], heard[block.b + n])
        for block in matcher.get_matching_blocks()
        for n in range(block.size)
    ]


def speak(sentences: tuple[str, ...], voice: str, target: Path) -> list[Spoken]:
    """Write the sentences as a sound; returns where each word lies in it, by espeak-ng's events."""
    library, rate = _espeak()
    library.espeak_SetVoiceByName(voice.encode())
    library.espeak_SetParameter(1, 145, 0)  # words a minute
    sound, said = bytearray(bytes(2 * rate)), []
    for sentence in sentences:
        begin = len(sound) / 2 / rate
        events = _synthesised(library, sentence, sound)
        said += _words(sentence, events, begin)
        sound += bytes(int(2 * rate * _BETWEEN) // 2 * 2)
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(sound))
    return said


@cache
def _espeak() -> tuple[ctypes.CDLL, int]:
    """The library and its sample rate; begun once, for a second time it never answers."""
    library = ctypes.CDLL("libespeak-ng.so.1")
    rate = library.espeak_Initialize(2, 0, None, 1)  # to a callback; events of phonemes too
    assert rate > 0, "espeak-ng's voices are not there"
    return library, rate


def _synthesised(library: ctypes.CDLL, text: str, sound: bytearray) -> list[Event]:
    """Speak a text to the end of ``sound``; returns what happened when."""
    events: list[Event] = []

    def hear(samples: Any, number: int, told: Any) -> int:
        if samples:
            sound.extend(ctypes.string_at(samples, 2 * number))
        position = 0
        while told[position].type:
            one = told[position]
            name = bytes(one.name).split(b"\0")[0].decode(errors="replace")
            events.append(Event(one.type, one.text_position, one.audio_position / 1000, name))
            position += 1
        return 0

    callback = _CALLBACK(hear)
    library.espeak_SetSynthCallback(callback)
    data = text.encode()
    library.espeak_Synth(data, len(data) + 1, 0, 1, 0, 1, None, None)
    return events


def _words(text: str, events: list[Event], begin: float) -> list[Spoken]:
    """A word begins with its first phoneme, and ends with the next pause or word."""
    found: list[Spoken] = []
    open_word: list[Any] | None = None
    for event in events:
        is_sound = event.kind == _PHONEME and bool(event.name.strip("_:; "))
        if event.kind == _PHONEME and open_word:
            if is_sound and open_word[1] is None:
                open_word[1] = event.seconds
            elif not is_sound and open_word[1] is not None and open_word[2] is None:
                open_word[2] = event.seconds
        if event.kind in (_WORD, _END):
            if open_word and open_word[1] is not None:
                end = open_word[2] if open_word[2] is not None else event.seconds
                found.append(Spoken(open_word[0], begin + open_word[1], begin + end))
            open_word = None
        if event.kind == _WORD:
            word = text[event.position - 1 :].split()[0]
            open_word = [_plain(word), None, None]
    return found


def _plain(word: str) -> str:
    return re.sub(r"[^\w]", "", word).casefold()
