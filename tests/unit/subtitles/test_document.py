"""Each form of a transcript, read again by others' parsers; what was said is never markup."""

import json
import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pysubs2
import pytest

from utils.media import tools
from utils.models.subtitles import Format
from utils.models.transcript import Segment, Transcript, Word
from utils.subtitles import document
from utils.subtitles.document import Document

HOSTILE = "Tom & {\\b1}Jerry <i>ran --> home\\N."


def word(text: str, start: float, end: float) -> Word:
    return Word(text=f" {text}", start_seconds=start, end_seconds=end)


SAID = Transcript(
    engine="test",
    language="de",
    is_translated=True,
    segments=(
        Segment(start_seconds=0.2, end_seconds=2, text=HOSTILE, speaker="Anna"),
        Segment(
            start_seconds=2.5, end_seconds=4, text="Hello big world.", speaker="Bob <x>",
            words=(word("Hello", 2.5, 2.9), word("big", 3.0, 3.3), word("world.", 3.3, 4)),
        ),
        Segment(start_seconds=3659, end_seconds=3660, text="[Music] Bye."),
    ),
)  # fmt: skip
FILM = Document("a" * 64, "My *title* #1", SAID, 3661.0)


def written(form: Format, words: bool = False, speakers: bool = False) -> str:
    return document.rendered(FILM, form, words, speakers).text


def test_subrip_is_read_back_with_its_times_by_others(tmp_path: Path) -> None:
    text = written("srt")
    assert text.startswith("1\n00:00:00,200 --> 00:00:02,")
    assert "Tom & {\\b1}Jerry <i>ran → home\\N." in text
    assert [(e.start, e.end) for e in pysubs2.SSAFile.from_string(text)][1:] == [
        (2500, 4000),
        (3659_000, 3660_000),
    ]
    (tmp_path / "said.srt").write_text(text)
    shown = subprocess.run(
        [tools.find("ffprobe"), "-v", "error", "-count_packets", "-show_entries",
         "stream=codec_name,nb_read_packets", "-of", "csv=p=0", tmp_path / "said.srt"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout.strip() == "subrip,3"


def test_webvtt_escapes_what_is_said_and_names_voices_and_times_words() -> None:
    text = written("vtt", words=True, speakers=True)
    assert text.startswith("WEBVTT\n\n")
    assert "&amp; " in text
    assert "&lt;i&gt;ran" in text
    assert "<v Bob &lt;x&gt;>Hello <00:00:03.000>big <00:00:03.300>world." in text
    assert "Anna:" not in text
    assert len(re.findall("-->", text)) == text.count("\n00:") + text.count("\n01:")


def test_names_stand_in_the_lines_where_the_form_has_no_voices() -> None:
    for form in ("srt", "lrc", "txt"):
        assert "Anna: Tom" in written(form, speakers=True)
        assert "Anna" not in written(form)


def test_subrip_with_words_has_a_cue_for_each_word() -> None:
    cues = [
        (one.start, one.end, one.plaintext)
        for one in pysubs2.SSAFile.from_string(written("srt", words=True))
    ]
    assert (2500, 2900, "Hello") in cues
    assert (3000, 3300, "big") in cues
    assert all(before[1] <= after[0] for before, after in pairwise(cues))


def test_lyrics_have_a_time_a_line_and_minutes_without_an_end() -> None:
    lines = written("lrc").splitlines()
    assert lines[1] == "[00:02.50]Hello big world."
    assert "[60:59.00] [Music] Bye." in lines  # a tag would begin there
    assert "[00:02.50]<00:02.50>Hello <00:03.00>big <00:03.30>world.<00:04.00>" in (
        written("lrc", words=True)
    )


def test_markdown_shows_what_was_said_and_makes_nothing_of_it() -> None:
    text = written("md", speakers=True)
    assert text.startswith("# My \\*title\\* \\#1\n")
    assert "de, test, translated into English" in text
    assert "**0:00 Anna** Tom & \\{\\\\b1\\}Jerry \\<i\\>ran" in text
    assert "**1:00:59** \\[Music\\] Bye." in text


def test_json_has_all_and_words_on_request() -> None:
    found = json.loads(written("json"))
    assert (found["language"], found["heard_language"]) == ("en", "de")
    assert found["segments"][1]["speaker"] == "Bob <x>"
    assert "words" not in found["segments"][1]
    (first, *_) = json.loads(written("json", words=True))["segments"][1]["words"]
    assert (first["text"].strip(), first["start_seconds"]) == ("Hello", 2.5)


def test_a_document_says_whether_words_were_timed_and_voices_told_apart() -> None:
    assert not FILM.has_word_times
    assert FILM.has_speakers
    alone = SAID.model_copy(update={"segments": (SAID.segments[1],)})
    assert FILM._replace(transcript=alone).has_word_times


@pytest.mark.parametrize("form", ["srt", "vtt", "lrc", "txt", "md"])
def test_control_characters_and_line_feeds_of_speech_break_no_form(form: Format) -> None:
    evil = Segment(start_seconds=0, end_seconds=3, text="one\n\n2\n00:00:01,000 --> x\x1b[31m\x00")
    said = SAID.model_copy(update={"segments": (evil,)})
    text = document.rendered(FILM._replace(transcript=said), form, False, False).text
    assert "\x1b" not in text
    assert "\x00" not in text
    if form in {"srt", "vtt"}:
        assert len(pysubs2.SSAFile.from_string(text)) == 1
