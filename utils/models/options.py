"""What a person can choose for a run. Each model is a form in Prefect's UI."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError, create_model, field_validator, model_validator

from utils.models.base import Frozen
from utils.models.speakers import MAX_SPEAKERS
from utils.models.steps import BY_NAME, STEPS, Step
from utils.models.visuals import LyricVideoOptions, VisualOptions

MAX_VOCABULARY = 1000  # characters; whisper reads some 200 tokens of it. Chosen.

SpeechEngine = Literal["openai-whisper", "faster-whisper"]


def _installed_engine() -> SpeechEngine:
    """The card's engine, unless the other one alone is installed."""
    fast_alone = find_spec("faster_whisper") and not find_spec("whisper")
    return "faster-whisper" if fast_alone else "openai-whisper"


class TranscriptionOptions(Frozen):
    """How speech becomes text."""

    engine: SpeechEngine = Field(
        default_factory=_installed_engine, description="The one that is installed."
    )
    model: str = Field(default="base", description="A whisper model's name, such as base or small.")
    language: str | None = Field(
        default=None, pattern="^[a-z]{2,3}$", description="ISO 639-1; detected when not given."
    )
    words: bool = Field(default=False, description="Times for each word as well.")
    translate: bool = Field(
        default=False, description="Write down in English what is said in any language."
    )
    vocabulary: str | None = Field(
        default=None,
        max_length=MAX_VOCABULARY,
        description="Names, places and other words to expect, with commas between them.",
    )
    voice_detection: bool = Field(
        default=True, description="Only what sounds like a voice is transcribed."
    )

    @field_validator("vocabulary")
    @classmethod
    def _some_words(cls, text: str | None) -> str | None:
        return " ".join(text.split()) or None if text else None

    @model_validator(mode="after")
    def _can_translate(self) -> TranscriptionOptions:
        if self.translate and self.model.endswith((".en", "turbo")):
            raise ValueError(f"whisper {self.model} can't translate: choose base, small or medium")
        return self

    def expecting(self, more: str | None) -> TranscriptionOptions:
        """The same with the words of a source expected besides."""
        if not more:
            return self
        both = ", ".join(filter(None, (self.vocabulary, more)))
        return self.model_copy(update={"vocabulary": both})


class SpeakerOptions(Frozen):
    """How the voices of an item are told apart (``steps.identify_speakers``)."""

    number: int | None = Field(
        default=None, ge=1, le=MAX_SPEAKERS, description="How many speak; found out when not given."
    )
    recognise: bool = Field(
        default=False, description="Look for voices that were named in other items."
    )


class AnalysisOptions(Frozen):
    """Who reads the transcript and watches the video: auto takes Gemini where a key is set."""

    engine: Literal["auto", "gemini", "local"] = "auto"
    gemini_model: str = Field(
        default="gemini-3.5-flash-lite", description="One that a price is known for."
    )
    media_resolution: Literal["low", "high"] = Field(
        default="low", description="high reads small writing at four times the tokens."
    )
    max_video_seconds: int = Field(
        default=3600, ge=1, description="Only so much of a video's beginning is watched."
    )

    def for_text(self) -> AnalysisOptions:
        """The same as far as reading a transcript depends on it: part of that step's key."""
        return AnalysisOptions(engine=self.engine, gemini_model=self.gemini_model)


class VerdictOptions(Frozen):
    """The limits of the verdict."""

    loudness_lufs: tuple[float, float] = Field(
        default=(-30.0, -9.0), description="Integrated loudness that passes (EBU R 128)."
    )
    max_silence_share: float = Field(default=0.5, ge=0, le=1)
    max_black_share: float = Field(default=0.3, ge=0, le=1)
    max_clipped_share: float = Field(default=0.005, ge=0, le=1)
    min_duration_seconds: float = Field(default=1.0, ge=0)
    min_height: int = Field(default=360, ge=0)

    def for_part(self) -> VerdictOptions:
        """The limits for a part of a work: it may be short and silent."""
        return self.model_copy(
            update={
                "min_duration_seconds": 0.0,
                "max_silence_share": 1.0,
                "loudness_lufs": (-70.0, self.loudness_lufs[1]),
            }
        )


class CriticOptions(Frozen):
    """Who judges the content besides the rules (``steps.critique_content``).

    auto takes the server of ``NIGHTSHIFT_CRITIC__BASE_URL`` where it is set, else Gemini where a
    key is, else nobody.
    """

    engine: Literal["auto", "gemini", "openai", "none"] = "auto"
    model: str | None = Field(
        default=None, description="Gemini's model when not that of the analysis."
    )
    max_disagreement: float = Field(
        default=0.2, ge=0, le=1, description="Two readings further apart call a third."
    )


class ApprovalOptions(Frozen):
    """When an item may be published.

    ``weights`` are those of criteria, of the rules and of the critic, such as ``loudness=2``:
    where none is given 1 for the critic's, the rules' own for theirs.
    """

    publish_from: float = Field(default=0.7, ge=0, le=1, description="The least score.")
    rules_weight: float = Field(default=0.4, ge=0, le=1, description="The critic has the rest.")
    weights: tuple[Annotated[str, Field(pattern=r"^[^=]+=\d+(\.\d+)?$")], ...] = ()
    max_revisions: int = Field(
        default=2, ge=0, le=2, description="Times that what the critic asks to change is tried."
    )


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


