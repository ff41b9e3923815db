"""The steps of an item: one table, from which tasks, plans, switches and limits follow.

A step's version is part of its key: raise it when its result changes for the same input.
"""

from __future__ import annotations

from typing import NamedTuple

from utils.models.item import MediaKind

VIDEO, SONG, IMAGE = "video", "song", "image"
PROFILE_OF = {MediaKind.VIDEO: VIDEO, MediaKind.AUDIO: SONG, MediaKind.IMAGE: IMAGE}
_ALL = frozenset({VIDEO, SONG, IMAGE})
_SEEN = frozenset({VIDEO, IMAGE})
_HEARD = frozenset({VIDEO, SONG})
# What is read of an item to judge it, or to draw for it.
_READ = ("transcribe_audio", "analyze_content", "read_text", "ai_video_analysis")


class Step(NamedTuple):
    """One atomic piece of work.

    ``profiles`` are those in which it makes sense; ``required_stream`` what the file must hold;
    ``needs`` are steps without which it can't be done, ``uses`` those whose results it takes
    if there are any. What is ``optional`` has a switch in the options, on or off by ``default``.
    Without what is ``essential`` an item can't be used: if it fails, the item fails. Of all others
    the item is done without it, and says what it lacks and why.
    """

    name: str
    group: str
    lane: str
    label: str
    version: int = 1
    retries: int = 2
    profiles: frozenset[str] = _ALL
    required_stream: str | None = None
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    optional: bool = True
    essential: bool = False
    default: bool = True


