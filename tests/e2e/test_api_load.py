"""The API under load while a worker is killed and Postgres restarted: `benchmarks`, but short."""

import sys
from pathlib import Path

from benchmarks import api_load

# What a run does to the database, without what it does to media: claims, steps, outcomes.
WORKER = """
import itertools, uuid
from utils.config import load_settings
from utils.db import ledger, queue, runs, workers
from utils.db.session import session
from utils.errors import RetryableError
run = uuid.uuid4().hex[:12]
with session() as s:
    runs.begin(s, run, "night-shift")
    workers.register(s, run, run, 60)
for number in itertools.count():
    with session() as s:
        item = queue.claim(s, run, queue.waiting(3), 1)[0]
    row = ledger.start(item, "analyze_signal", ledger.Inputs("k", {"version": 1}), run)
    ledger.fail(row, RetryableError("again"), 0.1)
    with session() as s:
        queue.release(s, run, [item])
"""


def test_under_load_nothing_is_lost_and_only_503_is_said_meanwhile(tmp_path: Path) -> None:
    worker = (sys.executable, "-c", WORKER)
    story = api_load.run(tmp_path, 10, worker, restart_every=10, kill_every=3)
    assert story.faults[:5] == [] and story.lost == []
    assert story.restarts >= 1 and story.kills >= 1 and story.landed
