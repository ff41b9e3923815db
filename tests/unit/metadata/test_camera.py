"""Dates, lenses, sensitivity, turns, depths and equivalents, in the shapes that real files have.

The tags are those of photos out of other projects' tests (benchmarks/facts.py names them).
"""

from typing import Any

import pytest

from utils.media.probing import exiftool
from utils.metadata import consolidation, dates, exif, focal, location
from utils.models.probe import (
    ContainerProbe,
    ExifReport,
    FfprobeReport,
    MediaInfoReport,
    VideoStream,
)
from utils.models.tool_reports import ToolReports


def container(width: int = 6000, height: int = 4000) -> ContainerProbe:
    video = VideoStream(index=0, codec="mjpeg", width=width, height=height)
    return ContainerProbe(kind="image", format_names=("image2",), size_bytes=1, video=video)


# Dates

ORIGINAL = {"ExifIFD:DateTimeOriginal": "2019:07:08 09:10:11"}


@pytest.mark.parametrize(
    ("tags", "at", "source"),
    [
        # when it was taken, before when a document or a copy was made
        ({"PDF:CreationDate": "2024:01:01 10:00:00+01:00", "XMP-pdf:CreationDate":
          "2024:01:01 10:00:00", **ORIGINAL}, "2019-07-08T09:10:11", "ExifIFD:DateTimeOriginal"),
        ({"XMP-xmp:CreateDate": "2024:01:01 10:00:00Z", "XMP-photoshop:DateCreated":
          "1969:07:20 20:17:40"}, "1969-07-20T20:17:40", "XMP-photoshop:DateCreated"),
        ({"ExifIFD:CreateDate": "2024:01:01 10:00:00", "Composite:DateTimeCreated":
          "1955:05:05 05:05:05"}, "1955-05-05T05:05:05", "Composite:DateTimeCreated"),
        # local time before the satellites'
        ({"Composite:GPSDateTime": "2019:07:08 07:10:09Z", **ORIGINAL},
         "2019-07-08T09:10:11", "ExifIFD:DateTimeOriginal"),
        ({"Composite:GPSDateTime": "2019:07:08 07:10:09Z"},
         "2019-07-08T07:10:09+00:00", "Composite:GPSDateTime"),
        # its zone and its parts of a second stand beside it, or in another tag of the same moment
        ({**ORIGINAL, "ExifIFD:OffsetTimeOriginal": "+02:00", "ExifIFD:SubSecTimeOriginal": "25"},
         "2019-07-08T09:10:11.250000+02:00", "ExifIFD:DateTimeOriginal"),
        ({**ORIGINAL, "XMP-exif:DateTimeOriginal": "2019:07:08 09:10:11-03:00"},
         "2019-07-08T09:10:11-03:00", "XMP-exif:DateTimeOriginal"),
        ({**ORIGINAL, "XMP-exif:DateTimeOriginal": "2020:07:08 09:10:11-03:00"},
         "2019-07-08T09:10:11", "ExifIFD:DateTimeOriginal"),
        # a phone's film: Apple's key has the zone, the header counts in UTC
        ({"QuickTime:CreateDate": "2024:06:21 12:34:08", "Keys:CreationDate":
          "2024:06:21 14:34:08+02:00"}, "2024-06-21T14:34:08+02:00", "Keys:CreationDate"),
        ({"QuickTime:CreateDate": "1904:01:01 00:00:00", "QuickTime:MediaCreateDate":
          "2024:06:21 12:34:08"}, "2024-06-21T12:34:08+00:00", "QuickTime:MediaCreateDate"),
        # a camera that writes but one date
        ({"IFD0:Make": "Kodak", "IFD0:ModifyDate": "2000:05:06 07:08:09"},
         "2000-05-06T07:08:09", "IFD0:ModifyDate"),
        ({"DPX:CreateDate": "2010:08:03 08:38:16"}, "2010-08-03T08:38:16", "DPX:CreateDate"),
    ],
)  # fmt: skip
def test_a_date_goes_by_what_it_means(tags: dict[str, Any], at: str, source: str) -> None:
    found = dates.of_tags(tags)
    assert (found.at.isoformat(), found.source) == (at, source)


