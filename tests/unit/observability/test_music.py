"""What the morning report, the metrics and the messages say of listening."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from typer.testing import CliRunner

from nightshift.__main__ import app
from tests.conftest import Override
from utils.clock import now
from utils.config import Settings, load_settings
from utils.db import music_runs, music_totals, workers
from utils.db.music_tables import MusicRun, PlayRow, RejectRow
from utils.db.schema import Run
from utils.db.session import session
from utils.models.music import Fault, Outcome, SubflowResult
from utils.models.notice import Event
from utils.observability import notices
from utils.observability.metrics import Exporter, registry
from utils.observability.reports import markdown
from utils.scheduling import music_session, run_session

BEFORE, TONIGHT = (datetime(2026, 7, day, 22, 30, tzinfo=UTC) for day in (1, 2))
HOUR = timedelta(hours=1)


def play(artist: str | None, added: datetime, **facts: Any) -> None:
    with session() as s:
        number = music_totals.plays(s)
        given: dict[str, Any] = {
            "account": "me", "service": "spotify", "origin": "api", "kind": "track",
            "played_at": added - HOUR, "track": "t", "key": f"{number:064x}",
        } | facts  # fmt: skip
        s.add(PlayRow(artist=artist, added_at=added, **given))


def reject(reason: str, added: datetime) -> None:
    with session() as s:
        number = music_totals.rejects(s)
        s.add(RejectRow(key=f"{number:064x}", account="me", service="lastfm", origin="export",
                        place="a.json:3", reason=reason, row={}, added_at=added))  # fmt: skip


def night(run_id: str = "tonight", began: datetime = TONIGHT, flow: str = "night-shift") -> str:
    with session() as s:
        s.add(Run(id=run_id, flow=flow, status="running", started_at=began))
    return run_id


def etl(results: Sequence[SubflowResult], status: str, began: datetime = TONIGHT) -> str:
    with session() as s:
        run = music_runs.begin(s, "daily-etl")
        for one in results:
            music_runs.add(s, run, one)
        music_runs.end(s, run, status)
        s.get_one(MusicRun, run).started_at = began
    return run


def result(
    name: str, status: Outcome, *errors: Fault, counts: dict[str, float] | None = None
) -> SubflowResult:
    return SubflowResult(name=name, status=status, metrics=counts or {}, errors=errors)


REFUSED = Fault(what="Spotify", error_class="SettingsError", message="The login <b> was revoked.")


@pytest.fixture
def heard() -> None:
    night("before", BEFORE)
    night()
    play("Nina Simone", BEFORE - HOUR)
    play("Nina Simone", BEFORE + HOUR)
    play("Ólafur | Arnalds", BEFORE + HOUR)
    play("Ólafur | Arnalds", BEFORE + HOUR, duplicate_of=1)
    play("A podcast", BEFORE + HOUR, kind="episode")
    reject("its moment lies in the future", BEFORE + HOUR)
    reject("its moment lies in the future", BEFORE + HOUR)
    reject("of an older import", BEFORE - HOUR)
    built = result("transformation", Outcome.SUCCESS, counts={"rows": 3})
    etl([result("spotify-enrichment", Outcome.FAILED, REFUSED), built], "partial_success")


def told(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["report", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_report_counts_what_came_in_since_the_night_before(heard: None) -> None:
    found = json.loads(told("--json"))["music"]
    assert found["since"] == BEFORE.isoformat()
    assert (found["plays"], found["episodes"]) == (2, 1)
    assert found["new_artists"] == [{"name": "Ólafur | Arnalds", "plays": 1}]
    assert found["rejected"] == [{"reason": "its moment lies in the future", "rows": 2}]
    assert (found["etl"], [part["status"] for part in found["parts"]]) == (
        "partial_success", ["failed", "success"],
    )  # fmt: skip
    assert found["parts"][0]["what_to_do"] == (
        "Set it right: nightshift deploy --validate --only music"
    )
    assert list(found["parts"][1].values()) == ["transformation", "success", "3 rows", "", ""]


def test_every_form_of_the_report_has_the_section_and_text_of_others_is_no_markup(
    heard: None,
) -> None:
    report = run_session.close("tonight", load_settings())
    assert report.report is not None
    page, terminal = report.report.read_text(), told()
    with session() as s:
        written = markdown.render(s, report, "UTC")
    for text in (page, terminal, written):
        for wanted in ("2 plays and 1 episodes", "1 new artists", "2 rows are no plays",
                       "spotify-enrichment", "nightshift music rejects"):  # fmt: skip
            assert wanted in text, wanted
    assert "The login &lt;b&gt; was revoked." in page
    assert r"The login \<b\> was revoked." in written
    assert r"Ólafur \| Arnalds" in written


def test_where_nobody_listens_no_report_speaks_of_music(settings: Settings) -> None:
    night()
    with session() as s:
        run = music_runs.begin(s, "daily-etl")
        music_runs.end(s, run, Outcome.NO_UPDATES)
    report = run_session.close("tonight", load_settings())
    assert report.report is not None
    assert "Music" not in report.report.read_text()
    assert "usic" not in told()
    assert "music" not in json.loads(told("--json"))


def test_a_run_by_hand_does_not_speak_of_music(heard: None) -> None:
    night("by-hand", TONIGHT + HOUR, "content-ingestion")
    assert "music" not in json.loads(told("by-hand", "--json"))


@pytest.mark.parametrize(
    ("status", "age", "said"),
    [
        (None, 0, "nothing was enriched yet: `nightshift music etl`"),
        ("crashed", 0, "The last daily-etl was killed"),
        ("success", 3, "No daily-etl has begun since"),
    ],
)
def test_a_night_without_tables_says_so(
    status: str | None, age: int, said: str, settings: Settings
) -> None:
    night()
    play("Nina Simone", BEFORE)
    if status:
        etl([], status, now() - timedelta(days=age))
    assert said in told()


@pytest.fixture
def exporter(settings: Settings) -> CollectorRegistry:
    return registry(Exporter(settings))


def value(found: CollectorRegistry, name: str, **labels: str) -> float | None:
    return found.get_sample_value(f"nightshift_music_{name}", labels)


def test_runs_rows_rejects_requests_and_freshness_are_metrics(
    exporter: CollectorRegistry,
) -> None:
    play("Nina Simone", TONIGHT)
    play("Nina Simone", TONIGHT, account="you", played_at=TONIGHT + HOUR)
    reject("no", TONIGHT)
    counts = {"requests": 5.0, "cache_hits": 2.0, "throttled": 1.0}
    etl([result("spotify-enrichment", Outcome.SUCCESS, counts=counts)], "success")
    etl([result("spotify-enrichment", Outcome.FAILED, REFUSED, counts={"requests": 1})], "failed")
    assert (value(exporter, "plays"), value(exporter, "rejects")) == (2, 1)
    assert value(exporter, "newest_play_timestamp_seconds") == (TONIGHT + HOUR).timestamp()
    for name, number in {"requests": 6, "cache_hits": 2, "throttles": 1}.items():
        assert value(exporter, f"{name}_total", part="spotify-enrichment") == number
    assert value(exporter, "last_run_status", flow="daily-etl", status="failed") == 1
    assert value(exporter, "last_run_status", flow="daily-etl", status="success") == 0
    part = {"flow": "daily-etl", "part": "spotify-enrichment"}
    assert value(exporter, "last_run_part_failed", **part) == 1
    assert value(exporter, "last_good_run_timestamp_seconds", flow="daily-etl") is not None
    assert value(exporter, "last_run_seconds", flow="daily-etl") is not None


def test_a_run_is_counted_once_and_when_it_has_ended(exporter: CollectorRegistry) -> None:
    def requests() -> float | None:
        return value(exporter, "requests_total", part="a")

    with session() as s:
        run = music_runs.begin(s, "daily-etl")
        music_runs.add(s, run, result("a", Outcome.SUCCESS, counts={"requests": 3}))
    assert requests() is None
    with session() as s:
        music_runs.end(s, run, Outcome.SUCCESS)
    assert (requests(), requests()) == (3, 3)
    with session() as s:
        s.delete(s.get_one(MusicRun, run))
    assert requests() == 3  # a counter never falls


def test_the_newest_play_of_many_accounts_is_found(database: str) -> None:
    with session() as s:
        assert music_totals.newest_play(s) is None
    for number, account in enumerate(("b", "a", "c")):
        play("x", TONIGHT, account=account, played_at=BEFORE + number * HOUR)
        play("x", TONIGHT, account=account, played_at=BEFORE - number * HOUR)
    with session() as s:
        assert music_totals.newest_play(s) == BEFORE + 2 * HOUR


def test_a_night_of_music_of_which_a_part_failed_is_worth_a_message(override: Override) -> None:
    run = etl([result("spotify-enrichment", Outcome.FAILED, REFUSED),
               result("transformation", Outcome.SUCCESS)], "partial_success")  # fmt: skip
    report = music_session.report(run)
    assert report is not None
    assert notices.music_events(report) == {Event.FINISHED, Event.PARTIAL}
    message = notices.music_notice(report)
    assert message.bad
    assert message.title == "Night Shift: daily-etl partial success"
    assert "The login <b> was revoked." in message.text
    assert "nightshift music etl" in message.text


def test_what_runs_every_half_hour_tells_of_its_first_failure_alone(settings: Settings) -> None:
    def ran(status: Outcome) -> tuple[set[Event], str | None]:
        with session() as s:
            run = music_runs.begin(s, "spotify-ingestion")
            errors = [REFUSED] if status is Outcome.FAILED else []
            music_runs.add(s, run, result("spotify-ingestion", status, *errors))
            music_runs.end(s, run, status)
            before = music_runs.status_before(s, run)
        report = music_session.report(run)
        assert report is not None
        return notices.music_events(report, before), before

    assert ran(Outcome.SUCCESS) == (set(), None)
    assert ran(Outcome.FAILED) == ({Event.PARTIAL}, "success")
    assert ran(Outcome.FAILED) == (set(), "failed")
    play("Nina Simone", TONIGHT)
    night()
    assert "Spotify could not be read: The login <b> was revoked." in told()
    assert ran(Outcome.SUCCESS) == (set(), "failed")
    assert "could not be read" not in told()


def test_a_good_night_of_music_is_only_finished_and_an_idle_one_nothing(
    settings: Settings,
) -> None:
    for status, events in (("success", {Event.FINISHED}), ("no_updates", set())):
        report = music_session.report(etl([result("transformation", Outcome.SUCCESS)], status))
        assert report is not None
        assert notices.music_events(report) == events
        assert not notices.music_notice(report).bad


def test_who_listens_to_nothing_yet_is_told_what_to_do_without_prefect(
    settings: Settings,
) -> None:
    done = CliRunner().invoke(app, ["music", "etl", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert (found["flow"], found["status"], found["results"]) == ("daily-etl", "no_updates", [])
    assert "nightshift music import FILE" in found["reason"]
    with session() as s:
        assert not workers.is_at_work(s, found["run_id"])
        assert music_runs.last_good(s, "daily-etl") is not None
