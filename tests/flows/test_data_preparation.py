"""The flow `data-preparation`, as a night of music and a person run it."""

from __future__ import annotations

import pytest

from subflows.data_preparation import data_preparation
from tests.unit.music.plays import a_play, a_scrobble
from utils.db import plays
from utils.db.session import session
from utils.models.music import Outcome

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_the_flow_says_what_was_new_and_the_next_time_that_nothing_is() -> None:
    with session() as s:
        plays.add(s, [a_play(200), a_scrobble(0)])
    first = data_preparation()
    assert (first.name, first.status) == ("data-preparation", Outcome.SUCCESS)
    assert (first.metrics["rows"], first.metrics["new"], first.metrics["rejected"]) == (2, 2, 0)
    assert data_preparation().status is Outcome.NO_UPDATES
