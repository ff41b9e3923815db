"""How a run's steps are chosen and its speech is heard: the options of run, night and plan."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from utils.models.speakers import MAX_SPEAKERS

if TYPE_CHECKING:
    from utils.models.options import PipelineOptions, TranscriptionOptions

Concurrency = Annotated[
    int | None, typer.Option("--concurrency", min=1, help="Items in work at once \\[default: 2].")
]
AiWorkers = Annotated[
    int | None,
    typer.Option(
        "--ai-workers",
        min=1,
        help="Questions to Gemini at once \\[default: 1]; a server's own limit holds besides.",
    ),
]
Skip = Annotated[
    list[str] | None, typer.Option("--skip", help="A step to leave out; may be repeated.")
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", help="A step to do alone, with what it needs; may be repeated."),
]
Force = Annotated[
    bool, typer.Option("--force", help="Do again what was done before (with --only: that step).")
]
Profile = Annotated[
    str | None, typer.Option("--profile", help="video, song or image, whatever the file is.")
]
Language = Annotated[
    str | None, typer.Option("--language", help="ISO 639-1 of the speech; else detected.")
]
Words = Annotated[bool, typer.Option("--words", help="Times for each word as well.")]
Model = Annotated[
    str | None, typer.Option("--model", help="A whisper model, such as base or small.")
]
Translate = Annotated[
    bool, typer.Option("--translate", help="Write down in English what is said in any language.")
]
Vocabulary = Annotated[
    str | None,
    typer.Option(
        "--vocabulary", metavar="WORDS", help='Names and places to expect: "Nguyen, Oświęcim".'
    ),
]
Speakers = Annotated[
    str | None,
    typer.Option("--speakers", metavar="N", help="Tell the voices apart: auto, or how many."),
]
ReadText = Annotated[
    bool, typer.Option("--read-text", help="Read the text that is to be seen in pictures.")
]
Visuals = Annotated[
    bool,
    typer.Option("--visuals", help="Make pictures, by ComfyUI or drawn here; docs/visuals.md."),
]
LyricVideo = Annotated[
    bool,
    typer.Option("--lyric-video", help="Of songs, a film of their words; docs/visuals.md."),
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Prefect's own log on stderr.")]


def not_too_long(vocabulary: str | None) -> str | None:
    """Refuse more words than a model can be told to expect.

    Raises:
        typer.BadParameter: there are more.
    """
    from utils.models.options import MAX_VOCABULARY

    if vocabulary and len(vocabulary) > MAX_VOCABULARY:
        raise typer.BadParameter(f"more than {MAX_VOCABULARY} characters; a model reads fewer")
    return vocabulary


class Speech(NamedTuple):
    """What a person says of the speech in a run's items; the settings hold where it is nothing."""

    model: str | None = None
    language: str | None = None
    words: bool = False
    translate: bool = False
    vocabulary: str | None = None


def chosen(
    profile: str | None = None,
    only: list[str] | None = None,
    skip: list[str] | None = None,
    force: bool = False,
    speech: Speech | None = None,
) -> PipelineOptions:
    """The settings' options, changed by what stands on the command line."""
    from utils.config import load_settings
    from utils.models import steps

    known = [step.name for step in steps.STEPS]
    optional = [step.name for step in steps.STEPS if step.optional]
    for name in skip or ():
        if name not in optional:
            raise typer.BadParameter(f"{name} is no step that can be skipped: {optional}")
    for name in only or ():
        if name not in known:
            raise typer.BadParameter(f"{name} is no step. The steps are {known}")
    if profile not in {None, "auto", steps.VIDEO, steps.SONG, steps.IMAGE}:
        raise typer.BadParameter(f"{profile} is no profile: auto, video, song, image")
    options = load_settings().pipeline.without(*(skip or ()))
    return options.model_copy(
        update={
            "profile": profile or options.profile,
            "only": tuple(only or options.only),
            "force": force or options.force,
            "transcription": _speech(options.transcription, speech)
            if speech
            else options.transcription,
        }
    )


def _require_known(model: str) -> None:
    from utils.config import load_settings
    from utils.speech import weights

    if not weights.is_known(model, load_settings()):
        names = ", ".join(sorted(weights.NAMES))
        raise typer.BadParameter(f"{model} is no whisper model that is known here: {names}")


def _speech(settings: TranscriptionOptions, speech: Speech) -> TranscriptionOptions:
    """The settings' way to hear speech, changed by what was said of it.

    Raises:
        typer.BadParameter: no speech can be heard so.
    """
    from pydantic import ValidationError

    if speech.model:
        _require_known(speech.model)
    if speech.language and not re.fullmatch("[a-z]{2,3}", speech.language):
        raise typer.BadParameter(f"{speech.language} is no ISO 639-1 code such as en or km")
    said = {name: value for name, value in speech._asdict().items() if value}
    try:
        return type(settings).model_validate(settings.model_dump() | said)
    except ValidationError as error:
        faults = (fault["msg"].removeprefix("Value error, ") for fault in error.errors())
        raise typer.BadParameter("; ".join(faults)) from error


def with_text(options: PipelineOptions, is_wanted: bool) -> PipelineOptions:
    """The options with text in pictures read, if that is wanted."""
    if not is_wanted:
        return options
    steps = options.steps.model_copy(update={"read_text": True})
    return options.model_copy(update={"steps": steps})


def with_visuals(
    options: PipelineOptions, are_wanted: bool, lyric_video: bool = False
) -> PipelineOptions:
    """The options with pictures made, and films of songs' words, if they are wanted."""
    wanted = {"generate_visuals": are_wanted, "make_lyric_video": lyric_video}
    asked = {step: True for step, is_wanted in wanted.items() if is_wanted}
    return options.model_copy(update={"steps": options.steps.model_copy(update=asked)})


def with_speakers(options: PipelineOptions, wanted: str | None) -> PipelineOptions:
    """The options with voices told apart: as many as ``wanted``, or as are found (``auto``)."""
    if wanted is None:
        return options
    if wanted != "auto" and not (wanted.isdecimal() and 1 <= int(wanted) <= MAX_SPEAKERS):
        raise typer.BadParameter(f"--speakers {wanted}: say auto, or a number to {MAX_SPEAKERS}")
    number = None if wanted == "auto" else int(wanted)
    return options.model_copy(
        update={
            "steps": options.steps.model_copy(update={"identify_speakers": True}),
            "speakers": options.speakers.model_copy(update={"number": number}),
        }
    )
