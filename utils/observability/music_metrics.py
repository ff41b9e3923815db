"""What Prometheus is told of listening: runs, rows, refusals, requests, and how fresh it all is."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric
from sqlalchemy.orm import Session

from utils.db import music_runs, music_totals
from utils.db.music_tables import MusicRun
from utils.models.music import Outcome, SubflowResult
from utils.observability.families import Rows, counters, gauge, gauges

# Counts of parts that are sums over all runs: the metric's name, the count, what it says.
_COUNTED = (
    ("music_requests", "requests", "Requests to services."),
    ("music_cache_hits", "cache_hits", "Questions that needed no request."),
    ("music_throttles", "throttled", "Requests that a service put off."),
    ("music_new_rows", "new", "Rows that were new."),
    ("music_errors", "errors", "Things that could not be done."),
)
_STATUSES = (*Outcome, music_runs.CRASHED, music_runs.STOPPED)


def families(s: Session, sums: music_totals.RunSums) -> Iterator[Metric]:
    """All metrics of listening; without samples where nobody listens."""
    yield gauge("music_plays", "Plays that the database knows.", music_totals.plays(s))
    yield gauge("music_rejects", "Rows of histories that are no plays.", music_totals.rejects(s))
    newest = music_totals.newest_play(s)
    yield gauges("music_newest_play_timestamp_seconds", "When something was played last.", (),
                 [((), newest.timestamp())] if newest else [])  # fmt: skip
    yield from _counts(sums.read(s))
    yield from _runs(s)


def _counts(found: music_totals.Sums) -> Iterator[Metric]:
    for metric, count, says in _COUNTED:
        rows = [((part,), value) for (part, name), value in found.items() if name == count]
        yield counters(metric, says, ("part",), rows)


def _runs(s: Session) -> Iterator[Metric]:
    flows = music_totals.flows(s)
    good = [run for flow in flows if (run := music_runs.last_good(s, flow))]
    yield gauges(
        "music_last_good_run_timestamp_seconds",
        "When a run ended well last.",
        ("flow",),
        (((run.flow,), run.ended_at.timestamp()) for run in good if run.ended_at),
    )
    ended = [run for flow in flows if (run := music_totals.last_ended(s, flow))]
    yield gauges("music_last_run_status", "1 for what a run came to last.", ("flow", "status"),
                 (((run.flow, str(status)), run.status == status)
                  for run in ended for status in _STATUSES))  # fmt: skip
    yield gauges("music_last_run_seconds", "How long that run took.", ("flow",),
                 (((run.flow,), (run.ended_at - run.started_at).total_seconds())
                  for run in ended if run.ended_at))  # fmt: skip
    yield gauges("music_last_run_part_failed", "1 if this part of it failed.", ("flow", "part"),
                 _parts(ended))  # fmt: skip


def _parts(ended: list[MusicRun]) -> Rows:
    for run in ended:
        for one in map(SubflowResult.model_validate, run.results):
            yield (run.flow, one.name), one.status is Outcome.FAILED
