"""What was heard on pages: the same numbers as the command line's, hostile names as text."""

from datetime import UTC, datetime, timedelta

import pytest

from nightshift.pages import charts, music
from tests.hostile import NAMES
from tests.pages import client
from tests.star_schema import Artist, Play, write
from utils.config import Settings
from utils.db import play_rejects
from utils.db.play_rejects import Reject
from utils.db.session import session
from utils.models.music import Origin, Service
from utils.models.page_settings import Role

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


def heard(settings: Settings) -> None:
    portishead = Artist(
        "Portishead", "GB", "United Kingdom", "Bristol", (51.5, -2.6), ("trip hop",)
    )
    strangers = [Artist(name, "DE", "Germany", name, (50, 7), (name,), key=f"mbid:{n}")
                 for n, name in enumerate(NAMES[:12])]  # fmt: skip
    plays = [Play(NOON + timedelta(days=40 * n), portishead, "Roads", "Dummy") for n in range(12)]
    plays += [Play(NOON + timedelta(hours=n), one, one.name, one.name)
              for n, one in enumerate(strangers)]  # fmt: skip
    write(settings, plays)


def test_plots_say_what_the_tables_hold_and_hostile_names_are_text(settings: Settings) -> None:
    heard(settings)
    asking = client(settings, Role.VIEWER)
    page = asking.get("/music").text
    assert f"<dd>{24}</dd>" in page and "Portishead" in page
    assert "<script>alert" not in page and "<img src=x" not in page and "Germany" in page
    assert 'role="group" aria-label="Plays by' in page and "<details" in page
    year = asking.get("/music?year=2026").text
    assert "Portishead" in year and "Germany" not in year.split("Where the artists")[1]
    assert "Nothing was heard" in asking.get("/music?year=1999").text
    of_place = asking.get("/music", params={"place": "GB"}).text
    assert "<dd>12</dd>" in of_place and "Only artists from" in of_place
    german = asking.get("/music", headers={"accept-language": "de"}).text
    assert "Deutschland" in german and "Germany" not in german


def test_each_question_is_answered_and_told_as_csv_without_formulas(settings: Settings) -> None:
    heard(settings)
    asking = client(settings, Role.VIEWER)
    for query, said in (
        ("question=top&of=tracks&by=minutes", "Roads"),
        ("question=places&origin=city", "Bristol"),
        ("question=timeline&step=year", "2026"),
        ("question=habits", "Sat"),
        ("question=new&since=2025-01-01&until=2025-04-01", "Portishead"),
        ("question=missing&place=GB", "Roads"),
        ("question=top&since=2026-02-01&until=2026-01-01", "nothing can lie between"),
        ("question=top&since=nonsense", "be asked"),
        ("question=top&place=%20&since=", "Portishead"),
    ):
        answer = asking.get(f"/music/answers?limit=200&{query}")
        assert answer.status_code == 200 and said in answer.text, query
    text = asking.get("/music/answers.csv?question=top&limit=200").text
    assert text.startswith("name,plays,minutes,by,key") and "Portishead,12" in text
    assert not [line for line in text.splitlines() if line.startswith(("=", "+", "@"))]
    assert asking.get("/music/answers.csv?since=x").status_code == 404


def test_who_has_no_music_is_told_how_to_begin(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = client(settings, Role.VIEWER)
    assert "nightshift music import" in asking.get("/music").text
    assert "nightshift music import" in asking.get("/music/answers").text
    monkeypatch.setattr(music, "find_spec", lambda name: None)
    assert "nightshift[music]" in asking.get("/music").text


def test_imports_tell_of_rejects_and_of_the_account_without_secrets(settings: Settings) -> None:
    with session() as s:
        place = '<img src=x onerror="alert(1)">.json:3'
        play_rejects.reject(s, [Reject("me", Service.SPOTIFY, Origin.EXPORT, place, "no_time",
                                       {"a": 1})])  # fmt: skip
    page = client(settings, Role.VIEWER).get("/music/imports").text
    assert "no time, or one that can't be read" in page and "not connected" in page
    assert "<img src=x" not in page


def test_a_plot_stacks_bounds_its_colours_and_names_few_ticks() -> None:
    series = {f"engine {n}": [float(n), 1.0] for n in range(9)}
    made = charts.columns("Spent", ["Mon", "Tue"], series, str)
    assert len(made.series) == charts.SERIES and made.series[-1] == "…"
    first = [mark for mark in made.marks if mark.x < 50]
    assert min(mark.y for mark in first) >= 0
    assert sum(mark.height for mark in first) == pytest.approx(100 * 36 / charts.nice(36), abs=0.1)
    assert [charts.nice(one) for one in (0, 0.03, 7, 11)] == [1, 0.04, 8, 20]
    many = charts.columns("Plays", [str(n) for n in range(400)], {"": [1.0] * 400}, str)
    assert len(many.ticks) <= 6 and len(many.rows) == 400
    empty = charts.columns("Plays", [], {"": []}, str)
    assert (empty.marks, empty.ticks) == ((), ())
    assert charts.bars("Top", ("name", "plays"), [("a", 4), ("b", 1)], str).bars[1].width == 25
