"""Sources that are gone, unmounted or unreadable: failures of the night, told with a remedy."""

import shutil
from pathlib import Path

import pytest

from tests.flows.test_shift import outcomes, work_a_night
from tests.media import Clips
from utils.config import Settings
from utils.db import sources
from utils.db.schema import Item
from utils.db.session import session
from utils.models.shift import RunStatus

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def disk(clips: Clips, tmp_path: Path) -> Path:
    """A source with two files, of which a night has done one; the other waits for the next."""
    disk = tmp_path / "disk"
    disk.mkdir()
    shutil.copy(clips.image, disk / "image.jpg")
    with session() as s:
        sources.add(s, str(disk))
    assert work_a_night().counts.done == 1
    return disk


def test_a_source_that_is_not_mounted_fails_the_night_and_none_of_its_items(
    disk: Path, clips: Clips, settings: Settings
) -> None:
    shutil.copy(clips.tone, disk / "tone.wav")
    from utils.sources import scan

    (item_id,) = scan.scan([str(disk / "tone.wav")], "", settings).pending
    away = disk.with_name("away")
    disk.rename(away)
    for told in ("is not there", "is empty; 1 were there before"):  # no folder; an empty one
        report = work_a_night()
        assert report.status is RunStatus.FAILED
        ((outcome, why),) = outcomes(report).values()
        assert outcome == "failed"
        assert told in why
        assert "mounted" in why
        disk.mkdir(exist_ok=True)
    with session() as s:
        item = s.get_one(Item, item_id)
        assert (item.status, item.tries) == ("pending", 0)
        (look,) = sources.failing(s)
        assert (look.location, look.found) == (str(disk), 1)
    disk.rmdir()
    away.rename(disk)
    assert work_a_night().counts.done == 1
    with session() as s:
        assert sources.failing(s) == []
        assert sources.looks(s)[str(disk)].found == 2


def test_a_source_that_is_meant_to_be_empty_is_added_again(disk: Path) -> None:
    (disk / "image.jpg").unlink()
    assert work_a_night().status is RunStatus.FAILED
    with session() as s:
        sources.add(s, str(disk))
    assert work_a_night().status is RunStatus.NOTHING_TO_DO
