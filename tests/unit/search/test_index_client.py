"""The connection to the index: kept open by who asks often, and opened anew after others."""

from collections.abc import Iterator

import pytest

from utils.config import Settings
from utils.search import index_client
from utils.search.index_client import connected


@pytest.fixture
def kept(settings: Settings) -> Iterator[Settings]:
    index_client.keep_open(settings)
    yield settings
    client = index_client._kept.pop(settings.home)
    if client is not None:
        client.client.close()


def test_who_asks_often_has_one_client_until_another_process_opens_the_index(
    kept: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connected(kept) as first:
        first.create_collection("speech")
    with connected(kept) as again:
        assert again is first
    with monkeypatch.context() as other:  # as another process does
        other.setattr(index_client, "_kept", {})
        with connected(kept) as client:
            client.create_collection("summary")
    with connected(kept) as anew:
        assert anew is not first
        assert {one.name for one in anew.list_collections()} == {"speech", "summary"}


def test_without_that_each_use_opens_and_closes_it(settings: Settings) -> None:
    with connected(settings) as first:
        pass
    with connected(settings) as second:
        assert second is not first
