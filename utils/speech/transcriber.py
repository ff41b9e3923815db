"""Speech to text: which engine, and what it is given."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from utils.config import Settings
from utils.media import sounds
from utils.models.options import TranscriptionOptions
from utils.models.probe import ContainerProbe
from utils.models.transcript import Segment, Transcript, Word
from utils.processes import deadline
from utils.speech import (
    channels,
    hallucination,
    hearing,
    languages,
    vocabulary,
    voice,
    word_times,
)
from utils.speech.engine import Transcriber
from utils.speech.timeline import Timeline

_TRIVIAL_SECONDS = 0.05


def engine(options: TranscriptionOptions, settings: Settings) -> Transcriber:
    """The engine that ``options`` name, loaded once a process."""
    if options.engine == "faster-whisper":
        from utils.speech import faster_whisper

        return faster_whisper.load(options.model, settings)
    from utils.speech import openai_whisper

    return openai_whisper.load(options.model, settings)


def transcribe(
    path: Path,
    probe: ContainerProbe,
    seconds: float | None,
    options: TranscriptionOptions,
    settings: Settings,
    silent: Collection[int] = (),
) -> Transcript:
    """Transcribe the first of a file's sounds that somebody speaks in.

    Without a voice there is no text, and no model is loaded. Times are those of the file's
    timestamps, from its start.

    Args:
        path: The file.
        probe: Its probe, which says what sounds there are.
        seconds: How long it decodes; None if unknown.
        options: The engine, its model, the language.
        settings: Where the weights lie.
        silent: Streams that need no listening to.
    """
    streams = [s for s in sounds.in_order(probe, options.language) if s.index not in silent]
    find = voice.utterances if options.voice_detection else _whole
    with hearing.spoken(path, streams, seconds, find) as speech:
        if speech is None:
            count = len(probe.heard)
            return Transcript(
                engine="silero-vad (no voice)",
                language=options.language,
                heard_in="no voice in " + ("its sound" if count == 1 else f"any of {count} sounds"),
            )
        transcriber = engine(options, settings)
        known = vocabulary.fitted(options.vocabulary, transcriber.count_tokens)
        options = options.model_copy(update={"vocabulary": known.text})
        spoken = _told(speech, transcriber, options.language)
        segments = list[Segment]()
        for piece in voice.pieces(speech.ear, speech.timeline, spoken):
            deadline.check(f"Listening to {path.name}")
            heard = transcriber.recognize(piece.audio, piece.language, options)
            # Whisper fills a piece up to 30 s: what it hears there nobody said.
            said = [s for s in heard.segments if s.start_seconds < piece.seconds - _TRIVIAL_SECONDS]
            timed = word_times.refined(said, piece.audio)
            segments += [_placed(segment, piece) for segment in timed]
        segments = [segment for segment in segments if segment.text.strip()]
        channel = speech.ear.label([(s.first, s.last) for s in spoken])
    return Transcript(
        engine=transcriber.name,
        language=languages.main(spoken),
        stream_index=speech.stream.index,
        heard_in=", ".join(filter(None, (sounds.name(probe, speech.stream.index), channel))),
        speech_seconds=round(sum(stretch.seconds for stretch in spoken), 2),
        segments=tuple(segments),
        confidence=hallucination.confidence(segments),
        hallucination=hallucination.score(segments),
        is_translated=options.translate,
        left_out=known.left_out,
    )


def _whole(ear: channels.Ear, timeline: Timeline) -> list[voice.Stretch]:
    """All of it, where no voice is looked for."""
    count = len(ear.samples)
    return voice.bounded([voice.Stretch(0, count)] if count else [], ear, timeline)


def _told(
    speech: hearing.Speech, transcriber: Transcriber, language: str | None
) -> Sequence[voice.Stretch]:
    if language:
        return [stretch._replace(language=language) for stretch in speech.stretches]

    def look(window: Sequence[voice.Stretch]) -> languages.Guess:
        parts = [speech.ear.cut(stretch.first, stretch.last) for stretch in window]
        return transcriber.languages_of(np.concatenate(parts))

    return languages.told(speech.stretches, look)


def _placed(segment: Segment, piece: voice.Piece) -> Segment:
    start, end = piece.spoken(segment.start_seconds, segment.end_seconds)
    words = []
    for word in segment.words:
        begin, finish = piece.original(word.start_seconds, word.end_seconds)
        words.append(
            Word(
                text=word.text,
                start_seconds=begin,
                end_seconds=finish,
                probability=word.probability,
            )
        )
    return segment.model_copy(
        update={
            "start_seconds": start,
            "end_seconds": end,
            "language": piece.language,
            "words": tuple(words),
        }
    )