@pytest.mark.parametrize(
    "tags",
    [{"IFD0:ModifyDate": "2000:05:06 07:08:09"},  # of a scan or a drawing
     {"IFD0:Make": "Canon", "IFD0:Software": "Adobe Photoshop CS3",
      "IFD0:ModifyDate": "2009:05:06 07:08:09"},
     {"ItemList:ContentCreateDate": "2008:01:01 08:00:00Z", "ItemList:Album": "Songs"},
     {"ExifIFD:DateTimeOriginal": "0000:00:00 00:00:00", "QuickTime:CreateDate":
      "1970:01:01 00:00:00"},
     {"XMP-xmp:ModifyDate": "2024:01:01 10:00:00", "PDF:ModifyDate": "2024:01:01 10:00:00"}],
)  # fmt: skip
def test_what_tells_of_a_change_or_a_release_is_no_date_of_capture(tags: dict[str, Any]) -> None:
    assert dates.of_tags(tags) is None


def test_matroska_names_date_and_place_in_capitals() -> None:
    tags = {"DATE_RECORDED": "2019-07-08 09:10:11+02:00", "LOCATION": "+48.1000+011.5000/",
            "creation_time": "2024-01-01T10:00:00.000000Z"}  # fmt: skip
    probed = FfprobeReport(container=container(), raw={"format": {"tags": tags}, "streams": []})
    found = dates.captured(None, probed, None)
    assert found.at.isoformat() == "2019-07-08T09:10:11+02:00"
    place = location.locate(None, probed)
    assert (place.latitude, place.longitude) == (48.1, 11.5)


def test_of_two_tags_of_a_kind_the_one_that_two_tools_show_is_taken() -> None:
    """MediaInfo shows the last of two ID3v2 tags (test of mutagen), players the first."""
    raw = {"format": {"tags": {"title": "First"}}, "streams": []}
    said = MediaInfoReport(tracks=({"track_type": "General", "title": "Second"},))
    reports = ToolReports(ffprobe=FfprobeReport(container=container(), raw=raw), mediainfo=said)
    assert consolidation.consolidate(reports).title == "Second"
    both = reports.model_copy(update={"exif": ExifReport(tags={"ID3v2_3:Title": "First"})})
    assert consolidation.consolidate(both).title == "First"


# Camera and lens


def long(**entries: tuple[Any, Any]) -> ExifReport:
    """A report of what ``exiftool -l`` prints: the number and its words."""
    return exiftool.parse(
        {name.replace("__", ":"): {"num": num, "val": val} for name, (num, val) in entries.items()}
    )


@pytest.mark.parametrize(
    ("report", "lens"),
    [(long(Composite__LensID=("A1 38", "AF-S Nikkor 50mm f/1.8G")), "AF-S Nikkor 50mm f/1.8G"),
     (long(Canon__LensType=(506, "Canon EF 400mm f/2.8L")), "Canon EF 400mm f/2.8L"),
     (long(Composite__LensID=("FE 00 00 18 2B 0F", "Unknown (FE 00 00 18 2B 0F)")), None),
     (long(Canon__LensType=(65535, "n/a")), None),
     (long(Pentax__LensType=("3 25", "K or M Lens")), "K or M Lens"),
     (ExifReport(tags={"Nikon:LensType": "a1 38 31 00"}), None),
     (ExifReport(tags={"ExifIFD:LensModel": "----", "Composite:LensID": "XF23mmF2 R WR"}),
      "XF23mmF2 R WR"),
     (ExifReport(tags={"ExifIFD:LensModel": "0.0 mm f/0.0"}), None)],
)  # fmt: skip
def test_a_lens_is_told_in_words_or_not_at_all(report: ExifReport, lens: str | None) -> None:
    assert exif.extended(report).lens == lens


