"""A message by apprise: once, also if the process dies while it is sent."""

import json
from pathlib import Path

import pytest

from tests.servers.loopback import Answer, serving
from tests.unit.distribution import known
from utils.config import load_settings
from utils.db import publications
from utils.db.session import session
from utils.distribution import requests
from utils.distribution.requests import Order
from utils.models.publishing import PublicationResult as Result

pytestmark = pytest.mark.usefixtures("settings")


def test_it_is_sent_once_and_again_after_a_refusal_alone(tmp_path: Path) -> None:
    item_id = known.item(tmp_path / "song.mp3")
    settings, status = load_settings(), 500
    order = Order((item_id,), ("chat",))
    with serving(lambda _: Answer(status)) as server:
        url = server.url.replace("http://", "json://")
        text = "text: '{title} {album}'"
        known.targets(f"targets:\n  chat: {{kind: message, url: '{url}/t0ken', {text}}}\n")
        (failed,) = requests.publish(order, settings).outcomes
        status = 200
        (sent,) = requests.publish(order, settings).outcomes
        (again,) = requests.publish(order, settings).outcomes
    results = [failed.result, sent.result, again.result]
    assert results == [Result.FAILED, Result.PUBLISHED, Result.UNCHANGED]
    assert [json.loads(asked.body)["message"] for asked in server.asked] == ["song", "song"]
    assert "t0ken" not in f"{failed.error} {sent.address}"


def test_it_is_not_sent_again_for_another_text_or_title_but_by_force(tmp_path: Path) -> None:
    item_id = known.item(tmp_path / "song.mp3")
    settings = load_settings()
    order = Order((item_id,), ("chat",))
    with serving(lambda _: Answer(200)) as server:
        url = server.url.replace("http://", "json://")
        target = f"kind: message, url: '{url}', nightly: true, text: "
        known.targets(f"targets:\n  chat: {{{target}'{{title}}'}}\n")
        requests.publish_due(settings)
        known.targets(f"targets:\n  chat: {{{target}'New: {{title}}'}}\n")
        known.renamed(item_id, "another song")
        (night,) = requests.publish_due(settings).outcomes
        assert night.result is Result.UNCHANGED
        assert requests.publish_due(settings).outcomes == ()  # it is not looked at each night
        (again,) = requests.publish(order, settings).outcomes
        assert again.result is Result.UNCHANGED
        assert len(server.asked) == 1
        forced = requests.publish(order._replace(reason="it has another name"), settings)
        assert forced.outcomes[0].result is Result.PUBLISHED
        assert len(server.asked) == 2


def test_what_may_have_been_sent_before_a_kill_is_not_sent_again_and_says_so(
    tmp_path: Path,
) -> None:
    item_id = known.item(tmp_path / "song.mp3")
    settings = load_settings()
    with serving(lambda _: Answer(200)) as server:
        url = server.url.replace("http://", "json://")
        known.targets(f"targets:\n  chat: {{kind: message, url: '{url}'}}\n")
        order = Order((item_id,), ("chat",))
        requests.publish(order, settings)
        with session() as s:  # as a kill would have left it
            (row,) = publications.of_items(s, [item_id])
            row.state = {"package_key": row.package_key, "sending": True}
            row.status, row.address, row.package_key = "publishing", None, None
        (done,) = requests.publish_due(settings).outcomes
        assert done.result is Result.PUBLISHED
        assert len(server.asked) == 1
    (seen,) = requests.verify([row.id], settings)
    assert "may not have arrived" in seen.wrong[0]
