"""A run of ours at Prefect's server: ended there, and what it keeps of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from deployments import cancelling, run_logs
from tests.servers.loopback import Answer, Asked, serving
from utils.clock import now
from utils.config import Settings

RUN = "0123456789ab"
NIGHT = f"00000000-0000-4000-8000-{RUN}"  # whose id ends so
ITEM = "f" * 64
LOG = ("it began", "asking https://me:secret@example.org/")


class Prefect:
    """A server that knows the night, a chunk of it on a worker, and an item's run."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []

    def answer(self, asked: Asked) -> Answer:
        """What it says."""
        path = asked.path.removeprefix("/api").partition("?")[0].removeprefix("/")
        if path == "csrf-token":
            return Answer.of_json({"detail": "none is asked for"}, 422)
        given = json.loads(asked.body)
        self.asked.append((path, given))
        if path == "flow_runs/filter":
            part = {"id": "part", "parameters": {"run_id": RUN}, "parent_task_run_id": "x"}
            night = {"id": NIGHT, "parameters": {}, "parent_task_run_id": None}
            return Answer.of_json([part] if "name" in given["flow_runs"] else [part, night])
        if path == "logs/filter":
            of = given["logs"]["flow_run_id"]["any_"][0]
            rows = [
                {"timestamp": now().isoformat(), "level": 20, "message": f"{text} {of}"}
                for text in LOG
            ]
            return Answer.of_json(rows)
        return Answer.of_json({"status": "ACCEPT"}, 201)


@pytest.fixture
def prefect(settings: Settings) -> Iterator[tuple[Prefect, Settings]]:
    made = Prefect()
    with serving(made.answer) as server:
        yield made, settings.model_copy(update={"prefect_api_url": f"{server.url}/api"})


def test_a_run_that_a_worker_began_is_ended_by_the_server(
    prefect: tuple[Prefect, Settings],
) -> None:
    server, served = prefect
    assert cancelling.cancel(served, RUN)
    path, given = server.asked[-1]
    assert path == f"flow_runs/{NIGHT}/set_state"
    assert given["state"]["type"] == "CANCELLING"
    assert not cancelling.cancel(served, "another0run0")
    assert server.asked[-1][0] == "flow_runs/filter"


def test_without_a_server_or_where_it_does_not_answer_nobody_ends_it_there(
    settings: Settings,
) -> None:
    assert not cancelling.cancel(settings, RUN)
    away = settings.model_copy(update={"prefect_api_url": "http://127.0.0.1:1/api"})
    assert not cancelling.cancel(away, RUN)


def test_the_log_of_a_run_or_of_an_item_in_it_has_no_secrets(
    prefect: tuple[Prefect, Settings],
) -> None:
    server, served = prefect
    whole = run_logs.of_run(served, RUN, now())
    assert whole is not None and whole.address.endswith(f"/runs/flow-run/{NIGHT}")
    assert [line.text for line in whole.lines][-1] == f"it began {NIGHT}"  # the oldest first
    assert "secret" not in str(whole)
    of_item = run_logs.of_item(served, RUN, ITEM)
    assert of_item is not None and of_item.lines[0].text.endswith("part")
    asked = next(given for path, given in server.asked if "name" in given.get("flow_runs", {}))
    assert asked["flow_runs"]["name"]["any_"] == [ITEM[:12]]
    assert run_logs.of_run(served, "another0run0", now()) is None
