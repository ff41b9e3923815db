"""A rendition says of itself what its source says, or what it lacks is named."""

import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.media import ffmpeg
from utils.media import signal
from utils.media.encoding import encode, fact_sheet, mp4_keys
from utils.media.encoding.fact_sheet import FactSheet
from utils.media.encoding.stream_plan import Plan
from utils.media.probing import exiftool, ffprobe, mediainfo
from utils.models.metadata import Place
from utils.models.options import CompressionOptions
from utils.models.rendition import Compression

TAKEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone(timedelta(hours=2)))
PLACE = "+48.1173+011.5167+520.000/"
WEB, ARCHIVE = (CompressionOptions(profile=p, crf=30) for p in ("web", "archive"))
TOLD = """;FFMETADATA1
title=A day
artist=Anna
comment=said
director=Bob
copyright=Nobody
[CHAPTER]
TIMEBASE=1/1000
START=0
END=1000
title=Morning
[CHAPTER]
TIMEBASE=1/1000
START=1000
END=2000
title=Evening
"""
CUES = (
    "1\n00:00:00,200 --> 00:00:00,900\none\n\n2\n00:00:00,200 --> 00:00:00,800\nat once\n\n"
    "3\n00:00:01,000 --> 00:00:01,500\nthree\n\n"
)


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MP4 as phones and editors leave it: keys, chapters, marks, two sounds, a cover."""
    folder = tmp_path_factory.mktemp("phone")
    (folder / "told.txt").write_text(TOLD)
    (folder / "cues.srt").write_text(CUES)
    Image.new("RGB", (64, 64), "red").save(folder / "cover.jpg")
    film = folder / "film.mkv"
    ffmpeg(*("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2"),
           *("-f", "lavfi", "-i", "sine=f=900:d=2", "-i", folder / "cues.srt"),
           *("-i", folder / "told.txt", "-map", "0", "-map", "1", "-map", "2", "-map", "3"),
           *("-map_metadata", "4", "-map_chapters", "4", "-c:v", "libx264", "-qp", "4"),
           *("-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-c:s", "srt"),
           *("-metadata:s:a:0", "language=deu", "-metadata:s:a:1", "language=eng"),
           *("-metadata:s:a:1", "title=Director", "-disposition:a:1", "comment"),
           *("-metadata:s:s:0", "language=fra", "-disposition:s:0", "forced"), film)  # fmt: skip
    bare, made = folder / "bare.mp4", folder / "phone.mp4"
    ffmpeg("-i", film, "-i", folder / "cover.jpg", "-map", "0:v", "-map", "0:a", "-map", "0:s",
           "-map", "1", "-c", "copy", "-c:s", "mov_text", "-disposition:v:1", "attached_pic",
           "-metadata", "creation_time=2024-07-01T00:00:00Z", bare)  # fmt: skip
    prefix = "com.apple.quicktime."
    mp4_keys.finish(bare, made, {
        f"{prefix}creationdate": "2024-05-06T07:08:09+0200", mp4_keys.PLACE: PLACE,
        f"{prefix}make": "Apple", f"{prefix}model": "iPhone 15",
        f"{prefix}camera.lens_model": "back camera 6.9mm",
        f"{prefix}camera.focal_length.35mm_equivalent": "26", "com.example.mood": "glücklich",
    })  # fmt: skip
    return made


def made_of(film: Path, options: CompressionOptions, folder: Path) -> Compression:
    probe = ffprobe.probe(film)
    made = encode.compress(film, probe, signal.analyze(film, probe, folder), options, folder)
    assert made.rendition, made.reason
    return made


@pytest.mark.parametrize("options", [WEB, ARCHIVE], ids=["web", "archive"])
def test_a_rendition_says_what_its_source_says(
    phone: Path, tmp_path: Path, options: CompressionOptions
) -> None:
    made = made_of(phone, options, tmp_path)
    before, after = fact_sheet.read(phone), fact_sheet.read(made.rendition.path)
    assert before.captured == after.captured == TAKEN
    assert after.captured.utcoffset() == TAKEN.utcoffset()
    for name in ("make", "model", "lens", "title", "chapters", "has_cover"):
        assert getattr(after, name) == getattr(before, name) not in (None, False, ())
    assert (after.place.latitude, after.place.longitude) == (48.1173, 11.5167)
    assert after.place.altitude_metres == 520
    assert before.focal_length_35mm == 26
    assert {"Anna", "said", "Nobody", "glücklich"} <= set(after.tags.values())
    sounds = [after.tracks[1], after.tracks[2]]
    assert [sound.language for sound in sounds] == ["deu", "eng"]
    assert (sounds[1].title, "comment" in sounds[1].dispositions) == ("Director", True)
    subtitle = after.tracks[3]
    assert (subtitle.language, "forced" in subtitle.dispositions) == ("fra", True)
    assert made.dropped == ()


def test_a_cameras_own_notes_are_named_as_lost(phone: Path, tmp_path: Path) -> None:
    noted = tmp_path / "noted.mp4"
    noted.write_bytes(phone.read_bytes())
    subprocess.run([exiftool.command()[0], exiftool.script(), "-config", "", "-q",
                    "-overwrite_original", "-XMP-dc:Subject=sea", noted], check=True)  # fmt: skip
    assert made_of(noted, WEB, tmp_path).dropped == ("2 tags of XMP",)


def test_tools_of_others_see_date_place_and_title_in_renditions(
    phone: Path, tmp_path: Path
) -> None:
    web, archive = (made_of(phone, o, tmp_path).rendition.path for o in (WEB, ARCHIVE))
    seen = exiftool.report(web).tags
    assert seen["Keys:CreationDate"] == "2024:05:06 07:08:09+02:00"
    # In UTC, by which servers sort; the source's is that of an edit.
    assert seen["QuickTime:CreateDate"] == "2024:05:06 05:08:09"
    assert seen["Keys:GPSCoordinates"] == "48.1173 11.5167 520"
    assert seen["ItemList:Title"] == "A day"  # that of players
    assert seen["UserData:GPSCoordinates"] == "48.1173 11.5167 520"  # that of Android
    general = mediainfo.report(web).tracks[0]
    assert (general["title"], general["xyz"]) == ("A day", PLACE)
    seen = exiftool.report(archive).tags
    assert seen["Matroska:DateTimeOriginal"] == "2024:05:06 07:08:09+02:00"
    assert seen["Matroska:RecordingLocation"] == PLACE
    general = mediainfo.report(archive).tracks[0]
    assert general["recorded_date"] == "2024-05-06 07:08:09+02:00"
    assert general["recording_location"] == PLACE


def test_the_sound_alone_keeps_date_and_place(phone: Path, tmp_path: Path) -> None:
    made = made_of(phone, CompressionOptions(profile="audio"), tmp_path)
    after = fact_sheet.read(made.rendition.path)
    assert after.captured == TAKEN
    assert after.place.latitude == 48.1173
    assert (after.title, after.make) == ("A day", "Apple")


def test_cues_that_a_container_can_not_show_are_counted_and_named(
    phone: Path, tmp_path: Path
) -> None:
    film = phone.parent / "film.mkv"
    made = made_of(film, WEB, tmp_path)
    assert "1 cue of subtitle 3" in made.dropped  # two at once
    assert "without 1 cue of subtitle 3" in made.reason
    assert made_of(film, ARCHIVE, tmp_path).dropped == ()


def sheet(**known: Any) -> FactSheet:
    blank: dict[str, Any] = dict.fromkeys(FactSheet._fields)
    blank |= {"tags": {}, "notes": {}, "chapters": (), "tracks": {}, "rotation_degrees": 0}
    return FactSheet(**(blank | known))


def test_each_fact_that_is_not_there_any_more_is_named() -> None:
    place = Place(latitude=48.1, longitude=-11.5, source="x")
    before = sheet(
        captured=TAKEN, place=place, make="Canon", lens="50 mm", title="A day",
        chapters=("One", "Two"), notes={"XMP": 3}, focal_length_35mm=26.0,
        tags={"mood": "glad", "encoder": "x", "major_brand": "qt"},
    )  # fmt: skip
    bare = Plan(suffix=".mp4", codec="h264", streams=(), output={})
    assert fact_sheet.lost(before, before, bare) == ()
    assert fact_sheet.lost(before, sheet(captured=TAKEN.replace(tzinfo=None)), bare) == (
        "capture date 2024-05-06 07:08:09+02:00",
        "place +48.1-011.5/",
        "camera make Canon",
        "lens 50 mm",
        "35 mm equivalent of 26",
        "title A day",
        "3 tags of XMP",
        "tag mood",
        "2 chapters",
    )


def test_a_place_is_written_with_all_its_digits() -> None:
    def of(latitude: float, longitude: float, height: float | None = None) -> str:
        return fact_sheet.iso_6709(
            Place(latitude=latitude, longitude=longitude, altitude_metres=height, source="x")
        )

    assert of(48.1173, 11.5167, 520) == PLACE
    assert of(-3.5, -179.25) == "-03.5-179.25/"
    assert of(0.0001, 8) == "+00.0001+008.0/"
