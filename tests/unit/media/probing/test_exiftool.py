"""The real ExifTool, one for all tests of this process."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.media import Clips
from utils.errors import RetryableError, SettingsError
from utils.media.probing import exiftool
from utils.processes import deadline


def write(path: Path, *arguments: str) -> None:
    """Write tags with ExifTool itself."""
    perl = shutil.which("perl")
    subprocess.run(
        [perl, exiftool.script(), "-config", "", "-q", "-overwrite_original", *arguments, path],
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def photo(clips: Clips, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exif") / "photo.jpg"
    shutil.copy(clips.image, path)
    write(path, "-Make=Canon", "-Model=EOS R5", "-FocalLength=50", "-ISO=200",
          "-DateTimeOriginal=2024:05:06 07:08:09", "-OffsetTimeOriginal=+07:00",
          "-GPSLatitude=11.5", "-GPSLatitudeRef=S", "-GPSLongitude=104.9", "-GPSLongitudeRef=W",
          "-XMP-dc:Title=1.50")  # fmt: skip
    return path


def test_tags_come_by_group_and_as_numbers(photo: Path) -> None:
    report = exiftool.report(photo)
    assert (report.make, report.model, report.focal_length_mm) == ("Canon", "EOS R5", 50)
    assert report.tags["ExifIFD:ISO"] == 200
    assert report.created.isoformat() == "2024-05-06T07:08:09+07:00"
    assert (report.latitude, report.longitude) == (-11.5, -104.9)


def test_a_title_that_looks_like_a_number_stays_as_it_was_written(photo: Path) -> None:
    assert exiftool.report(photo).tags["XMP-dc:Title"] == "1.50"


def test_where_the_file_lies_is_not_part_of_the_report(photo: Path, tmp_path: Path) -> None:
    other = tmp_path / "renamed.jpg"
    shutil.copy(photo, other)
    os.utime(other, (1, 1))
    assert exiftool.report(other) == exiftool.report(photo)
    assert "photo" not in exiftool.report(photo).model_dump_json()


@pytest.mark.parametrize(
    "name",
    [
        "-delete_original.jpg", "line\n-all=\n-overwrite_original\n.jpg", "100% %f %d.jpg", "-.jpg",
        "#[CSTR]x.jpg", " leading.jpg", "a|.jpg", "ünï 🎬.jpg", "quote'\"`$(id).jpg", "no suffix",
        os.fsdecode(b"latin-\xe9.jpg"),
    ],
)  # fmt: skip
def test_no_name_is_anything_but_a_name(photo: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shutil.copy(photo, path)
    assert exiftool.report(path).make == "Canon"
    assert path.read_bytes() == photo.read_bytes()
    assert list(tmp_path.iterdir()).count(path) == 1


def test_the_process_stays_open(photo: Path) -> None:
    exiftool.report(photo)
    first = exiftool.tool.process.pid
    exiftool.report(photo)
    assert exiftool.tool.process.pid == first


def test_it_is_started_again_when_it_died(photo: Path) -> None:
    exiftool.report(photo)
    exiftool.tool.process.kill()
    exiftool.tool.process.wait()
    assert exiftool.report(photo).make == "Canon"


def test_it_outlives_the_thread_that_started_it(photo: Path) -> None:
    exiftool.tool.close()
    thread = threading.Thread(target=exiftool.report, args=(photo,))
    thread.start()
    thread.join()
    assert exiftool.tool.process.poll() is None
    assert exiftool.report(photo).make == "Canon"


def test_many_threads_get_each_its_own_answer(photo: Path, clips: Clips, tmp_path: Path) -> None:
    models = [f"Model {number}" for number in range(4)]
    paths = []
    for model in models:
        paths.append(tmp_path / f"{model}.jpg")
        shutil.copy(photo, paths[-1])
        write(paths[-1], f"-Model={model}")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda path: exiftool.report(path).model, paths * 5))
    assert found == models * 5


def test_what_takes_too_long_is_ended_at_the_deadline(photo: Path) -> None:
    exiftool.report(photo)
    stopped = exiftool.tool.process
    os.kill(stopped.pid, signal.SIGSTOP)
    with deadline.within(0.3), pytest.raises(RetryableError, match="took more than"):
        exiftool.report(photo)
    assert stopped.poll() is not None
    assert exiftool.report(photo).make == "Canon"


def test_one_that_dies_while_it_reads_is_an_error_not_a_hang(photo: Path) -> None:
    exiftool.report(photo)
    dying = exiftool.tool.process
    os.kill(dying.pid, signal.SIGSTOP)
    killer = threading.Timer(0.2, dying.kill)
    killer.start()
    with pytest.raises(RetryableError, match="ended"):
        exiftool.report(photo)
    assert exiftool.report(photo).make == "Canon"


def test_a_forked_child_starts_its_own(photo: Path) -> None:
    exiftool.report(photo)
    mine = exiftool.tool.process.pid
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            make = exiftool.report(photo).make
            os.write(writing, json.dumps([make, exiftool.tool.process.pid]).encode())
            exiftool.tool.close()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    make, theirs = json.loads(os.read(reading, 1000))
    assert make == "Canon"
    assert theirs != mine
    assert exiftool.report(photo).make == "Canon"
    assert exiftool.tool.process.pid == mine


def test_it_ends_soon_after_a_parent_that_was_killed(photo: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from utils.media.probing import exiftool;"
        "exiftool.report(Path(sys.argv[1])); print(exiftool.tool.process.pid, flush=True);"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program, photo], capture_output=True, text=True)
    try:
        orphan = os.pidfd_open(int(done.stdout))
    except ProcessLookupError:  # already gone
        return
    watch = select.poll()  # takes descriptors of any number
    watch.register(orphan, select.POLLIN)
    ended = watch.poll(20_000)
    os.close(orphan)
    assert ended


def test_an_exif_of_hostile_strings_is_only_text(clips: Clips, tmp_path: Path) -> None:
    path = tmp_path / "hostile.jpg"
    shutil.copy(clips.image, path)
    write(path, "-IFD0:Artist=a\x01b\x1b[31m\u202egnp.exe",
          "-IFD0:ImageDescription=../../etc/passwd",
          "-XMP-dc:Title=<script>alert(1)</script>", "-XMP-dc:Description=" + "x" * 50_000,
          "-IFD0:Make={ready1}", "-IFD0:Model='; DROP TABLE items; --")  # fmt: skip
    report = exiftool.report(path)
    assert report.tags["IFD0:Artist"] == "ab[31mgnp.exe"
    assert report.tags["IFD0:ImageDescription"] == "../../etc/passwd"
    assert len(report.tags["XMP-dc:Description"]) == 2000
    assert report.make == "{ready1}"
    assert report.model == "'; DROP TABLE items; --"


def test_pictures_and_other_binary_are_left_out(clips: Clips, tmp_path: Path) -> None:
    from tests.media import ffmpeg

    song = tmp_path / "song.mp3"
    ffmpeg("-i", clips.tone, "-i", clips.image, "-map", "0", "-map", "1",
           "-disposition:v", "attached_pic", song)  # fmt: skip
    tags = exiftool.report(song).tags
    assert not any("Binary data" in str(value) for value in tags.values())
    assert any(tag.endswith(":PictureMIMEType") for tag in tags)


def test_the_content_says_what_a_file_is_not_its_name(clips: Clips, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    shutil.copy(clips.image, path)
    assert exiftool.report(path).mime_type == "image/jpeg"


@pytest.mark.parametrize("content", [b"\0" * 100_000, b"RIFF", b"\xff\xd8\xff\xe1\xff\xff", b"x"])
def test_what_it_can_not_read_has_no_tags_and_is_no_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)
    report = exiftool.report(path)
    assert report.make is None
    assert report.created is None


def test_an_svg_is_read_as_text_and_nothing_it_names(tmp_path: Path) -> None:
    path = tmp_path / "logo.svg"
    path.write_text(
        '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns='
        '"http://www.w3.org/2000/svg" width="10" height="8"><title>&x;</title></svg>'
    )
    assert "root:" not in exiftool.report(path).model_dump_json()


def test_a_vanished_file_is_an_error_that_may_pass(tmp_path: Path) -> None:
    with pytest.raises(RetryableError, match="Is it still there"):
        exiftool.report(tmp_path / "gone.jpg")


def test_without_perl_the_settings_are_wrong(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exiftool.tool.close()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SettingsError, match="perl-base"):
        exiftool.report(photo)
