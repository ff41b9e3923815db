"""The steps of an item: one table, from which tasks, plans, limits and documents follow.

A step's version is part of its key: raise it when its result changes for the same input.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from utils.config import Settings
from utils.errors import SettingsError
from utils.models.item import MediaKind
from utils.models.options import PipelineOptions
from utils.models.probe import ContainerProbe
from utils.text import analyst

VIDEO, SONG, IMAGE = "video", "song", "image"
PROFILE_OF = {MediaKind.VIDEO: VIDEO, MediaKind.AUDIO: SONG, MediaKind.IMAGE: IMAGE}
_ALL = frozenset({VIDEO, SONG, IMAGE})
_SEEN = frozenset({VIDEO, IMAGE})
_HEARD = frozenset({VIDEO, SONG})


class Step(NamedTuple):
    """One atomic piece of work.

    ``profiles`` are those in which it makes sense; ``wants`` what the file must hold;
    ``needs`` are steps without which it can't be done, ``uses`` those whose results it takes
    if there are any. What is not ``optional`` has no switch.
    """

    name: str
    group: str
    lane: str
    says: str
    version: int = 1
    retries: int = 2
    profiles: frozenset[str] = _ALL
    wants: str | None = None
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    optional: bool = True


STEPS: tuple[Step, ...] = (
    Step("generate_checksum", "extraction", "probe", "reading the file", optional=False),
    Step("extract_ffprobe", "extraction", "probe", "probing the container", version=2,
         optional=False),
    Step("check_duplicate", "extraction", "database", "looking for copies"),
    Step("extract_mediainfo", "extraction", "probe", "asking MediaInfo", version=2),
    Step("extract_exiftool", "extraction", "probe", "asking ExifTool"),
    Step("extract_extended_exif", "extraction", "probe", "reading the camera's notes",
         needs=("extract_exiftool",)),
    Step("extract_codec", "extraction", "probe", "describing the codec", wants="picture",
         uses=("extract_mediainfo",)),
    Step("extract_hdr", "extraction", "probe", "describing the dynamic range", wants="picture",
         uses=("extract_mediainfo",)),
    Step("extract_audio_tracks", "extraction", "probe", "listing the sounds", wants="sound",
         uses=("extract_mediainfo",)),
    Step("extract_subtitle_tracks", "extraction", "probe", "listing the subtitles",
         profiles=frozenset({VIDEO})),
    Step("analyze_signal", "analysis", "decode", "decoding all of it", version=2,
         uses=("extract_mediainfo",), optional=False),
    Step("generate_thumbnails", "analysis", "decode", "choosing pictures", version=2,
         needs=("analyze_signal",)),
    Step("analyze_exposure", "analysis", "decode", "measuring the light", profiles=_SEEN,
         wants="picture", needs=("analyze_signal",)),
    Step("detect_focal_length", "analysis", "probe", "finding the focal length", profiles=_SEEN,
         needs=("extract_extended_exif",)),
    Step("transcribe_audio", "analysis", "transcribe", "listening", profiles=_HEARD,
         wants="sound"),
    Step("analyze_content", "analysis", "ai", "understanding", retries=4, profiles=_HEARD,
         needs=("transcribe_audio",)),
    Step("make_proxy", "analysis", "compress", "making a proxy", profiles=frozenset({VIDEO}),
         wants="picture", needs=("analyze_signal",)),
    Step("ai_video_analysis", "analysis", "ai", "watching", retries=4,
         profiles=frozenset({VIDEO}), wants="picture", needs=("generate_thumbnails",),
         uses=("make_proxy", "transcribe_audio", "analyze_content")),
    Step("ai_thumbnail_selection", "analysis", "decode", "choosing the best pictures",
         profiles=frozenset({VIDEO}), needs=("ai_video_analysis",)),
    Step("fingerprint_media", "processing", "decode", "taking a fingerprint",
         needs=("analyze_signal",)),
    Step("find_near_duplicates", "processing", "database", "looking for look-alikes",
         needs=("fingerprint_media",)),
    Step("judge_quality", "processing", "probe", "judging", needs=("analyze_signal",),
         uses=("transcribe_audio",)),
    Step("compress_video", "processing", "compress", "compressing",
         profiles=frozenset({VIDEO}), wants="picture", needs=("analyze_signal",),
         uses=("judge_quality",)),
    Step("compress_audio", "processing", "compress", "compressing",
         profiles=frozenset({SONG}), wants="sound", needs=("analyze_signal",),
         uses=("judge_quality",)),
    Step("consolidate_metadata", "processing", "probe", "putting the facts together",
         uses=("extract_mediainfo", "extract_exiftool", "extract_extended_exif", "extract_codec",
               "extract_hdr", "extract_audio_tracks", "extract_subtitle_tracks",
               "detect_focal_length")),
    Step("create_model", "storage", "database", "putting the record together",
         needs=("analyze_signal",), optional=False,
         uses=("consolidate_metadata", "generate_thumbnails", "analyze_exposure",
               "transcribe_audio", "analyze_content", "ai_video_analysis",
               "ai_thumbnail_selection", "judge_quality")),
    Step("store_item", "storage", "database", "storing", version=2, retries=4,
         needs=("create_model",), optional=False),
    Step("generate_embeddings", "storage", "embed", "making it findable", version=2,
         needs=("create_model",)),
    Step("upload_thumbnails", "storage", "upload", "publishing the pictures", retries=4,
         needs=("generate_thumbnails",), uses=("ai_thumbnail_selection",)),
)  # fmt: skip

# Work that belongs to no item yet.
FETCH = Step("fetch_media", "ingestion", "download", "downloading", optional=False)

# What is rejected is not made small.
_NOT_FOR_REJECTED = frozenset({"compress_video", "compress_audio"})

BY_NAME: dict[str, Step] = {step.name: step for step in (*STEPS, FETCH)}


def lane_of(step: str) -> str:
    """The lane of a step; "unknown" of one that an older version had."""
    return BY_NAME[step].lane if step in BY_NAME else "unknown"


# What the plan itself is made from: these always run.
_FIRST = ("generate_checksum", "extract_ffprobe")


class Plan(NamedTuple):
    """Which steps an item gets: each name with why it does not run, None if it does."""

    reasons: Mapping[str, str | None]

    def runs(self, step: str) -> bool:
        """True if ``step`` applies."""
        return self.reasons[step] is None

    def for_rejected(self) -> Plan:
        """The same for an item that the gate rejected: it is not made small."""
        why = {step: self.reasons[step] or "the item was rejected" for step in _NOT_FOR_REJECTED}
        return Plan({**self.reasons, **why})


def plan(probe: ContainerProbe, options: PipelineOptions, settings: Settings) -> Plan:
    """What is to be done to an item with this probe.

    Raises:
        SettingsError: ``options.only`` names something that is no step.
    """
    asked = with_needs(options.only)
    reasons: dict[str, str | None] = {}
    for step in STEPS:  # a step comes after those that it needs
        reason = _why_not(step, probe, options, settings, asked)
        for need in step.needs:
            if reason is None and reasons[need] is not None:
                reason = f"needs {need}: {reasons[need]}"
        reasons[step.name] = reason
    return Plan(reasons)


def with_needs(names: Iterable[str]) -> frozenset[str]:
    """These steps, those that they need or use, and so on.

    Raises:
        SettingsError: one of them is no step.
    """
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in BY_NAME or name == FETCH.name:
            raise SettingsError(
                f"{name!r} is no step. The steps are {', '.join(step.name for step in STEPS)}."
            )
        if name not in found:
            found.add(name)
            left += (*BY_NAME[name].needs, *BY_NAME[name].uses)
    return frozenset(found)


def forced(options: PipelineOptions) -> frozenset[str]:
    """The steps that are to be done again though the ledger knows them."""
    if not options.force:
        return frozenset()
    return frozenset(options.only or (step.name for step in STEPS))


def profile(probe: ContainerProbe, options: PipelineOptions) -> str:
    """The profile that an item is worked on with."""
    return PROFILE_OF[probe.kind] if options.profile == "auto" else options.profile


def _why_not(
    step: Step,
    probe: ContainerProbe,
    options: PipelineOptions,
    settings: Settings,
    asked: frozenset[str],
) -> str | None:
    """Why a step does not apply, its needs left aside; None if it does."""
    if asked and step.name not in asked and step.name not in _FIRST:
        return f"not asked for (only {', '.join(options.only)})"
    if step.optional and not getattr(options.steps, step.name):
        return "switched off"
    if (chosen := profile(probe, options)) not in step.profiles:
        return f"makes no sense for profile {chosen}"
    if step.wants == "picture" and not probe.video:
        return "has no picture"
    if step.wants == "sound" and not probe.heard:
        return "has no sound"
    return _not_configured(step.name, options, settings)


def _not_configured(step: str, options: PipelineOptions, settings: Settings) -> str | None:
    """Why the settings leave a step nothing to do."""
    if step in {"compress_video", "compress_audio"} and not options.compression.enabled:
        return "compression is switched off"
    if step == "make_proxy" and analyst.engine(options.analysis, settings) == "local":
        return "the local analysis needs no proxy; set NIGHTSHIFT_GEMINI_API_KEY for Gemini"
    if step == "upload_thumbnails" and settings.publish_url is None:
        return "NIGHTSHIFT_PUBLISH_URL is not set"
    return None


def expected(kind: MediaKind, options: PipelineOptions, settings: Settings) -> tuple[str, ...]:
    """The steps that an item of this kind may go through, before anybody has looked into it."""
    chosen = PROFILE_OF[kind] if options.profile == "auto" else options.profile
    asked = with_needs(options.only)
    return tuple(
        step.name
        for step in STEPS
        if (not asked or step.name in asked or step.name in _FIRST)
        and (not step.optional or getattr(options.steps, step.name))
        and chosen in step.profiles
        and _not_configured(step.name, options, settings) is None
    )


def pipeline_key(options: PipelineOptions, engines: str) -> str:
    """One hash of all that decides an item's results but the item: versions and options.

    An item that is done under this key has nothing to do; no step needs to be asked.

    Args:
        options: What the person chose.
        engines: The engines that the options resolve to on this machine.
    """
    versions = ",".join(f"{step.name}:{step.version}" for step in STEPS)
    text = "\n".join((versions, options.model_dump_json(exclude={"force"}), engines))
    return hashlib.sha256(text.encode()).hexdigest()
