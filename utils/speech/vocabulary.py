"""Words that whisper is told to expect: names and places that it would spell otherwise.

It reads them as text that came before each 30 s of sound, in which it has room for half of its
context: 224 tokens, of which openai-whisper and CTranslate2 take 223.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

MAX_TOKENS = 200  # chosen: some room is left for the text before
# Without an end whisper took "the Lyghthouse Keepar" for the begin of the first sentence, and left
# out what was said of it (both engines, base).
_ENDS = ".!?。！？"


class Fitted(NamedTuple):
    """What a model reads of a vocabulary, and what there was no room for."""

    text: str | None
    left_out: str | None


def fitted(vocabulary: str | None, count_tokens: Callable[[str], int]) -> Fitted:
    """As many of the first words of a vocabulary as fit; words between commas stay together."""
    if not vocabulary or count_tokens(vocabulary) < MAX_TOKENS:
        return Fitted(_ended(vocabulary), None)
    joint = ", " if "," in vocabulary else " "
    words = [word.strip() for word in vocabulary.split(joint.strip() or None) if word.strip()]
    number = len(words)
    while number and count_tokens(joint.join(words[:number])) >= MAX_TOKENS:
        number -= 1
    return Fitted(_ended(joint.join(words[:number])), joint.join(words[number:]) or None)


def _ended(text: str | None) -> str | None:
    return f"{text}." if text and text[-1] not in _ENDS else text or None
