"""What a person can choose for a run. Each model is a form in Prefect's UI."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from utils.models.base import Frozen


class TranscriptionOptions(Frozen):
    """How speech becomes text."""

    engine: Literal["openai-whisper", "faster-whisper"] = "openai-whisper"
    model: str = Field(default="base", description="A whisper model's name, such as base or small.")
    language: str | None = Field(
        default=None, pattern="^[a-z]{2,3}$", description="ISO 639-1; detected when not given."
    )
    words: bool = Field(default=False, description="Times for each word as well.")
    voice_detection: bool = Field(
        default=True, description="Only what sounds like a voice is transcribed."
    )


class AnalysisOptions(Frozen):
    """Who reads the transcript: auto takes Gemini where a key is set."""

    engine: Literal["auto", "gemini", "local"] = "auto"
    gemini_model: str = "gemini-2.5-flash"


class GateOptions(Frozen):
    """The limits of the quality gate."""

    loudness_lufs: tuple[float, float] = Field(
        default=(-30.0, -9.0), description="Integrated loudness that passes (EBU R 128)."
    )
    max_silence_share: float = Field(default=0.5, ge=0, le=1)
    max_black_share: float = Field(default=0.3, ge=0, le=1)
    max_clipped_share: float = Field(default=0.005, ge=0, le=1)
    min_duration_seconds: float = Field(default=1.0, ge=0)
    min_height: int = Field(default=360, ge=0)


class CompressionOptions(Frozen):
    """How an item is made small."""

    enabled: bool = True
    video_codec: Literal["h264", "av1"] = "h264"
    crf: int | None = Field(default=None, ge=0, le=63, description="23 for h264, 35 for av1.")
    audio_kbps: int = Field(default=96, ge=16, le=512)
    normalize_loudness: bool = Field(default=False, description="To -16 LUFS (EBU R 128).")
    min_saving: float = Field(
        default=0.1, ge=0, le=1, description="The source stays unless this share is saved."
    )


class DuplicateOptions(Frozen):
    """When two items count as the same work. Measured distances: utils/media/resemblance.py."""

    frame_bits: int = Field(
        default=10, ge=0, le=32, description="Frames within so many of 64 bits are alike."
    )
    min_frame_share: float = Field(
        default=0.6, ge=0, le=1, description="Share of frames that are alike."
    )
    min_sound: float = Field(
        default=0.88, ge=0.5, le=1, description="Share of equal bits of the audio fingerprints."
    )
    duration_seconds: float = Field(
        default=2.5, ge=0, description="Lengths may differ by this much …"
    )
    duration_share: float = Field(
        default=0.01, ge=0, le=1, description="… or by this share, whichever is more."
    )
    image_bits: int = Field(
        default=7, ge=0, le=7, description="Images: bits of 64. More than 7 are not looked up."
    )
    image_detail_bits: int = Field(
        default=18, ge=0, le=128, description="Images: bits of the finer hash of 256."
    )
    max_candidates: int = Field(
        default=20, ge=1, description="The likeliest so many of the library are compared in full."
    )


class PipelineOptions(Frozen):
    """Everything that decides what happens to an item; part of what makes a step's key."""

    transcription: TranscriptionOptions = TranscriptionOptions()
    analysis: AnalysisOptions = AnalysisOptions()
    gate: GateOptions = GateOptions()
    compression: CompressionOptions = CompressionOptions()
    thumbnail_count: int = Field(default=5, ge=1, le=20)
    skip: tuple[str, ...] = Field(default=(), description="Names of steps to leave out.")