@pytest.mark.parametrize(
    ("report", "iso"),
    [(ExifReport(tags={"ExifIFD:ISO": 65535, "ExifIFD:RecommendedExposureIndex": 102400}), 102400),
     (ExifReport(tags={"ExifIFD:ISO": 65535, "ExifIFD:StandardOutputSensitivity": 80000}), 80000),
     (ExifReport(tags={"ExifIFD:ISO": 65535}), None),
     (ExifReport(tags={"ExifIFD:ISO": 0, "Composite:ISO": 200}), 200),
     (ExifReport(tags={"ExifIFD:ISO": "400 400"}), 400),
     (long(Pentax__ISO=(5, 100)), 100)],
)  # fmt: skip
def test_the_sensitivity_is_found_beyond_16_bits_and_in_makers_notes(
    report: ExifReport, iso: int | None
) -> None:
    assert exif.extended(report).iso == iso


def test_a_make_that_is_a_code_is_told_in_words() -> None:
    assert exif.extended(long(H264__Make=(4113, "Canon"))).make == "Canon"


HEIC = {"File:MIMEType": "image/heic"}


@pytest.mark.parametrize(
    ("report", "degrees"),
    [(ExifReport(tags={**HEIC, "IFD0:Orientation": 6, "QuickTime:Rotation": 3}), 90),
     (ExifReport(tags={**HEIC, "IFD0:Orientation": 6, "QuickTime:Rotation": 0}), 0),
     (ExifReport(tags={**HEIC, "IFD0:Orientation": 6}), None),
     (ExifReport(tags={"File:MIMEType": "image/jpeg", "IFD0:Orientation": 6}), 90),
     (ExifReport(tags={"XMP-tiff:Orientation": 8}), 270),
     (ExifReport(tags={"IFD1:Orientation": 6}), None),
     (long(PhotoCD__Orientation=(1, "Rotate 270 CW")), 270)],
)  # fmt: skip
def test_a_picture_is_turned_by_what_its_container_says(
    report: ExifReport, degrees: int | None
) -> None:
    assert exif.extended(report).orientation_degrees == degrees


def test_a_heic_is_not_turned_once_more_by_its_exif() -> None:
    tags = ExifReport(tags={**HEIC, "IFD0:Orientation": 6})
    found = consolidation.consolidate(
        ToolReports(ffprobe=FfprobeReport(container=container(), raw={}), exif=tags,
                    camera=exif.extended(tags))
    )  # fmt: skip
    assert (found.display_width, found.display_height) == (6000, 4000)


@pytest.mark.parametrize(
    ("tags", "bits"),
    [({"File:MIMEType": "image/png", "PNG:BitDepth": 1}, 1),
     ({"File:MIMEType": "image/png", "PNG:BitDepth": 4}, 4),
     ({"File:MIMEType": "image/png", "PNG:BitDepth": 16}, 16),
     ({"File:MIMEType": "image/tiff", "IFD0:BitsPerSample": "16 16 16"}, 16),
     ({"File:MIMEType": "image/tiff", "IFD0:BitsPerSample": 1}, 1),
     ({"File:MIMEType": "image/jpeg", "File:BitsPerSample": 8, "IFD0:BitsPerSample": "16 16 16"},
      8),
     ({"File:MIMEType": "image/x-nikon-nef", "IFD0:BitsPerSample": "8 8 8",
       "SubIFD1:BitsPerSample": 12}, 12),
     ({"File:MIMEType": "image/webp"}, None)],
)  # fmt: skip
def test_the_depth_of_a_still_is_that_of_its_samples(
    tags: dict[str, Any], bits: int | None
) -> None:
    assert exif.still_depth(tags) == bits


