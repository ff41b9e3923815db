"""What Prometheus is told of shifts, lanes, steps, items and costs.

Processes that work come and go with their flow runs, so none of them could be asked: the
exporter computes everything from the database when it is scraped. No label is a title, a path
or an id.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session

from utils import clock
from utils.config import Settings
from utils.db import addresses, metrics_queries, music_totals, sources, spending
from utils.db.session import session
from utils.errors import NightShiftError
from utils.models import steps
from utils.models.approval import ApprovalStatus
from utils.models.item import ItemStatus
from utils.models.shift import Outcome, RunStatus
from utils.observability import music_metrics
from utils.observability.families import Rows, counters, gauge, gauges


class Exporter(Collector):
    """Collects everything when asked; between two times it keeps the sums of the ledger."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._sums = metrics_queries.StepSums()
        self._music = music_totals.RunSums()

    def collect(self) -> Iterator[Metric]:
        """All metrics; a database that is away is told by one of them."""
        began = clock.monotonic()
        families: list[Metric] = []
        with self._lock:  # of two scrapes at once neither may count a row twice
            try:
                with session() as s:
                    families += _items(s)
                    families += _runs(s)
                    families += _sources(s)
                    families += _money(s, self._settings)
                    families += _processes(s)
                    families += _steps(s, self._sums)
                    families += _lanes(s, self._sums, self._settings)
                    families += music_metrics.families(s, self._music)
                reached = True
            except NightShiftError:  # a scrape that fails would say nothing at all
                reached = False
        yield from families
        yield from _home(self._settings)
        yield gauge("database_up", "1 if Night Shift's database answered.", reached)
        took = clock.monotonic() - began
        yield gauge("scrape_duration_seconds", "Time that computing this took.", took)


def registry(*collectors: Collector) -> CollectorRegistry:
    """A registry of these alone: nothing of the process that serves them."""
    made = CollectorRegistry()
    for collector in collectors:
        made.register(collector)
    return made


def _by_name(values: Mapping[str, float]) -> Rows:
    return (((name,), value) for name, value in values.items())


def _moment(moment: datetime | None) -> Rows:
    """A moment without labels; no sample if there was none."""
    return [((), moment.timestamp())] if moment else []


def _home(settings: Settings) -> Iterator[Metric]:
    try:
        disk = shutil.disk_usage(settings.home)
    except OSError:  # not mounted, not made yet: absent, and database_up says that it is wrong
        return
    yield gauge("home_free_bytes", "Free space of the disk that NIGHTSHIFT_HOME is on.", disk.free)
    yield gauge("home_size_bytes", "Size of that disk.", disk.total)


def _items(s: Session) -> Iterator[Metric]:
    found = metrics_queries.items(s)
    # A status that nothing has is 0, not absent: an alert must see it grow from nothing.
    kinds = sorted({kind for _, kind in found})
    rows = {(status.value, kind): 0 for status in ItemStatus for kind in kinds} | found
    yield gauges("items", "Items of the library.", ("status", "kind"), rows.items())
    judged = dict.fromkeys((status.value for status in ApprovalStatus), 0)
    judged |= metrics_queries.approvals(s)
    yield gauges("items_by_approval", "Items by whether they may be published.", ("approval",),
                 _by_name(judged))  # fmt: skip
    since = metrics_queries.waiting_since(s)
    yield gauges("oldest_waiting_item_timestamp_seconds",
                 "When the item that waits longest was added.", (),
                 _moment(since))  # fmt: skip
    yield gauges("last_done_item_timestamp_seconds", "When an item was done last.", (),
                 _moment(metrics_queries.last_done(s)))  # fmt: skip


