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
    """How an item is made small.

    The profiles: ``web`` plays in every browser (MP4; H.264, or AV1 where the source has more
    than 8 bits; Opus for a song), ``archive`` keeps all that is in the file (Matroska, AV1 in
    10 bit, sound untouched or as FLAC), ``proxy`` is the small copy that a model looks at,
    ``audio`` is the sound alone.
    """

    enabled: bool = True
    profile: Literal["web", "archive", "proxy", "audio"] = "web"
    video_codec: Literal["h264", "av1"] | None = Field(
        default=None, description="The profile chooses when not given."
    )
    target_vmaf: float | None = Field(
        default=None,
        ge=60,
        le=99,
        description="Quality to reach (VMAF). When not given: 95 for archive; 93 for web from five "
        "minutes on, where finding it costs little beside the encode, a fixed crf below.",
    )
    crf: int | None = Field(
        default=None,
        ge=0,
        le=63,
        description="Fixed, instead of a target. Where there is neither: 23 for h264, 35 for av1.",
    )
    audio_kbps: int = Field(default=96, ge=16, le=512, description="For two channels.")
    normalize_loudness: bool = Field(default=False, description="To -16 LUFS (EBU R 128).")
    min_saving: float = Field(
        default=0.1, ge=0, le=1, description="The source stays unless this share is saved."
    )


class PipelineOptions(Frozen):
    """Everything that decides what happens to an item; part of what makes a step's key."""

    transcription: TranscriptionOptions = TranscriptionOptions()
    analysis: AnalysisOptions = AnalysisOptions()
    gate: GateOptions = GateOptions()
    compression: CompressionOptions = CompressionOptions()
    thumbnail_count: int = Field(default=5, ge=1, le=20)
    skip: tuple[str, ...] = Field(default=(), description="Names of steps to leave out.")
