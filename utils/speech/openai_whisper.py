"""openai-whisper on the CPU or a GPU.

A model that two threads share gives wrong text: decoding hangs hooks on its modules. The
weights are therefore loaded once, and each thread at work borrows its own tree of modules
around the same tensors; a second one costs no memory to speak of.
"""

from __future__ import annotations

import copy
import os
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from utils.config import Settings, prepare_torch
from utils.errors import SettingsError
from utils.models.options import TranscriptionOptions
from utils.models.transcript import Segment, Word
from utils.speech import hallucination, weights
from utils.speech.engine import Recognition

_loading = Lock()
# torch has one generator for all threads.
_drawing = Lock()
_SEED = 0
_TEMPERATURES = (0.2, 0.4, 0.6)  # of whisper's own; above it writes free inventions


class OpenAIWhisper:
    """A loaded model, and copies of its modules for as many threads as the lane is wide."""

    def __init__(self, model: Any, name: str, copies: int) -> None:
        from whisper.tokenizer import get_tokenizer

        self.name = name
        self._tokenizer = get_tokenizer(model.is_multilingual, num_languages=model.num_languages)
        self._models: queue.Queue[Any] = queue.Queue()
        tensors = [*model.parameters(), *model.buffers()]
        for _ in range(copies):
            self._models.put(copy.deepcopy(model, {id(tensor): tensor for tensor in tensors}))

    def recognize(
        self, sound: NDArray[np.float32], language: str | None, options: TranscriptionOptions
    ) -> Recognition:
        """Transcribe; waits for a free copy of the model.

        Nothing is drawn by chance at temperature 0. What looks invented is decoded once more at
        higher ones, by a generator that is seeded and that no other thread draws from meanwhile.
        """
        import torch

        first = self._decoded(sound, language, options, 0.0)
        if not any(hallucination.is_odd(segment) for segment in first.segments):
            return first
        with _drawing:
            torch.manual_seed(_SEED)
            second = self._decoded(sound, first.language, options, _TEMPERATURES)
        return hallucination.likelier(first, second)

    def languages_of(self, sound: NDArray[np.float32]) -> dict[str, float]:
        """The languages of the first 30 s; English of a model that knows no other."""
        import whisper

        with self._model() as model:
            if not model.is_multilingual:
                return {"en": 1.0}
            seen = whisper.log_mel_spectrogram(whisper.pad_or_trim(sound), model.dims.n_mels)
            _, probabilities = model.detect_language(seen.to(model.device))
        return {str(name): float(probability) for name, probability in probabilities.items()}

    def _decoded(
        self,
        sound: NDArray[np.float32],
        language: str | None,
        options: TranscriptionOptions,
        temperature: float | tuple[float, ...],
    ) -> Recognition:
        import whisper

        with self._model() as model:
            result = whisper.transcribe(
                model,
                sound,
                language=language,
                task="translate" if options.translate else "transcribe",
                word_timestamps=options.words,
                initial_prompt=options.vocabulary,
                carry_initial_prompt=True,  # else it is read for the first 30 s alone
                condition_on_previous_text=False,  # a hallucination must not feed the next one
                temperature=temperature,
                no_speech_threshold=None,  # the voice detector has said so: a word alone is speech
                fp16=next(model.parameters()).is_cuda,
                verbose=None,
            )
        return Recognition(result["language"], [_segment(raw) for raw in result["segments"]])

    @contextmanager
    def _model(self) -> Iterator[Any]:
        """A copy of the model that nobody else uses meanwhile."""
        model = self._models.get()
        try:
            yield model
        finally:
            self._models.put(model)

    def count_tokens(self, text: str) -> int:
        """How many tokens the model makes of a text."""
        return len(self._tokenizer.encode(f" {text}"))


def load(model: str, settings: Settings) -> OpenAIWhisper:
    """The model called ``model``, loaded at the first call (3–8 s)."""
    with _loading:
        return _load(model, settings)


@cache
def _load(model: str, settings: Settings) -> OpenAIWhisper:
    prepare_torch()
    try:
        import torch
        import whisper
    except ImportError as error:
        raise SettingsError(
            "openai-whisper is not installed: pip install 'nightshift[speech-openai]', or, without "
            "torch, 'nightshift[speech-fast]'."
        ) from error
    copies = settings.lanes.transcribe
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // copies))
    checkpoint = weights.checkpoint(model, settings)
    loaded = whisper.load_model(str(checkpoint))
    # Loaded by its path a model has all heads of its upper layers: worse at times of words.
    if heads := whisper._ALIGNMENT_HEADS.get(model):
        loaded.set_alignment_heads(heads)
    source = "registry weights" if ".registry" in checkpoint.name else "official weights"
    return OpenAIWhisper(loaded, f"openai-whisper {model} ({source})", copies)


def _segment(raw: dict[str, Any]) -> Segment:
    return Segment(
        start_seconds=raw["start"],
        end_seconds=raw["end"],
        text=raw["text"].strip(),
        words=tuple(
            Word(
                text=word["word"],
                start_seconds=float(word["start"]),
                end_seconds=float(word["end"]),
                probability=float(word["probability"]),
            )
            for word in raw.get("words", ())
        ),
        mean_log_probability=raw["avg_logprob"],
        compression_ratio=raw["compression_ratio"],
        no_speech_probability=raw["no_speech_prob"],
    )