def test_opus_is_played_at_48_khz_whatever_was_recorded() -> None:
    from utils.models.probe import AudioStream

    sound = AudioStream(index=0, codec="opus", channels=2, sample_rate=48000)
    probe = ContainerProbe(kind="audio", format_names=("ogg",), size_bytes=1, audio=(sound,))
    said = MediaInfoReport(audio_codec="Opus", audio_sample_rate=7872)
    reports = ToolReports(ffprobe=FfprobeReport(container=probe, raw={}), mediainfo=said)
    assert consolidation.consolidate(reports).sample_rate == 48000


# 35 mm equivalents

PLANE = {"ExifIFD:FocalLength": 50, "ExifIFD:FocalPlaneXResolution": 6000 / 23.5,
         "ExifIFD:FocalPlaneYResolution": 4000 / 15.6,
         "ExifIFD:FocalPlaneResolutionUnit": 4}  # fmt: skip
RECORDED = {"ExifIFD:ExifImageWidth": 6000, "ExifIFD:ExifImageHeight": 4000}
REDUCED = {"ExifIFD:ExifImageWidth": 800, "ExifIFD:ExifImageHeight": 533}


def equivalent(tags: dict[str, Any], width: int = 6000, height: int = 4000) -> float | None:
    report = ExifReport(tags=tags)
    return focal.detect(report, exif.extended(report), container(width, height)).focal_length_35mm


@pytest.mark.parametrize(
    ("tags", "width", "millimetres"),
    [
        (PLANE | RECORDED, 6000, 76.7),
        (PLANE | RECORDED, 800, 76.7),  # made smaller, EXIF has the width that was recorded
        (PLANE, 6000, None),  # nobody says what was recorded
        (PLANE, 800, None),
        (PLANE | REDUCED, 6000, None),  # an editor's width: a sensor of 3 mm
        (PLANE | REDUCED | {"IFD0:Software": "Adobe Photoshop"}, 800, None),
        ({**PLANE, "Canon:CanonImageWidth": 6000, "Canon:CanonImageHeight": 4000} | REDUCED, 800,
         76.7),
        ({"ExifIFD:FocalLength": 25, "Olympus:FocalPlaneDiagonal": 21.6}, 800, 50.1),
        ({"ExifIFD:FocalLength": 50, "Kodak:SensorSize": "23.7 15.7"}, 800, 76.1),
        ({"ExifIFD:FocalLength": 50, "ExifIFD:FocalLengthIn35mmFormat": 75}, 800, 75),
        ({"ExifIFD:FocalLength": 50, "ExifIFD:FocalLengthIn35mmFormat": 3}, 800, None),
        ({"ExifIFD:FocalLength": 50, "Composite:ScaleFactor35efl": 14.0}, 800, None),
    ],
)  # fmt: skip
def test_an_equivalent_rests_on_the_sensor_never_on_the_pictures_own_width(
    tags: dict[str, Any], width: int, millimetres: float | None
) -> None:
    found = equivalent(tags, width, width * 2 // 3)
    assert found == (None if millimetres is None else pytest.approx(millimetres, rel=0.01))


def test_a_canons_small_picture_is_of_its_whole_sensor() -> None:
    """An R6 that recorded 3408 pixels keeps the resolution of all 5472 (test of exiv2)."""
    tags = {"IFD0:Make": "Canon", "ExifIFD:FocalLength": 200,
            "ExifIFD:FocalPlaneXResolution": 3872.611465, "ExifIFD:FocalPlaneResolutionUnit": 2,
            "ExifIFD:ExifImageWidth": 3408, "ExifIFD:ExifImageHeight": 2272,
            "Canon:CanonImageWidth": 3408, "Canon:CanonImageHeight": 2272}  # fmt: skip
    assert equivalent(tags | {"Composite:ScaleFactor35efl": 1.003}) == pytest.approx(200.6, abs=0.2)
    by_width = 43.2666 / ((3408**2 + 2272**2) ** 0.5 / 3872.611465 * 25.4)
    unknown = equivalent(tags | {"Composite:ScaleFactor35efl": by_width})
    assert unknown == pytest.approx(200 * by_width, rel=0.01)
