"""What is off in the server that Prefect starts for one process: nobody looks into it.

Its services would write three events a step, which costs a second of CPU an item and blocks its
SQLite; the ledger has it all (benchmarks/shift.py).
"""

from __future__ import annotations

# Those that serve its UI, its schedules and its automations.
_SERVICES = ("TASK_RUN_RECORDER", "EVENT_PERSISTER", "TRIGGERS", "SCHEDULER", "LATE_RUNS",
             "FOREMAN")  # fmt: skip

# Variables that Prefect reads when it is imported.
EPHEMERAL_SERVER: dict[str, str] = {
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    # With any key Prefect sends an ephemeral server no events: 6 of its 25 CPU s for 24 clips.
    "PREFECT_API_KEY": "an-ephemeral-server-asks-for-none",
    # If it dies it does not come back: half a minute (2 + 4 + 8 + 16 s), not one a call.
    "PREFECT_CLIENT_MAX_RETRIES": "4",
    **{f"PREFECT_SERVER_SERVICES_{service}_ENABLED": "false" for service in _SERVICES},
    # For no page of any origin: it has no UI, and no browser is on port 0.
    "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": "http://127.0.0.1:0",
}
