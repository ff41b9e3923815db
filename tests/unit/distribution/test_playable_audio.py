"""Sound for every player: AAC or MP3, without what only its owner should know."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import media, published
from utils.distribution import playable_audio
from utils.errors import PermanentError
from utils.media import tools
from utils.models.publishing import PackageFile


def sound(folder: Path, name: str, *arguments: str) -> Path:
    media.ffmpeg(
        *("-f", "lavfi", "-i", "sine=440:duration=2"), *arguments,
        *("-metadata", "title=secret", "-metadata", "location=+11.5564+104.9282/"),
        folder / name,
    )  # fmt: skip
    return folder / name


def probed(path: Path) -> dict[str, Any]:
    command = ["-v", "error", "-of", "json", "-show_format", "-show_streams", str(path)]
    found: dict[str, Any] = json.loads(
        subprocess.check_output([str(tools.find("ffprobe")), *command])
    )
    return found


def of(tmp_path: Path, *files: PackageFile) -> PackageFile:
    package = published.package(tmp_path, files=files, title="A & B")
    made = playable_audio.of(package, published.call(tmp_path / "work"))
    assert made
    return made


def test_opus_becomes_aac_with_the_names_that_are_published(tmp_path: Path) -> None:
    rendition = published.file(sound(tmp_path, "r.opus", "-c:a", "libopus"), "media", "audio/ogg")
    made = of(tmp_path, rendition)
    facts = probed(made.path)
    assert (made.mime_type, made.path.suffix) == ("audio/mp4", ".m4a")
    assert [one["codec_name"] for one in facts["streams"]] == ["aac"]
    assert float(facts["format"]["duration"]) == pytest.approx(2, abs=0.1)
    assert facts["format"]["tags"]["title"] == "A & B"
    assert "+11.5564" not in json.dumps(facts)
    assert (made.size_bytes, made.sha256) == (
        made.path.stat().st_size,
        of(tmp_path, rendition).sha256,
    )


def test_an_original_in_mp3_is_copied_without_its_tags(tmp_path: Path) -> None:
    rendition = published.file(sound(tmp_path, "r.opus", "-c:a", "libopus"), "media", "audio/ogg")
    original = sound(tmp_path, "o.mp3", "-c:a", "libmp3lame")
    made = of(tmp_path, rendition, published.file(original, "original", "audio/mpeg"))
    facts = probed(made.path)
    assert made.mime_type == "audio/mpeg"
    assert facts["streams"][0]["codec_name"] == "mp3"
    assert facts["streams"][0]["bit_rate"] == probed(original)["streams"][0]["bit_rate"]
    assert "secret" not in json.dumps(facts) and "+11.5564" not in json.dumps(facts)


def test_an_original_alone_is_copied_without_its_tags_too(tmp_path: Path) -> None:
    alone = published.file(sound(tmp_path, "o.m4a", "-c:a", "aac"), "media", "audio/mp4")
    package = published.package(tmp_path, files=(alone,), item_id=alone.sha256)
    made = playable_audio.of(package, published.call(tmp_path / "work"))
    assert made and made.path.suffix == ".m4a"
    facts = probed(made.path)
    assert [one["codec_name"] for one in facts["streams"]] == ["aac"]
    assert "secret" not in json.dumps(facts) and "+11.5564" not in json.dumps(facts)


@pytest.mark.parametrize("mime_type", ["audio/mpeg", "audio/mp4", "video/mp4", "image/jpeg"])
def test_what_is_fit_already_goes_as_it_is(tmp_path: Path, mime_type: str) -> None:
    given = published.media(tmp_path, 1, ".bin", mime_type)
    assert of(tmp_path, given) == given


def test_sound_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PermanentError):
        of(tmp_path, published.media(tmp_path, 1, ".flac", "audio/flac"))