def _runs(s: Session) -> Iterator[Metric]:
    yield gauges("runs", "Runs that the database still knows.", ("flow", "status"),
                 metrics_queries.runs(s).items())  # fmt: skip
    started = metrics_queries.last_started(s)
    yield gauges("last_run_start_timestamp_seconds", "When a run was begun last.", ("flow",),
                 ((((flow,), moment.timestamp()) for flow, moment in started.items())))  # fmt: skip
    ended = [run for flow in started if (run := metrics_queries.last_ended(s, flow))]
    flows = ("flow",)
    yield gauges("last_run_end_timestamp_seconds", "When a run ended last.", flows,
                 (((e.flow,), e.ended_at.timestamp()) for e in ended))  # fmt: skip
    yield gauges("last_run_duration_seconds", "How long that run took.", flows,
                 (((e.flow,), e.seconds) for e in ended))  # fmt: skip
    yield gauges("last_run_left_over_items", "Items that it did not get to.", flows,
                 (((e.flow,), e.left_over) for e in ended))  # fmt: skip
    yield gauges("last_run_cost_usd", "What its paid calls cost.", flows,
                 (((e.flow,), e.microusd / 1e6) for e in ended))  # fmt: skip
    over = [status.value for status in RunStatus if status is not RunStatus.RUNNING]
    yield gauges("last_run_status", "1 for what it came to.", ("flow", "status"),
                 (((e.flow, status), e.status == status)
                  for e in ended for status in over))  # fmt: skip
    yield gauges("last_run_items", "Its items by what came of them.", ("flow", "outcome"),
                 (((e.flow, outcome.value), e.outcomes.get(outcome.value, 0))
                  for e in ended for outcome in Outcome))  # fmt: skip


def _sources(s: Session) -> Iterator[Metric]:
    failing, number = len(sources.failing(s)), len(sources.locations(s))
    yield gauges("sources", "Sources by how the last look into them ended.", ("state",),
                 [(("ok",), number - failing), (("failing",), failing)])  # fmt: skip
    known = addresses.count_by_status(s)
    states = (ItemStatus.PENDING, ItemStatus.FAILED, ItemStatus.QUARANTINED)
    yield gauges("addresses", "Addresses that could not be fetched so far.", ("status",),
                 (((state.value,), known.get(state.value, 0)) for state in states))  # fmt: skip


def _money(s: Session, settings: Settings) -> Iterator[Metric]:
    paid = metrics_queries.paid(s)
    yield counters("paid_calls", "Calls of paid services.", ("engine",),
                    (((one.engine,), one.calls) for one in paid))  # fmt: skip
    yield counters("paid_tokens", "Tokens that they used; reserved ones where no bill came.",
                    ("engine",), (((one.engine,), one.tokens) for one in paid))  # fmt: skip
    yield counters("cost_usd", "What they cost; as estimated where no bill came.", ("engine",),
                    (((one.engine,), one.microusd / 1e6) for one in paid))  # fmt: skip
    ceilings = spending.ceilings(settings)
    known = {"item": ceilings.item_usd, "run": ceilings.shift_usd}
    yield gauges("cost_ceiling_usd", "What one item, and one run, may cost.", ("of",),
                 (((of,), usd) for of, usd in known.items() if usd is not None))  # fmt: skip


def _processes(s: Session) -> Iterator[Metric]:
    living, lost = metrics_queries.workers(s)
    yield gauge("paused", "1 if shifts are told to wait.", metrics_queries.paused(s))
    yield gauges("processes", "Processes with work; lost: the heartbeat stopped without an end.",
                 ("state",), [(("alive",), living), (("lost",), lost)])  # fmt: skip


def _steps(s: Session, sums: metrics_queries.StepSums) -> Iterator[Metric]:
    ended = sums.read(s)
    labels = ("step", "lane", "status")
    rows = [((step, steps.lane_of(step), status), total) for (step, status), total in ended.items()]
    yield counters("step_executions", "Executions of steps, by how they ended.", labels,
                    ((key, total.executions) for key, total in rows))  # fmt: skip
    yield counters("step_seconds", "Time that they took.", labels,
                    ((key, total.seconds) for key, total in rows))  # fmt: skip
    yield counters("step_written_bytes", "Size of the files that they made.", labels,
                    ((key, total.bytes_written) for key, total in rows))  # fmt: skip


def _lanes(s: Session, sums: metrics_queries.StepSums, settings: Settings) -> Iterator[Metric]:
    widths = settings.lanes.model_dump()
    in_use = dict.fromkeys(widths, 0)
    for step, number in sums.in_work(s).items():
        in_use[steps.lane_of(step)] = in_use.get(steps.lane_of(step), 0) + number
    yield gauges("lane_width", "Steps of a class that a process may execute at once.", ("lane",),
                 _by_name(widths))  # fmt: skip
    yield gauges("lane_in_use", "Steps of a class that all processes execute now.", ("lane",),
                 _by_name(in_use))  # fmt: skip
    until = {name: moment.timestamp() for name, moment in metrics_queries.slowed(s).items()}
    yield gauges("lane_slowed_until_timestamp_seconds",
                 "Until when a service wants a lane to rest, or wanted.", ("lane",),
                 _by_name(until))  # fmt: skip
