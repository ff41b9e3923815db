"""Speech to text: which engine, and what it is given."""

from __future__ import annotations

from pathlib import Path

from utils.config import Settings
from utils.models.options import TranscriptionOptions
from utils.models.signal import Span
from utils.models.transcript import Segment, Transcript, Word
from utils.processes import deadline
from utils.speech import audio, hallucination, vocabulary, voice, word_times
from utils.speech.engine import Transcriber


def engine(options: TranscriptionOptions, settings: Settings) -> Transcriber:
    """The engine that ``options`` name, loaded once a process."""
    if options.engine == "faster-whisper":
        from utils.speech import faster_whisper

        return faster_whisper.load(options.model, settings)
    from utils.speech import openai_whisper

    return openai_whisper.load(options.model, settings)


def transcribe(
    path: Path, stream_index: int, options: TranscriptionOptions, settings: Settings
) -> Transcript:
    """Transcribe one audio stream of a file.

    Without a voice there is no text, and no model is loaded. The language of the first piece
    of speech is that of the rest.
    """
    with audio.samples(path, stream_index) as sound:
        length = len(sound) / audio.SAMPLE_RATE
        whole = (Span(start_seconds=0.0, end_seconds=length),) if length else ()
        voiced = voice.spans(sound) if options.voice_detection else whole
        if not voiced:
            return Transcript(engine="silero-vad (no voice)", language=options.language)
        transcriber = engine(options, settings)
        known = vocabulary.fitted(options.vocabulary, transcriber.count_tokens)
        options = options.model_copy(update={"vocabulary": known.text})
        language, segments = options.language, list[Segment]()
        for piece in voice.pieces(sound, voiced):
            deadline.check(f"Listening to {path.name}")
            heard = transcriber.recognize(piece.audio, language, options)
            language = language or heard.language
            timed = word_times.refined(heard.segments, piece.audio)
            segments += [_moved(segment, piece) for segment in timed]
    segments = [segment for segment in segments if segment.text.strip()]
    return Transcript(
        engine=transcriber.name,
        language=language,
        speech_seconds=round(sum(span.duration_seconds for span in voiced), 2),
        segments=tuple(segments),
        confidence=hallucination.confidence(segments),
        hallucination=hallucination.score(segments),
        is_translated=options.translate,
        left_out=known.left_out,
    )


def _moved(segment: Segment, piece: voice.Piece) -> Segment:
    return segment.model_copy(
        update={
            "start_seconds": piece.original(segment.start_seconds),
            "end_seconds": piece.original(segment.end_seconds),
            "words": tuple(
                Word(
                    text=word.text,
                    start_seconds=piece.original(word.start_seconds),
                    end_seconds=piece.original(word.end_seconds),
                    probability=word.probability,
                )
                for word in segment.words
            ),
        }
    )
