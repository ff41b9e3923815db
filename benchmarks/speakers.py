"""Who speaks when, against dialogues put together of known voices.

Diarisation error rate as NIST defines it: missed, false and confused time over spoken time, without
0.25 s on both sides of each change (collar), the best assignment of found to true speakers.

Voices: the dialogue of the tests; flite's (Debian: ``apt-get install flite``), where it is on the
PATH; real ones of ``BENCH_VOICES``, a folder with a folder of recordings for each person, such as
LibriSpeech's (the corpus is not in any package's wheel).
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.selfhosted import ROOT
from utils.media.probing import ffprobe

Row = tuple[str, str, str, str, str]
Sound = NDArray[np.float32]
Spoken = list[tuple[float, float, int]]

RATE = 16_000
COLLAR_SECONDS = 0.25
FIXTURE = ROOT / "tests" / "fixtures" / "dialogue.opus"
FIXTURE_SPOKEN: Spoken = [
    *((0.25, 5.56, 1), (6.06, 9.1, 2), (9.6, 12.39, 1)),
    *((12.54, 15.86, 2), (16.36, 19.34, 1), (19.84, 21.92, 2)),
]
FLITE = ("rms", "slt", "awb", "kal16")
SENTENCES = (
    "The harbour was quiet this morning, and a small boat carried apples to the island.",
    "Nobody noticed the lighthouse keeper until the evening.",
    "Did you bring the bread and the letters from town?",
    "Yes, and I spoke with the captain about the storm that is coming.",
    "We should close the windows before it gets dark.",
    "I will light the lamp and write the log book.",
    "The last ferry leaves at seven, so please hurry.",
    "There is plenty of time, sit down and have a cup of tea.",
)


class Dialogue(NamedTuple):
    path: Path
    spoken: Spoken


class Score(NamedTuple):
    error: float
    found: int
    cpu_share: float


def rows() -> list[Row]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        found = [_row("the dialogue of the tests", [Dialogue(FIXTURE, FIXTURE_SPOKEN)])]
        if shutil.which("flite"):
            found.append(_row("pairs of flite's four voices", list(_flite(folder))))
        if real := os.environ.get("BENCH_VOICES"):
            for people in (1, 2, 3):
                dialogues = list(_real(Path(real), people, folder))
                found.append(_row(f"dialogues of {people} real people", dialogues))
        return [*found, _cost()]


def _row(what: str, dialogues: list[Dialogue]) -> Row:
    scores = [_score(one) for one in dialogues]
    people = [len({speaker for *_, speaker in one.spoken}) for one in dialogues]
    right = sum(s.found == number for s, number in zip(scores, people, strict=True))
    return (
        f"speakers: {what} ({len(dialogues)})",
        f"{np.mean([s.error for s in scores]):.1%} diarisation error",
        f"worst {max(s.error for s in scores):.1%}; number right in {right}",
        f"{np.mean([s.cpu_share for s in scores]):.3f} CPU s/s",
        "≤ 15 %",
    )


def _score(dialogue: Dialogue) -> Score:
    from utils.config import load_settings
    from utils.speech import speakers

    started = time.process_time()
    with speakers.heard(dialogue.path, ffprobe.probe(dialogue.path), None, None) as sound:
        found = speakers.identify(sound, None, load_settings())
    spent = time.process_time() - started
    turns = [(t.start_seconds, t.end_seconds, t.speaker) for t in found.turns]
    error = diarisation_error(dialogue.spoken, turns)
    return Score(error, len(found.voices), spent / dialogue.spoken[-1][1])


def diarisation_error(spoken: Spoken, found: Spoken) -> float:
    """Missed, false and confused time over spoken time, in frames of 10 ms."""
    from scipy.optimize import linear_sum_assignment

    length = round(100 * max(end for _, end, _ in [*spoken, *found])) + 1
    true, heard = _frames(spoken, length), _frames(found, length)
    scored = np.ones(length, bool)
    for moment in (moment for start, end, _ in spoken for moment in (start, end)):
        begin = round(100 * (moment - COLLAR_SECONDS))
        scored[max(0, begin) : round(100 * (moment + COLLAR_SECONDS))] = False
    true, heard = true[:, scored], heard[:, scored]
    shared = (true[:, None] & heard[None]).sum(2)
    chosen = zip(*linear_sum_assignment(-shared), strict=True)
    right = sum((true[a] & heard[b]).astype(int) for a, b in chosen)
    wrong = np.maximum(true.sum(0), heard.sum(0)) - right
    return float(wrong.sum() / true.sum())


def _frames(turns: Spoken, length: int) -> NDArray[np.bool_]:
    """Who speaks in each frame of 10 ms: (speakers, frames)."""
    names = sorted({speaker for *_, speaker in turns})
    frames = np.zeros((len(names) or 1, length), bool)
    for start, end, speaker in turns:
        frames[names.index(speaker), round(100 * start) : round(100 * end)] = True
    return frames


def _flite(folder: Path) -> Iterator[Dialogue]:
    said = {
        voice: [_speech(_flite_says(voice, text, folder)) for text in SENTENCES] for voice in FLITE
    }
    for pair in itertools.combinations(FLITE, 2):
        for pause in (0.5, 0.15):
            parts = [(said[pair[n % 2]][n], n % 2, pause) for n in range(len(SENTENCES))]
            yield _put_together(parts, folder / f"{'-'.join(pair)}-{pause}.wav")


def _flite_says(voice: str, text: str, folder: Path) -> Sound:
    path = folder / "said.wav"
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
    return _read(path)


def _real(corpus: Path, people: int, folder: Path) -> Iterator[Dialogue]:
    """Six dialogues of ten turns, each of 1.5 to 9 s of one recording; pauses from 0.1 to 1 s."""
    chance = random.Random(people)
    recordings = {
        one.name: sorted(p for p in one.iterdir() if p.suffix in {".flac", ".wav", ".mp3"})
        for one in sorted(corpus.iterdir())
        if one.is_dir()
    }
    names = [name for name, files in recordings.items() if files]
    for number in range(6):
        chosen = chance.sample(names, people)
        parts = []
        for turn in range(10):
            sound = _read(chance.choice(recordings[chosen[turn % people]]))
            length = min(len(sound), round(chance.uniform(1.5, 9) * RATE))
            start = chance.randint(0, len(sound) - length)
            cut = _speech(sound[start : start + length])
            parts.append((cut, turn % people, chance.uniform(0.1, 1.0)))
        yield _put_together([p for p in parts if len(p[0])], folder / f"{people}-{number}.wav")


def _speech(sound: Sound) -> Sound:
    """From the first to the last voice, at one level."""
    from utils.speech import channels, speakers

    stretches = list(speakers._voiced(channels.listen(sound[:, None])))
    if not stretches:
        return sound[:0]
    cut = sound[stretches[0].first : stretches[-1].last]
    level: Sound = cut / np.sqrt(np.mean(np.square(cut))) * np.float32(0.05)
    return level


def _put_together(parts: list[tuple[Sound, int, float]], path: Path) -> Dialogue:
    from scipy.io import wavfile

    pieces, spoken, now = [], [], 0.0
    for sound, speaker, pause in parts:
        spoken.append((now, now + len(sound) / RATE, speaker))
        pieces += [sound, np.zeros(round(pause * RATE), np.float32)]
        now += (len(pieces[-2]) + len(pieces[-1])) / RATE
    whole = np.clip(np.concatenate(pieces), -1, 1)
    wavfile.write(path, RATE, (whole * 32767).astype(np.int16))
    return Dialogue(path, spoken)


def _read(path: Path) -> Sound:
    from utils.speech import audio

    with audio.sound(path, ffprobe.probe(path).audio[0]) as sound:
        return np.array(sound.samples[:, 0])


def _cost() -> Row:
    """The step beside transcription, in CPU seconds for a second of the dialogue."""
    from utils.config import load_settings
    from utils.models.options import TranscriptionOptions
    from utils.speech import speakers, transcriber

    settings, options = load_settings(), TranscriptionOptions()
    length, probe = FIXTURE_SPOKEN[-1][1], ffprobe.probe(FIXTURE)

    def spent(who: object) -> float:
        started = time.process_time()
        if who is speakers:
            with speakers.heard(FIXTURE, probe, None, None) as sound:
                speakers.identify(sound, None, settings)
        else:
            transcriber.transcribe(FIXTURE, probe, None, options, settings)
        return (time.process_time() - started) / length

    for who in (speakers, transcriber):  # both have their weights at hand then
        spent(who)
    told, heard = spent(speakers), spent(transcriber)
    return (
        "speakers: CPU s for a second of sound",
        f"{told:.3f}",
        f"transcription ({options.engine} {options.model}) {heard:.3f}",
        f"{told / heard:.2f}",
        "< 1",
    )
