"""The page of an item without a browser: what plays, what is said, what people change there."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests import spoken
from tests.pages import client, post
from tests.paths import SAMPLES
from tests.spoken import line
from utils.config import Settings
from utils.db import corrections, items, voices
from utils.db.session import session
from utils.models.page_settings import Role
from utils.models.transcript import Segment

HOSTILE = "<script>alert(1)</script>\"'--> {{7*7}}"
PART = {"HX-Request": "true"}
LINES = [line(0, "Good evening to all"), line(2, "The lamp is lit"), line(4, "Nobody saw it")]


@pytest.fixture
def asking(settings: Settings) -> TestClient:
    return client(settings, Role.EDITOR)


@pytest.fixture
def item_id(settings: Settings) -> str:
    return spoken.add(SAMPLES / "lighthouse.mp3", "audio", LINES, audio_codec="MPEG Audio")


def correct(asking: TestClient, item_id: str, number: int, was: str, text: str, **more: str) -> int:
    place = f"/items/{item_id}/lines/{number}"
    status: int = post(asking, place, {"was": was, "text": text} | more).status_code
    return status


def test_the_page_has_the_player_the_lines_and_who_speaks(asking: TestClient, item_id: str) -> None:
    text = asking.get(f"/items/{item_id}?t=2.5").text
    assert 'type="audio/mpeg"' in text and 'data-start="2.5"' in text
    assert f'<source src="/api/v1/items/{item_id}/files/lighthouse.mp3#t=2.5"' in text
    assert text.count('id="l') - text.count('id="lines') == 3
    assert re.findall(r"<bdi>(Speaker \d)</bdi>", text) == ["Speaker 1", "Speaker 2", "Speaker 1"]


def test_a_line_is_corrected_and_found_and_undone(asking: TestClient, item_id: str) -> None:
    assert correct(asking, item_id, 1, "The lamp is lit", "The lamps are lit") == 303
    assert spoken.kept(item_id)[1] == ("The lamps are lit", "Speaker 2")
    page = asking.get(f"/items/{item_id}?edit=1").text
    assert "Corrected by" in page and "editor" in page and "The lamp is lit" in page
    starts = asking.get(f"/items/{item_id}/words").json()["1"]
    assert [one[0] for one in starts] == [2.0, 2.5, 3.1, 3.5]  # new words share what is between
    assert correct(asking, item_id, 1, "The lamps are lit", "The lamp is lit") == 303
    with session() as s:
        assert corrections.of(s, item_id) is None  # all is as the machine heard it


def test_a_line_that_another_changed_meanwhile_is_not_overwritten(
    asking: TestClient, item_id: str
) -> None:
    correct(asking, item_id, 1, "The lamp is lit", "The lamp was lit")
    asking.headers |= PART
    place = f"/items/{item_id}/lines/1"
    answer = post(asking, place, {"was": "The lamp is lit", "text": "My words"})
    assert answer.status_code == 409
    assert "The lamp was lit" in answer.text and "My words" in answer.text
    assert spoken.kept(item_id)[1][0] == "The lamp was lit"


def test_a_line_without_words_goes_and_no_other_is_renumbered(
    asking: TestClient, item_id: str
) -> None:
    assert correct(asking, item_id, 1, "The lamp is lit", "") == 303
    assert correct(asking, item_id, 2, "Nobody saw it", "Somebody saw it") == 303
    assert [text.strip() for text, _ in spoken.kept(item_id)] == [
        "Good evening to all", "", "Somebody saw it",
    ]  # fmt: skip
    assert "The lamp" not in asking.get(f"/items/{item_id}/transcript.srt").text
    assert post(asking, f"/items/{item_id}/correction/undo").status_code == 303
    assert spoken.kept(item_id)[1][0].strip() == "The lamp is lit"


def test_nothing_is_changed_while_a_run_has_the_item_nor_by_who_may_only_read(
    asking: TestClient, item_id: str, settings: Settings
) -> None:
    viewer = client(settings, Role.VIEWER)
    assert correct(viewer, item_id, 1, "The lamp is lit", "x") == 403
    assert "Correct</a>" not in viewer.get(f"/items/{item_id}").text
    with session() as s:
        items.find(s, item_id).claimed_by = "somebody"
    assert correct(asking, item_id, 1, "The lamp is lit", "x") == 422
    assert post(asking, f"/items/{item_id}/speakers/1", {"name": "Anna"}).status_code == 422
    assert spoken.kept(item_id)[1] == (" The lamp is lit", "Speaker 2")


def test_a_speaker_is_named_everywhere_in_the_item(asking: TestClient, item_id: str) -> None:
    asking.headers |= PART
    form = asking.get(f"/items/{item_id}/speakers?label=Speaker%201&line=2").text
    assert f'action="/items/{item_id}/speakers/1"' in form
    lines = post(asking, f"/items/{item_id}/speakers/1", {"name": "Anna <b>"}).text
    assert lines.count("<bdi>Anna &lt;b&gt;</bdi>") == 2
    assert [who for _, who in spoken.kept(item_id)] == ["Anna <b>", "Speaker 2", "Anna <b>"]
    with session() as s:
        assert voices.known(s) == [("Anna <b>", 1)]
    assert post(asking, f"/items/{item_id}/speakers/7", {"name": "Ben"}).status_code == 404


def test_what_is_said_is_taken_along_in_every_form(asking: TestClient, item_id: str) -> None:
    for form, sign in (("srt", "-->"), ("vtt", "WEBVTT"), ("lrc", "[00:02.00]"), ("txt", "lamp")):
        answer = asking.get(f"/items/{item_id}/transcript.{form}")
        assert sign in answer.text and "attachment" in answer.headers["content-disposition"]
    assert asking.get(f"/items/{item_id}/tracks/spoken.vtt").headers["content-type"] == (
        "text/vtt; charset=utf-8"
    )
    assert asking.get(f"/items/{item_id}/tracks/file-0.vtt").status_code == 404


def test_words_are_looked_for_in_the_lines(asking: TestClient, item_id: str) -> None:
    text = asking.get(f"/items/{item_id}?q=LAMP").text
    assert "<mark>lamp</mark>" in text and "Good evening" not in text
    assert "No line has these words" in asking.get(f"/items/{item_id}?q=zebra").text


def test_a_long_transcript_comes_in_parts_by_number_and_by_time(asking: TestClient) -> None:
    many = [
        Segment(start_seconds=4.0 * n, end_seconds=4.0 * n + 3, text=f"line {n}.")
        for n in range(1_100)
    ]
    long = spoken.add(SAMPLES / "bericht.flac", "audio", many, duration_seconds=4_400.0)
    first = asking.get(f"/items/{long}").text
    assert "line 999." in first and "line 1000." not in first and 'data-part="1000"' in first
    later = asking.get(f"/items/{long}/lines?t=4202", headers=PART).text
    assert "line 1050." in later and 'data-part="0"' in later and "line 999." not in later


def test_song_lines_have_romanisation_and_translation_below(asking: TestClient) -> None:
    song = spoken.add(SAMPLES / "evening song.m4a", "audio", LINES[:2], audio_codec="AAC")
    spoken.understood(song, romanisation="uno\ndos", translation="one\ntwo")
    text = asking.get(f"/items/{song}").text
    assert re.findall(r'class="below"[^>]*>([^<]*)<', text) == ["uno", "one", "dos", "two"]
    assert "two" in asking.get(f"/items/{song}/tracks/translated.vtt").text


def test_hostile_titles_and_words_are_text(
    asking: TestClient, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(b"no film")
    said = [Segment(start_seconds=0, end_seconds=1, text=HOSTILE, speaker=HOSTILE)]
    item_id = spoken.add(path, "video", said, title=HOSTILE, source_url="https://me:pw@x.example/")
    for place in ("", "?edit=0", "?q=script", "?from=%22%3E%3Cscript%3E&file=%22%3E"):
        text = asking.get(f"/items/{item_id}{place}").text
        assert "<script>alert" not in text and "{{7*7}}" in text
        assert "pw@" not in text
    assert "<script>" not in asking.get(f"/items/{item_id}/tracks/spoken.vtt").text


def test_previous_and_next_are_those_of_the_list(asking: TestClient, tmp_path: Path) -> None:
    ids = {}
    for title in ("b", "Ä", "a", "c"):
        path = tmp_path / f"{title}.wav"
        path.write_bytes(b"RIFF")
        ids[title] = spoken.add(path, "audio", (), title=title)
    page = asking.get(f"/items/{ids['b']}?from=kind%3Daudio%26sort%3Dtitle").text
    assert f'rel="prev" href="/items/{ids["a"]}' in page
    assert f'rel="next" href="/items/{ids["c"]}' in page
    page = asking.get(f"/items/{ids['b']}?from=kind%3Dvideo").text
    assert 'rel="prev"' not in page and 'rel="next"' not in page


def test_the_loudness_is_measured_once_and_kept(
    asking: TestClient, item_id: str, settings: Settings
) -> None:
    peaks = asking.get(f"/items/{item_id}/peaks").json()["peaks"]
    assert 100 < len(peaks) <= 2000 and max(peaks) == 1.0
    (kept,) = settings.home.glob("items/*/*/loudness.json")
    kept.write_text("[0.5]")
    assert asking.get(f"/items/{item_id}/peaks").json()["peaks"] == [0.5]
    broken = spoken.add(SAMPLES / "broken camera file.mp4", "video", ())
    assert asking.get(f"/items/{broken}/peaks").json()["peaks"] == []


def test_what_no_browser_plays_says_so_and_can_be_downloaded(
    asking: TestClient, tmp_path: Path
) -> None:
    path = tmp_path / "old.avi"
    path.write_bytes(b"RIFF")
    old = spoken.add(path, "video", (), video_codec="MPEG-4 Visual")
    text = asking.get(f"/items/{old}").text
    assert "No browser plays this file" in text and "old.avi?download=true" in text
