"""Songs of the library looked at: by their tags, by their sound, at MusicBrainz."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from nightshift.__main__ import app
from tests.conftest import Override
from tests.media import ffmpeg
from tests.servers.acoustid import KEY, acoustid, failed, result
from tests.servers.musicbrainz import Catalogue, musicbrainz
from utils.config import load_settings
from utils.errors import RetryableError
from utils.media.probing import exiftool, ffprobe
from utils.models.item import MediaItem, MediaKind
from utils.models.recording import Identification
from utils.music import identification
from utils.music.identification import Sound
from utils.sources import scan
from utils.storage import home

MBID = "f980fc14-e29b-481d-ad3a-5ed9b4ab6340"


@pytest.fixture(scope="module")
def melody(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A song without tags; a tone alone has a fingerprint of nothing."""
    path = tmp_path_factory.mktemp("melody") / "melody.flac"
    sound = "aevalsrc='sin(2*PI*t*(220+110*mod(floor(t*2),7)))':d=20:s=22050"
    ffmpeg("-f", "lavfi", "-i", sound, "-map_metadata", "-1", path)
    return path


def identified(path: Path) -> Identification:
    item = MediaItem(item_id="0" * 64, path=path, kind=MediaKind.AUDIO, size_bytes=1, title="x")
    return identification.identify(
        item, ffprobe.report(path), exiftool.report(path), Sound(0, 20.0), load_settings()
    )


def test_without_a_key_nobody_is_asked(melody: Path) -> None:
    assert identified(melody).matches == ()


def test_a_song_without_tags_is_known_by_its_sound(melody: Path, override: Override) -> None:
    heard = identification.fingerprinted(melody, 0)
    assert heard
    told = {"id": MBID, "title": "Melody", "artists": [{"id": MBID, "name": "Nobody"}]}
    with acoustid({heard: [result(0.93, told)]}) as service:
        music = load_settings().music.model_copy(
            update={"acoustid_key": SecretStr(KEY), "acoustid_url": service.url,
                    "acoustid_per_second": 1000.0}
        )  # fmt: skip
        override(music=music)
        found = identified(melody)
        again = identified(melody)
    assert [(one.id, one.score, one.title) for one in found.matches] == [(MBID, 0.93, "Melody")]
    assert again == found
    assert len(service.forms) == 1  # its answer is kept
    assert service.forms[0]["duration"] == "20"


def test_a_service_that_does_not_answer_is_asked_another_night(
    melody: Path, override: Override
) -> None:
    with acoustid() as service:
        service.moods = [failed(500, 5, "internal error")] * 9
        music = load_settings().music.model_copy(
            update={"acoustid_key": SecretStr(KEY), "acoustid_url": service.url,
                    "acoustid_per_second": 1000.0}
        )  # fmt: skip
        override(music=music)
        with pytest.raises(RetryableError, match="AcoustID"):
            identified(melody)


def test_a_sound_of_less_than_three_seconds_has_no_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", path)
    assert identification.fingerprinted(path, 0) is None


def test_identify_looks_at_songs_that_are_there(tmp_path: Path, override: Override) -> None:
    """Files that were taken in before: no step ran, and none has to."""
    folder = tmp_path / "library"
    folder.mkdir()
    tags = [
        "-metadata",
        "title=Ночь",
        "-metadata",
        "artist=Кино",
        "-metadata",
        "ISRC=GB-AYE-06-01498",
    ]
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", *tags, folder / "a.flac")
    ffmpeg("-f", "lavfi", "-i", "sine=d=2", folder / "b.flac")
    settings = load_settings()
    home.prepare(settings)
    scan.scan([str(folder)], None, settings)
    done = CliRunner().invoke(app, ["music", "identify", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    rows = sorted(told["recordings"], key=lambda row: row["title"] or "")
    assert [(row["title"], row["isrc"], row["how"]) for row in rows] == [
        (None, None, None),
        ("Ночь", "GBAYE0601498", "isrc"),
    ]
    assert (told["songs"], told["known"], told["requests"], told["failed"]) == (2, 0, 0, [])
    again = CliRunner().invoke(app, ["music", "identify"])
    assert "0 songs looked at" in again.stdout


def test_identify_asks_musicbrainz_for_isrcs_when_it_is_told_to(
    tmp_path: Path, override: Override
) -> None:
    path = tmp_path / "a.flac"
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-metadata", "title=Ночь", "-metadata",
           "ISRC=GBAYE0601498", path)  # fmt: skip
    settings = load_settings()
    home.prepare(settings)
    scan.scan([str(path)], None, settings)
    catalogue = Catalogue()
    known = catalogue.recording("Ночь", catalogue.artist("Кино"), "GBAYE0601498")
    with musicbrainz(catalogue) as service:
        music = settings.music.model_copy(
            update={"musicbrainz_url": service.url, "musicbrainz_per_second": 1000.0}
        )
        override(music=music)
        first = json.loads(CliRunner().invoke(app, ["music", "identify", "--ask", "--json"]).stdout)
        again = json.loads(CliRunner().invoke(app, ["music", "identify", "--ask", "--json"]).stdout)
    (row,) = first["recordings"]
    assert (row["recording_mbid"], row["how"], row["score"]) == (known, "isrc", 0.9)
    assert first["changed"] == [row["item_id"]]
    assert (again["requests"], again["recordings"]) == (0, [])  # what was said is kept
