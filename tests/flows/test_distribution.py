"""The flow ``distribution``: what is approved goes where it is wanted; its state says how."""

from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State, StateType

from flows.distribution import distribution
from tests.unit.distribution import known

pytestmark = pytest.mark.usefixtures("prefect_server", "settings")


def distributed(**more: Any) -> tuple[State[Any], dict[str, Any]]:
    state: State[Any] = distribution(return_state=True, **more)
    result: Any = state.result(raise_on_failure=False)
    return state, result


def test_what_is_approved_is_published_and_one_failure_stops_no_other(tmp_path: Path) -> None:
    known.public(tmp_path, "    nightly: true\n")
    ids = [known.item(tmp_path / "library" / f"{n}.mp3") for n in range(3)]
    known.item(tmp_path / "library" / "not yet.mp3", "review")
    (tmp_path / "library" / "1.mp3").rename(tmp_path / "away.mp3")
    state, result = distributed()
    assert (state.type, state.name) == (StateType.FAILED, "Partial")
    numbers = {name: result[name] for name in ("total", "success", "failed", "waiting")}
    assert numbers == {"total": 3, "success": 2, "failed": 1, "waiting": 0}
    assert [one["item_id"] for one in result["errors"]] == [ids[1]]
    (tmp_path / "away.mp3").rename(tmp_path / "library" / "1.mp3")
    state, result = distributed(items=[ids[0]], to=["public"])
    assert (state.type, result["total"]) == (StateType.COMPLETED, 0)
