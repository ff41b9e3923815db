"""faster-whisper (CTranslate2): half the memory, and no torch. An extra of the project."""

from __future__ import annotations

import os
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from utils.config import Settings
from utils.errors import SettingsError
from utils.models.options import TranscriptionOptions
from utils.models.transcript import Segment, Word
from utils.speech import hallucination, weights
from utils.speech.engine import Recognition

_loading = Lock()


class FasterWhisper:
    """A loaded model; CTranslate2 serves several threads from one set of weights."""

    def __init__(self, model: Any, name: str) -> None:
        self.name = name
        self._model = model

    def recognize(
        self, sound: NDArray[np.float32], language: str | None, options: TranscriptionOptions
    ) -> Recognition:
        """Transcribe; what looks invented is decoded once more, where nothing may be said twice.

        Nothing is drawn by chance: CTranslate2's generators are seeded once a thread, so its
        fallback of higher temperatures gives another text each time.
        """
        first = self._decoded(sound, language, options)
        if not any(hallucination.is_odd(segment) for segment in first.segments):
            return first
        second = self._decoded(sound, first.language, options, no_repeat_ngram_size=3)
        return hallucination.likelier(first, second)

    def languages_of(self, sound: NDArray[np.float32]) -> dict[str, float]:
        """The languages of the first 30 s; English of a model that knows no other."""
        if not self._model.model.is_multilingual:
            return {"en": 1.0}
        _, _, found = self._model.detect_language(sound)
        return {str(language): float(probability) for language, probability in found}

    def _decoded(
        self,
        sound: NDArray[np.float32],
        language: str | None,
        options: TranscriptionOptions,
        **how: Any,
    ) -> Recognition:
        """Segments are decoded as they are drawn from the generator."""
        segments, info = self._model.transcribe(
            sound,
            language=language,
            task="translate" if options.translate else "transcribe",
            word_timestamps=options.words,
            hotwords=options.vocabulary,  # an initial prompt would be read for the first 30 s alone
            condition_on_previous_text=False,
            beam_size=5,
            temperature=0.0,
            no_speech_threshold=None,  # the voice detector has said so: a word alone is speech
            **how,
        )
        return Recognition(info.language, [_segment(raw) for raw in segments])

    def count_tokens(self, text: str) -> int:
        """How many tokens the model makes of a text."""
        return len(self._model.hf_tokenizer.encode(f" {text}", add_special_tokens=False).ids)


def load(model: str, settings: Settings) -> FasterWhisper:
    """The model called ``model``, loaded at the first call (1.5–2 s)."""
    with _loading:
        return _load(model, settings)


@cache
def _load(model: str, settings: Settings) -> FasterWhisper:
    try:
        from faster_whisper import WhisperModel
    except ImportError as error:
        raise SettingsError(
            "faster-whisper is not installed: pip install 'nightshift[speech-fast]'."
        ) from error
    packaged = model in weights.REGISTRY
    copies = settings.lanes.transcribe
    try:
        loaded = WhisperModel(
            str(weights.ctranslate2(model, settings)) if packaged else model,
            compute_type="auto",
            cpu_threads=max(1, (os.cpu_count() or 1) // copies),
            num_workers=copies,
            download_root=str(settings.cache_dir / "ctranslate2"),
        )
    except (ValueError, OSError, RuntimeError) as error:
        raise SettingsError(f"faster-whisper can't load {model!r}: {error}") from error
    source = "registry" if packaged else "hub"
    return FasterWhisper(loaded, f"faster-whisper {model} ({source} weights)")


def _segment(raw: Any) -> Segment:
    return Segment(
        start_seconds=raw.start,
        end_seconds=raw.end,
        text=raw.text.strip(),
        words=tuple(
            Word(
                text=word.word,
                start_seconds=word.start,
                end_seconds=word.end,
                probability=word.probability,
            )
            for word in raw.words or ()
        ),
        mean_log_probability=raw.avg_logprob,
        compression_ratio=raw.compression_ratio,
        no_speech_probability=raw.no_speech_prob,
    )
