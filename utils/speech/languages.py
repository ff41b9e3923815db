"""Which language is spoken in each stretch of voice.

Looking costs a pass of the encoder (1.4 CPU s for base, as much as transcribing 7 s). So a short
item is looked at everywhere; a long one every half minute, and everywhere between two looks that
differ.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence

from utils.speech.timeline import SAMPLE_RATE
from utils.speech.voice import MAX_UTTERANCE_SECONDS, Stretch

# As much speech as is looked at together, where pauses allow; less tells languages badly apart.
_WINDOW_SECONDS = 4.0
# Of more than half a second, the padding left out: who speaks next may speak another language.
_LONG_PAUSE_SECONDS = 0.275
_EVERYWHERE = 24  # windows: about two minutes of speech
_APART_SECONDS = 30.0
# From when a window says for itself what it is; one of fair length may be less sure, if it is much
# likelier to be that than what is spoken around it. (German of espeak: 0.39 German, 0.15 English.)
_SURE, _TELLING_SECONDS = 0.6, 1.5
_BEYOND_DOUBT = 0.9
_LIKELY, _FAIR_SECONDS, _LIKELIER = 0.3, 2.0, 2.0

# Those that whisper learned from 1,000 hours and more (Radford et al. 2022, appendix E). Where it
# is unsure it names others far too often: Thai, Latin and Nynorsk for the German of espeak.
_WELL_KNOWN = {
    "en", "zh", "de", "es", "ru", "fr", "pt", "ko", "ja", "tr", "pl", "it", "sv", "nl", "ca", "fi",
    "id",
}  # fmt: skip
_LITTLE_KNOWN, _HARDLY_SPOKEN = 0.1, {"la": 0.1, "nn": 0.1}

Guess = Mapping[str, float]  # the probability, 0–1, of each language (ISO 639-1)
Look = Callable[[Sequence[Stretch]], Guess]


def told(utterances: Sequence[Stretch], look: Look) -> list[Stretch]:
    """The utterances with their languages.

    Args:
        utterances: What is spoken, in order.
        look: Says what language some neighbouring utterances are in.
    """
    windows = _windows(utterances)
    guesses = _established(windows, _guesses(windows, look))
    windows, guesses = _split(windows, guesses, look)
    languages = _settled(windows, guesses)
    return [
        utterance._replace(language=language)
        for window, language in zip(windows, languages, strict=True)
        for utterance in window
    ]


def main(spoken: Sequence[Stretch]) -> str | None:
    """The language that most is spoken in."""
    lengths: dict[str, float] = {}
    for stretch in spoken:
        if stretch.language:
            lengths[stretch.language] = lengths.get(stretch.language, 0.0) + stretch.seconds
    return max(lengths, key=lambda language: lengths[language], default=None)


def _windows(utterances: Sequence[Stretch]) -> list[list[Stretch]]:
    windows: list[list[Stretch]] = []
    for utterance in utterances:
        if windows and _belongs(windows[-1], utterance):
            windows[-1].append(utterance)
        else:
            windows.append([utterance])
    return windows


def _belongs(window: Sequence[Stretch], utterance: Stretch) -> bool:
    length = _seconds(window)
    pause = (utterance.first - window[-1].last) / SAMPLE_RATE
    enough = _TELLING_SECONDS if pause >= _LONG_PAUSE_SECONDS else _WINDOW_SECONDS
    return length < enough and length + utterance.seconds <= MAX_UTTERANCE_SECONDS


def _split(
    windows: list[list[Stretch]], guesses: dict[int, Guess], look: Look
) -> tuple[list[list[Stretch]], dict[int, Guess]]:
    """The same; where the language changes, each utterance by itself: it may change within one."""
    finer: list[list[Stretch]] = []
    found: dict[int, Guess] = {}
    for number, window in enumerate(windows):
        beside = [guesses[n] for n in (number - 1, number + 1) if n in guesses]
        mine = guesses.get(number)
        near = {_best(guess) for guess in (*beside, *([mine] if mine else []))}
        if mine and len(window) > 1 and len(near) > 1:
            for utterance in window:
                guess = _weighed(look([utterance]))
                clear = max(guess.get(name, 0.0) for name in near) >= _LIKELY
                found[len(finer)] = _among(near, guess) if clear else mine
                finer.append([utterance])
        else:
            if mine:
                found[len(finer)] = mine
            finer.append(window)
    return finer, found


def _guesses(windows: Sequence[Sequence[Stretch]], look: Look) -> dict[int, Guess]:
    """What was found in those windows that were looked at."""
    found: dict[int, Guess] = {}
    passed = _APART_SECONDS
    for number, window in enumerate(windows):
        if len(windows) <= _EVERYWHERE or passed >= _APART_SECONDS or number == len(windows) - 1:
            found[number] = _seen(window, look)
            passed = 0.0
        passed += _seconds(window)
    for before, after in itertools.pairwise(sorted(found)):
        if _best(found[before]) != _best(found[after]):
            between = range(before + 1, after)
            found |= {number: _seen(windows[number], look) for number in between}
    return found


def _established(
    windows: Sequence[Sequence[Stretch]], guesses: dict[int, Guess]
) -> dict[int, Guess]:
    """The guesses; of what is short only languages that something longer is in.

    (2.6 s of synthetic German alone are Thai to whisper base.)
    """
    known = {_best(g) for n, g in guesses.items() if _seconds(windows[n]) >= _WINDOW_SECONDS}
    told = {}
    for number, guess in guesses.items():
        short = _seconds(windows[number]) < _WINDOW_SECONDS and guess[_best(guess)] < _BEYOND_DOUBT
        told[number] = _among(known, guess) if short else guess
    return told


def _among(known: Collection[str], guess: Guess) -> Guess:
    """What a guess says of some languages alone; all of it where it knows none of them."""
    return {name: share for name, share in guess.items() if name in known} or guess


def _settled(windows: Sequence[Sequence[Stretch]], guesses: dict[int, Guess]) -> list[str]:
    """A language for each window: its own where that is sure, else that of the one before."""
    sure = {
        number: _best(guess)
        for number, guess in guesses.items()
        if guess[_best(guess)] >= _SURE and _seconds(windows[number]) >= _TELLING_SECONDS
    }
    now = sure[min(sure)] if sure else _best(max(guesses.values(), key=lambda g: g[_best(g)]))
    settled = []
    for number, window in enumerate(windows):
        if number in sure:
            now = sure[number]
        elif number in guesses and _seconds(window) >= _FAIR_SECONDS:
            guess, best = guesses[number], _best(guesses[number])
            if guess[best] >= max(_LIKELY, _LIKELIER * guess.get(now, 0.0)):
                now = best
        settled.append(now)
    return settled


def _seen(window: Sequence[Stretch], look: Look) -> Guess:
    """What a window is in; where that is unsure, by what each of its utterances is in, too."""
    whole = look(window)
    weighed = _weighed(whole)
    if max(weighed.values()) >= _SURE or len(window) == 1:
        return weighed
    shares: dict[str, float] = {}
    for part in (window, *([utterance] for utterance in window)):
        guess = _weighed(whole if part is window else look(part))
        for name, share in guess.items():
            shares[name] = shares.get(name, 0.0) + share * _seconds(part) / _seconds(window) / 2
    return shares


def _weighed(guess: Guess) -> Guess:
    unsure = max(guess.values()) < _BEYOND_DOUBT
    likely = {
        name: share
        * _HARDLY_SPOKEN.get(name, 1.0)
        * (_LITTLE_KNOWN if unsure and name not in _WELL_KNOWN else 1.0)
        for name, share in guess.items()
    }
    return likely if max(likely.values()) > 0 else guess


def _best(guess: Guess) -> str:
    return max(guess, key=lambda language: guess[language])


def _seconds(window: Sequence[Stretch]) -> float:
    return sum(stretch.seconds for stretch in window)
