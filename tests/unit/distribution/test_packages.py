"""What is published of an item."""

from pathlib import Path

import pytest

from tests.unit.distribution import known
from utils.config import load_settings
from utils.distribution import chapters, packages, place, targets
from utils.errors import RetryableError
from utils.models.item import MediaKind
from utils.models.probe import ContainerProbe, FfprobeReport
from utils.models.publishing import Package
from utils.models.record import ShotRecord

pytestmark = pytest.mark.usefixtures("settings")


def ffprobe(*found: dict[str, object]) -> FfprobeReport:
    probe = ContainerProbe(kind=MediaKind.AUDIO, format_names=("mp3",), size_bytes=1)
    return FfprobeReport(container=probe, raw={"chapters": list(found)})


def test_a_package_has_its_media_words_pictures_and_facts(tmp_path: Path) -> None:
    item_id = known.item(tmp_path / "song.mp3")
    package = packages.of(item_id, load_settings())
    assert [(file.role, file.mime_type) for file in package.files] == [
        ("media", "audio/mpeg"), ("subtitles", "text/vtt"), ("subtitles", "application/x-subrip"),
        ("artwork", "image/jpeg"),
    ]  # fmt: skip
    assert package.files[0].sha256 == item_id
    assert package.language == "km"
    assert package.files[1].path.read_text().startswith("WEBVTT")
    assert [one.text for one in package.segments][1] == "Fish & chips"


def test_a_package_whose_file_is_away_is_none(tmp_path: Path) -> None:
    item_id = known.item(tmp_path / "song.mp3")
    (tmp_path / "song.mp3").unlink()
    with pytest.raises(RetryableError, match="on this machine"):
        packages.of(item_id, load_settings())


def test_its_key_changes_with_what_is_seen_and_with_the_place_alone(tmp_path: Path) -> None:
    item_id = known.item(tmp_path / "song.mp3")
    known.targets(
        "targets:\n  a: {kind: folder, url: 'file:///a'}\n"
        "  b: {kind: folder, url: 'file:///b'}\n"
        "  c: {kind: folder, url: 'file:///a/c', nightly: true}\n"
    )
    settings = load_settings()
    a, b, c = (targets.one(settings, name) for name in "abc")
    package = packages.of(item_id, settings)
    assert packages.key(package, a, settings) == packages.key(
        packages.of(item_id, settings), a, settings
    )
    assert packages.key(package, a, settings) != packages.key(package, b, settings)
    other = package.model_copy(update={"title": "another"})
    assert packages.key(other, a, settings) != packages.key(package, a, settings)
    here = c.model_copy(update={"url": a.url})  # type: ignore[union-attr]
    assert packages.target_key(here) == packages.target_key(a)


def test_chapters_are_those_of_the_file() -> None:
    found = chapters.of(
        ffprobe(
            {"start_time": "61.5", "tags": {"title": " The\nend "}},
            {"start_time": "0.0", "tags": {}},
            {"start_time": "nonsense"},
        ),
        (),
        120.0,
    )
    assert [(one.start_seconds, one.title) for one in found] == [
        (0, "Chapter 2"),
        (61.5, "The end"),
    ]


def test_shots_make_chapters_of_half_a_minute_where_the_file_has_none() -> None:
    shots = [
        ShotRecord(start_seconds=n * 10.0, description=f"A boat {n}" if n % 2 else None)
        for n in range(20)
    ]
    found = chapters.of(ffprobe({"start_time": "0"}), shots, 200.0)
    assert [one.start_seconds for one in found] == [0.0, 30.0, 70.0, 110.0, 150.0, 190.0]
    assert chapters.of(None, shots, 60.0) == ()


@pytest.mark.parametrize(
    ("title", "folder"),
    [
        ("a/b\\c:d*e?f", "a_b_c_d_e_f"),
        ("../../etc", "etc"),
        ("សួស្តី & Grüße", "សួស្តី_&_Grüße"),
        ("\u202eevil\x00\n", "evil"),
        ("...", "audio"),
        ("x" * 300, "x" * 67),
        ("ក្ក" * 100, "ក្ក" * 17),
    ],
)
def test_a_folder_has_a_name_that_every_system_takes(title: str, folder: str) -> None:
    item = Package(item_id="ab" * 32, title=title, kind="audio", published_at="2026-01-01T00:00Z")
    name = place.folder_of(item)
    assert name == f"{folder}-abababababab"
    assert len(name) <= 80