class SubtitleOptions(Frozen):
    """Where what was said is written each night, besides in the library."""

    beside: Literal["nothing", "source", "rendition"] = Field(
        default="nothing", description="Beside which file: Name.en.srt, for media servers."
    )
    format: Literal["srt", "vtt"] = Field(
        default="srt", description="Of films; of a song, lyrics are written (Name.lrc)."
    )
    speakers: bool = Field(default=False, description="With the names of who speaks.")
    in_rendition: bool = Field(default=False, description="As a track of the rendition, too.")


class _Switches(Frozen):
    """Which steps run; what an item can't do without has no switch."""

    def is_on(self, step: Step) -> bool:
        """True unless ``step`` was switched off."""
        return not step.optional or bool(getattr(self, step.name))


if TYPE_CHECKING:
    Switches = _Switches
else:  # a field for each optional step of the table
    Switches = create_model(
        "Switches",
        __base__=_Switches,
        __doc__=_Switches.__doc__,
        **{step.name: (bool, step.default) for step in STEPS if step.optional},
    )


class DuplicateOptions(Frozen):
    """When two items count as the same work. Measured distances: utils/similarity/compare.py."""

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

    profile: Literal["auto", "video", "song", "image"] = Field(
        default="auto",
        description="Which steps make sense; auto goes by what is in the file. A film as a "
        "song gives its sound alone.",
    )
    steps: Switches = Field(default=Switches(), description="A switch a step.")
    only: tuple[str, ...] = Field(
        default=(), description="These steps alone, with those that they need."
    )
    force: bool = Field(
        default=False,
        description="Do again what was done before: the steps of `only`, or all of them.",
    )
    transcription: TranscriptionOptions = TranscriptionOptions()
    speakers: SpeakerOptions = SpeakerOptions()
    analysis: AnalysisOptions = AnalysisOptions()
    verdict: VerdictOptions = VerdictOptions()
    critic: CriticOptions = CriticOptions()
    approval: ApprovalOptions = ApprovalOptions()
    duplicates: DuplicateOptions = DuplicateOptions()
    compression: CompressionOptions = CompressionOptions()
    subtitles: SubtitleOptions = SubtitleOptions()
    visuals: VisualOptions = VisualOptions()
    lyric_video: LyricVideoOptions = LyricVideoOptions()
    thumbnail_count: int = Field(default=5, ge=1, le=20)

    def hearing(self, expected: str | None) -> TranscriptionOptions:
        """How speech is heard: with what a source expects, and the times that subtitles need."""
        speech = self.transcription.expecting(expected)
        is_sung = self.is_on(BY_NAME["make_lyric_video"])
        if is_sung or self.subtitles.in_rendition or self.subtitles.beside != "nothing":
            speech = speech.model_copy(update={"words": True})
        return speech

    def is_on(self, step: Step) -> bool:
        """True unless ``step`` was switched off; what is off by default is on by its name."""
        return self.steps.is_on(step) or (not step.default and step.name in self.only)

    def without(self, *steps: str) -> PipelineOptions:
        """The same with these steps switched off."""
        switched = self.steps.model_copy(update=dict.fromkeys(steps, False))
        return self.model_copy(update={"steps": switched})


def with_changes(options: PipelineOptions, changes: Mapping[str, object]) -> PipelineOptions:
    """The same with other values, by names with dots: ``{"transcription.model": "small"}``.

    A text is read as its option wants it: ``true``, ``4``, ``-30,-9`` for several values. An empty
    one stands for nothing, where an option may be without a value.

    Raises:
        ValueError: a name is no option, or a value is none of it; says which.
    """
    document = options.model_dump()
    for name, value in changes.items():
        *groups, last = name.split(".")
        place: Any = document
        for group in groups:
            place = place.get(group) if isinstance(place, dict) else None
        if not isinstance(place, dict) or last not in place or isinstance(place[last], dict):
            raise ValueError(f"{name} is no option of the pipeline. {_near(document, groups)}")
        place[last] = read_value(value, place[last])
    try:
        return PipelineOptions.model_validate(document)
    except ValidationError as error:
        raise ValueError(faults(error)) from error


def read_value(value: object, former: object) -> object:
    """What stands on a command line or in a file as pydantic reads it, beside its former value."""
    if isinstance(value, str) and isinstance(former, tuple):
        return tuple(part for part in (one.strip() for one in value.split(",")) if part)
    return None if value == "" else value


def faults(error: ValidationError) -> str:
    """What is wrong with which field, in one line, without the value."""
    return "; ".join(
        ": ".join(
            filter(None, (".".join(map(str, one["loc"])), one["msg"].removeprefix("Value error, ")))
        )
        for one in error.errors(include_input=False, include_url=False)
    )


def _near(document: dict[str, Any], groups: list[str]) -> str:
    """Which names there are where one was looked for, or in the whole."""
    place: Any = document
    for group in groups:
        place = place.get(group) if isinstance(place, dict) else None
    if not isinstance(place, dict):
        return _near(document, [])
    names = (f"{name}.…" if isinstance(value, dict) else name for name, value in place.items())
    return f"{'In ' + '.'.join(groups) + ' there' if groups else 'There'} are {', '.join(names)}"
