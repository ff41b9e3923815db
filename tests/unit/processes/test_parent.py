"""What a run does whose worker was killed."""

import subprocess
import sys

from tests.waiting import until_ended

RUN = """
import signal, sys, threading
from utils.processes import parent

parent.LAST_WORDS_SECONDS = 0.5
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
parent.end_with_worker()
try:
    print("works", flush=True)
    signal.pause()
finally:
    print("ends", flush=True)
    threading.Event().wait()  # as Prefect does for a server that is gone
"""
WORKER = """
import os, subprocess, sys

environment = {**os.environ, "PREFECT__FLOW_RUN_ID": "a run"}
run = subprocess.Popen([sys.executable, "-c", sys.argv[1]], env=environment)
print(run.pid, flush=True)
run.wait()
"""


def test_a_run_whose_worker_was_killed_ends_although_its_server_is_gone_too() -> None:
    command = [sys.executable, "-c", WORKER, RUN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        run = int(worker.stdout.readline())
        assert worker.stdout.readline() == "works\n"
        worker.kill()
        assert worker.stdout.readline() == "ends\n"
    until_ended(run)