STEPS: tuple[Step, ...] = (
    Step("generate_checksum", "extraction", "probe", "reading the file", optional=False,
         essential=True),
    Step("extract_ffprobe", "extraction", "probe", "probing the container", version=4,
         optional=False, essential=True),
    Step("check_duplicate", "extraction", "database", "looking for copies"),
    Step("extract_mediainfo", "extraction", "probe", "asking MediaInfo", version=3),
    Step("extract_exiftool", "extraction", "probe", "asking ExifTool", version=2),
    Step("read_sidecars", "extraction", "probe", "reading what lies beside"),
    Step("extract_extended_exif", "extraction", "probe", "reading the camera's notes", version=2,
         needs=("extract_exiftool",)),
    Step("find_work", "extraction", "database", "looking for its other parts",
         needs=("extract_exiftool",)),
    Step("extract_codec", "extraction", "probe", "describing the codec", version=2,
         required_stream="picture", uses=("extract_mediainfo",)),
    Step("extract_hdr", "extraction", "probe", "describing the dynamic range",
         required_stream="picture", uses=("extract_mediainfo",)),
    Step("extract_audio_tracks", "extraction", "probe", "listing the sounds",
         required_stream="sound", uses=("extract_mediainfo",)),
    Step("extract_subtitle_tracks", "extraction", "probe", "listing the subtitles",
         profiles=frozenset({VIDEO})),
    Step("analyze_signal", "analysis", "decode", "decoding all of it", version=4,
         uses=("extract_mediainfo",), optional=False, essential=True),
    Step("generate_thumbnails", "analysis", "decode", "choosing pictures", version=4,
         needs=("analyze_signal",)),
    Step("analyze_exposure", "analysis", "decode", "measuring the light", version=2,
         profiles=_SEEN, required_stream="picture", needs=("analyze_signal",)),
    Step("detect_focal_length", "analysis", "probe", "finding the focal length", version=2,
         profiles=_SEEN,
         needs=("extract_extended_exif",)),
    Step("read_text", "analysis", "decode", "reading what is written", profiles=_SEEN,
         required_stream="picture", needs=("analyze_signal",), default=False),
    Step("transcribe_audio", "analysis", "transcribe", "listening", version=3, profiles=_HEARD,
         required_stream="sound", needs=("analyze_signal",)),
    Step("identify_speakers", "analysis", "decode", "telling the voices apart", profiles=_HEARD,
         required_stream="sound", needs=("analyze_signal",), default=False),
    Step("analyze_content", "analysis", "ai", "understanding", version=2, retries=4,
         profiles=_HEARD, needs=("transcribe_audio",)),
    Step("make_proxy", "analysis", "compress", "making a proxy", version=3,
         profiles=frozenset({VIDEO}), required_stream="picture", needs=("analyze_signal",)),
    Step("ai_video_analysis", "analysis", "ai", "watching", retries=4,
         profiles=frozenset({VIDEO}), required_stream="picture", needs=("generate_thumbnails",),
         uses=("make_proxy", "transcribe_audio", "analyze_content")),
    Step("ai_thumbnail_selection", "analysis", "decode", "choosing the best pictures", version=2,
         profiles=frozenset({VIDEO}), needs=("ai_video_analysis",)),
    Step("consolidate_metadata", "quality", "probe", "putting the facts together", version=3,
         uses=("analyze_signal", "extract_mediainfo", "extract_exiftool", "read_sidecars",
               "extract_extended_exif", "extract_codec", "extract_hdr", "extract_audio_tracks",
               "extract_subtitle_tracks", "detect_focal_length")),
    Step("judge_quality", "quality", "probe", "judging", version=2, needs=("analyze_signal",),
         uses=("transcribe_audio", "find_work")),
    Step("check_house_rules", "quality", "probe", "checking the house rules", version=2,
         uses=(*_READ, "consolidate_metadata")),
    Step("critique_content", "quality", "ai", "asking the critic", version=2, retries=4,
         needs=("judge_quality",), uses=(*_READ, "consolidate_metadata")),
    Step("decide_approval", "quality", "probe", "deciding whether it may be published", version=2,
         needs=("judge_quality",), uses=("check_house_rules", "critique_content")),
    Step("fingerprint_media", "processing", "decode", "taking a fingerprint", version=3,
         needs=("analyze_signal",)),
    Step("find_near_duplicates", "processing", "database", "looking for look-alikes", version=2,
         needs=("fingerprint_media",)),
    Step("identify_recording", "processing", "decode", "finding out which recording it is",
         profiles=frozenset({SONG}), required_stream="sound", needs=("analyze_signal",),
         uses=("extract_exiftool",)),
    Step("compress_video", "processing", "compress", "compressing", version=2,
         profiles=frozenset({VIDEO}), required_stream="picture", needs=("analyze_signal",),
         uses=("judge_quality", "find_work")),
    Step("compress_audio", "processing", "compress", "compressing", version=2,
         profiles=frozenset({SONG}), required_stream="sound", needs=("analyze_signal",),
         uses=("judge_quality",)),
    # Its client waits for a server that starts, and says for itself what is to be tried again.
    Step("generate_visuals", "visuals", "ai", "making pictures", retries=0, default=False,
         needs=("analyze_signal",), uses=(*_READ, "generate_thumbnails", "decide_approval",
                                          "consolidate_metadata")),
    Step("make_lyric_video", "visuals", "compress", "making a lyric video", default=False,
         profiles=frozenset({SONG}), required_stream="sound", needs=("transcribe_audio",),
         uses=("analyze_content", "generate_visuals", "decide_approval", "consolidate_metadata")),
    Step("create_model", "storage", "database", "putting the record together", version=2,
         needs=("analyze_signal",), optional=False, essential=True,
         uses=("consolidate_metadata", "read_sidecars", "generate_thumbnails", "read_text",
               "transcribe_audio", "identify_speakers", "analyze_content", "ai_video_analysis",
               "ai_thumbnail_selection", "judge_quality")),
    Step("store_item", "storage", "database", "storing", version=3, retries=4,
         needs=("create_model",), optional=False, essential=True),
    Step("generate_embeddings", "storage", "embed", "making it findable", version=3,
         needs=("create_model",)),
    Step("write_subtitles", "storage", "upload", "writing the subtitles", profiles=_HEARD,
         needs=("transcribe_audio",), uses=("compress_video", "compress_audio")),
    Step("upload_thumbnails", "storage", "upload", "publishing the pictures", retries=4,
         needs=("generate_thumbnails",), uses=("ai_thumbnail_selection",)),
)  # fmt: skip

# Work that belongs to no item yet.
FETCH = Step("fetch_media", "ingestion", "download", "downloading", optional=False, essential=True)

BY_NAME: dict[str, Step] = {step.name: step for step in (*STEPS, FETCH)}


def lane_of(step: str) -> str:
    """The lane of a step; "unknown" of one that an older version had."""
    return BY_NAME[step].lane if step in BY_NAME else "unknown"
