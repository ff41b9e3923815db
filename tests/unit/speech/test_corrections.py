"""A person's words from files of all kinds; what can't be meant is refused."""

from pathlib import Path

import pytest

from utils.errors import PermanentError, UsageError
from utils.models.transcript import Segment, Transcript
from utils.speech import corrections

SRT = (
    "1\n00:00:00,500 --> 00:00:02,000\nSchöne Grüße\naus Köln\n\n"
    "2\n00:00:03,000 --> 00:00:04,000\nplain words\n"
)


def heard(*texts: str) -> Transcript:
    segments = tuple(
        Segment(start_seconds=10.0 * n, end_seconds=10.0 * n + 8, text=text, speaker=f"Speaker {n}")
        for n, text in enumerate(texts)
    )
    return Transcript(engine="x", segments=segments)


def written(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_subtitles_are_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, "x.srt", SRT.encode(encoding))
    found = corrections.read(path, None, 10.0)
    assert [s.text for s in found.segments] == ["Schöne Grüße aus Köln", "plain words"]
    assert (found.segments[0].start_seconds, found.segments[0].end_seconds) == (0.5, 2.0)
    assert bool(found.told) == (encoding == "latin-1")  # a guess is told


def test_marks_of_style_go_and_braces_are_words(tmp_path: Path) -> None:
    text = "1\n00:00:00,500 --> 00:00:02,000\n<i>Tom</i> &amp; {Jerry} 3 < 4\n"
    found = corrections.read(written(tmp_path, "x.srt", text), None, None)
    assert found.segments[0].text == "Tom & {Jerry} 3 < 4"


def test_a_voice_in_vtt_is_the_speaker(tmp_path: Path) -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v.loud Anna Lee>Hello <b>you</b></v>\n"
    (segment,) = corrections.read(written(tmp_path, "x.vtt", text), None, None).segments
    assert (segment.text, segment.speaker) == ("Hello you", "Anna Lee")


def test_lines_out_of_order_are_put_in_order(tmp_path: Path) -> None:
    text = "1\n00:00:05,000 --> 00:00:06,000\nb\n\n2\n00:00:01,000 --> 00:00:02,000\na\n"
    found = corrections.read(written(tmp_path, "x.srt", text), None, None)
    assert [s.text for s in found.segments] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("x.srt", "nothing of the kind", "no line with a time"),
        ("x.srt", "", "no line with a time"),
        ("x.srt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xd8", "zero bytes"),
        ("x.srt", SRT.replace("00:00:04,000", "00:00:01,000"), "ends before it begins"),
        ("x.srt", "1\n02:00:00,500 --> 02:00:02,000\nlate\n", "right file"),
        ("x.srt", SRT + "x" * (11 * 2**20), "larger than"),
        ("x.srt", "1\n00:00:00,500 --> 00:00:02,000\n" + "x" * 6000, "longer than"),
        ("x.txt", " \n ... \n", "no words"),
        ("x.txt", "word " * 50_001, "more than"),
    ],
)  # fmt: skip
def test_what_can_not_be_meant_is_refused_with_its_reason(
    tmp_path: Path, name: str, content: bytes | str, why: str
) -> None:
    with pytest.raises(PermanentError, match=why):
        corrections.read(written(tmp_path, name, content), heard("a b c"), 10.0)


def test_other_kinds_missing_files_and_folders_are_wrong_usage(tmp_path: Path) -> None:
    for name in ("missing.srt", "film.mp4"):
        with pytest.raises(UsageError):
            corrections.read(tmp_path / name, None, None)
    (tmp_path / "folder.srt").mkdir()
    with pytest.raises(UsageError):
        corrections.read(tmp_path / "folder.srt", None, None)


def test_plain_text_takes_the_times_of_the_words_that_were_heard(tmp_path: Path) -> None:
    machine = heard("the harper was quiet", "nobody noticed the light house keeper", "good night")
    text = "The harbour was quiet.\nNobody had noticed the lighthouse keeper. Good night!"
    found = corrections.read(written(tmp_path, "x.txt", text), machine, 30.0)
    assert [(s.start_seconds, s.text) for s in found.segments] == [
        (0.0, "The harbour was quiet."),
        (10.0, "Nobody had noticed the lighthouse keeper."),
        (20.0, "Good night!"),
    ]
    assert found.segments[1].speaker == "Speaker 1"
    assert " ".join(s.text for s in found.segments) == " ".join(text.split())


def test_text_that_was_not_heard_is_spread_and_says_so(tmp_path: Path) -> None:
    machine = heard("music music", "la la la")
    found = corrections.read(
        written(tmp_path, "x.txt", "First line here.\nSecond line now!"), machine, 30.0
    )
    assert [(s.start_seconds, s.end_seconds) for s in found.segments] == [(0.0, 9.0), (9.0, 18.0)]
    assert "estimates" in found.told[0]


def test_text_without_anything_that_gives_it_times_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="times"):
        corrections.read(written(tmp_path, "x.txt", "hello there"), None, None)
