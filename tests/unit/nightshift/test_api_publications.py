"""Publications over HTTP."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.unit.distribution import known
from tests.unit.nightshift.test_api import client, token
from utils.config import Settings
from utils.models.api import Scope

API = "/api/v1"


@pytest.fixture
def asking(settings: Settings) -> TestClient:
    made = client(settings)
    made.headers |= token(Scope.ADMIN)
    return made


def test_an_item_is_published_listed_looked_at_and_taken_back(
    asking: TestClient, tmp_path: Path
) -> None:
    folder = known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    assert [one["name"] for one in asking.get(f"{API}/targets").json()] == ["public"]
    wanted = {"items": [item_id[:10]], "to": ["public"]}
    done = asking.post(f"{API}/publications", json=wanted).json()
    assert (done["published"], done["failed"]) == (1, 0)
    (listed,) = asking.get(f"{API}/publications?target=public").json()["publications"]
    number = listed["publication_id"]
    shown = asking.get(f"{API}/publications/{number}").json()
    assert len(shown["objects"]) == 5
    assert shown["made_by"].startswith("API")
    assert asking.post(f"{API}/publications/{number}/verify").json()["whole"]
    gone = asking.delete(f"{API}/publications/{number}").json()
    assert gone["retracted"] == 1
    assert list(folder.iterdir()) == []
    assert asking.delete(f"{API}/publications/{number}").status_code == 409


def test_what_is_not_approved_unknown_or_unsaid_is_answered_so(
    asking: TestClient, tmp_path: Path
) -> None:
    known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3", "review")
    wanted = {"items": [item_id], "to": ["public"]}
    done = asking.post(f"{API}/publications", json=wanted).json()
    assert done["failed"] == 1
    assert done["outcomes"][0]["result"] == "refused"
    unknown = asking.post(f"{API}/publications", json=wanted | {"to": ["nowhere"]})
    assert unknown.status_code == 404
    unsaid = asking.post(f"{API}/publications", json=wanted | {"force": True})
    assert unsaid.status_code == 422
    assert asking.get(f"{API}/publications/7").status_code == 404
    for path in (f"publications/{2**63}", f"publications?after={2**63}", "publications/-1"):
        assert asking.get(f"{API}/{path}").status_code == 422
    assert asking.delete(f"{API}/publications/{2**70}").status_code == 422
    assert asking.post(f"{API}/publications/{2**70}/verify").status_code == 422


def test_pages_go_on_where_they_ended_and_changes_need_a_scope(
    asking: TestClient, tmp_path: Path
) -> None:
    known.public(tmp_path)
    ids = [known.item(tmp_path / "library" / f"{n}.mp3") for n in range(3)]
    asking.post(f"{API}/publications", json={"items": ids, "to": ["public"]})
    first = asking.get(f"{API}/publications?limit=2").json()
    second = asking.get(f"{API}/publications?limit=2&after={first['next_after']}").json()
    assert [len(page["publications"]) for page in (first, second)] == [2, 1]
    assert second["next_after"] is None
    reader = {**token(Scope.READ)}
    denied = asking.delete(f"{API}/publications/1", headers=reader)
    assert denied.status_code == 403
