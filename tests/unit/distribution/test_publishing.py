"""Items at a target: once, whole, as they are approved, and taken back."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.distribution import known
from utils import clock
from utils.clock import now
from utils.config import load_settings
from utils.db import publications, publishable, workers
from utils.db.publication_tables import PublicationRow
from utils.db.session import session
from utils.distribution import folder as folders
from utils.distribution import permission, requests
from utils.distribution.call import Call
from utils.distribution.requests import Order
from utils.errors import StoppedError, UsageError
from utils.models.publishing import PublicationResult as Result
from utils.models.publishing import PublishReport
from utils.storage import remote

pytestmark = pytest.mark.usefixtures("settings")


def publish(*item_ids: str, to: str = "public", **more: Any) -> PublishReport:
    return requests.publish(Order(item_ids, (to,), **more), load_settings())


def results(found: PublishReport) -> list[Result]:
    return [one.result for one in found.outcomes]


def row_of(item_id: str) -> PublicationRow:
    with session() as s:
        (row,) = publications.of_items(s, [item_id])
    return row


def test_an_item_lies_in_a_folder_of_its_own_with_a_document_of_what_is_known(
    tmp_path: Path,
) -> None:
    folder = known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "សួស្តី: a & b?.mp3")
    found = publish(item_id)
    assert results(found) == [Result.PUBLISHED]
    place = f"សួស្តី_a_&_b-{item_id[:12]}"
    assert {*known.there(folder)} == {
        f"{place}/{name}"
        for name in ("item.json", "media.mp3", "media.km.vtt", "media.km.srt", "artwork.jpg")
    }
    document = json.loads((folder / place / "item.json").read_text())
    assert document["keywords"] == ["hello", "world"]
    assert str(tmp_path) not in (folder / place / "item.json").read_text()
    assert (folder / place / "media.mp3").stat().st_mode & 0o777 == 0o644
    assert found.outcomes[0].address == row_of(item_id).address


def test_what_lies_there_is_not_sent_again_and_what_changed_replaces_it(tmp_path: Path) -> None:
    folder = known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    publish(item_id)
    before = {path: path.stat().st_ino for path in folder.rglob("*")}
    assert results(publish(item_id)) == [Result.UNCHANGED]
    assert {path: path.stat().st_ino for path in folder.rglob("*")} == before
    known.renamed(item_id, "another song")
    assert results(publish(item_id)) == [Result.PUBLISHED]
    assert {name.split("/")[0] for name in known.there(folder)} == {f"another_song-{item_id[:12]}"}
    first = row_of(item_id).published_at
    assert first is not None and first <= now()


@pytest.mark.parametrize("approval", ["review", "rejected", None])
def test_what_is_not_approved_is_refused_but_for_a_reason(
    tmp_path: Path, approval: str | None
) -> None:
    folder = known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3", approval)
    (refused,) = publish(item_id).outcomes
    assert refused.result is Result.REFUSED
    assert "nightshift review accept" in (refused.error or "")
    assert not folder.exists()
    assert results(publish(item_id, reason="my own song")) == [Result.PUBLISHED]
    assert row_of(item_id).forced == "my own song"


def test_a_strangers_file_of_that_name_is_not_overwritten(tmp_path: Path) -> None:
    folder = known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    theirs = folder / f"song-{item_id[:12]}" / "media.mp3"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("a stranger's")
    (failed,) = publish(item_id).outcomes
    assert failed.result is Result.FAILED
    assert "none of ours" in (failed.error or "")
    assert theirs.read_text() == "a stranger's"
    requests.unpublish([item_id], (), load_settings())
    assert theirs.read_text() == "a stranger's"


def test_a_file_of_ours_that_lies_there_already_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    place = folder / f"song-{item_id[:12]}"
    place.mkdir(parents=True)
    (place / "media.mp3").write_text("sound of song")
    number = (place / "media.mp3").stat().st_ino
    assert results(publish(item_id)) == [Result.PUBLISHED]
    assert (place / "media.mp3").stat().st_ino == number


def test_what_is_taken_back_is_gone_and_a_night_leaves_it_so(tmp_path: Path) -> None:
    folder = known.public(tmp_path, "    nightly: true\n")
    item_id = known.item(tmp_path / "library" / "song.mp3")
    publish(item_id)
    assert results(requests.unpublish([item_id[:8]], (), load_settings())) == [Result.RETRACTED]
    assert list(folder.iterdir()) == []
    assert requests.publish_due(load_settings()).outcomes == ()
    with pytest.raises(UsageError, match="not published"):
        requests.unpublish([item_id], (), load_settings())
    assert results(publish(item_id)) == [Result.PUBLISHED]


def test_one_failure_stops_no_other_and_is_tried_again_later(tmp_path: Path) -> None:
    folder = known.public(tmp_path)
    ids = [known.item(tmp_path / "library" / f"{n}.mp3") for n in range(3)]
    lost = tmp_path / "library" / "1.mp3"
    lost.rename(tmp_path / "away.mp3")
    found = publish(*ids)
    assert results(found) == [Result.PUBLISHED, Result.FAILED, Result.PUBLISHED]
    row = row_of(ids[1])
    assert (row.status, row.tries) == ("failed", 1)
    assert row.due_at > now()
    assert requests.publish_due(load_settings()).outcomes == ()  # not due yet
    (tmp_path / "away.mp3").rename(lost)
    later = clock.Clock(lambda: datetime.now(UTC) + timedelta(minutes=2), clock.monotonic,
                        clock.wait)  # fmt: skip
    with clock.set_to(later):
        assert results(requests.publish_due(load_settings())) == [Result.PUBLISHED]
    assert len(list(folder.iterdir())) == 3


def test_a_target_that_is_read_only_or_none_fails_in_words(tmp_path: Path) -> None:
    known.public(tmp_path)
    (tmp_path / "public").write_text("a file in the place of the folder")
    item_id = known.item(tmp_path / "library" / "song.mp3")
    (failed,) = publish(item_id).outcomes
    assert failed.result is Result.FAILED
    assert failed.error and str(tmp_path / "public") in failed.error
    with pytest.raises(UsageError, match="no target 'elsewhere'"):
        publish(item_id, to="elsewhere")


def test_what_is_scheduled_waits_for_its_moment(tmp_path: Path) -> None:
    folder = known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    at = now() + timedelta(hours=1)
    (one,) = publish(item_id, at=at).outcomes
    assert (one.result, one.due_at) == (Result.WAITING, at)
    assert requests.publish_due(load_settings()).outcomes == ()
    assert not folder.exists()
    later = clock.Clock(lambda: at + timedelta(seconds=1), clock.monotonic, clock.wait)
    with clock.set_to(later):
        assert results(requests.publish_due(load_settings())) == [Result.PUBLISHED]


def test_what_was_approved_when_it_was_scheduled_and_is_not_now_stays_here(
    tmp_path: Path,
) -> None:
    folder = known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    at = now() + timedelta(hours=1)
    publish(item_id, at=at)
    known.judged(item_id, "rejected")
    later = clock.Clock(lambda: at + timedelta(seconds=1), clock.monotonic, clock.wait)
    with clock.set_to(later):
        (one,) = requests.publish_due(load_settings()).outcomes
    assert one.result is Result.FAILED
    assert "rejected" in (one.error or "")
    assert not folder.exists()


def test_what_is_published_and_not_approved_any_more_is_named_and_stays(tmp_path: Path) -> None:
    folder = known.public(tmp_path, "    nightly: true\n")
    item_id = known.item(tmp_path / "library" / "song.mp3")
    publish(item_id)
    known.judged(item_id, "rejected")
    found = requests.publish_due(load_settings())
    (flaw,) = found.flaws
    assert (flaw.item_id, flaw.target) == (item_id, "public")
    assert "rejected now" in flaw.flaw
    assert found.is_bad
    assert known.there(folder)


def test_what_was_damaged_where_it_lies_is_found_and_mended(tmp_path: Path) -> None:
    folder = known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    publish(item_id)
    number = row_of(item_id).id
    (seen,) = requests.verify([number], load_settings())
    assert seen.wrong == ()
    place = folder / f"song-{item_id[:12]}"
    (place / "media.mp3").write_text("sound of sang")  # as long as it was
    (place / "artwork.jpg").unlink()
    (seen,) = requests.verify([number], load_settings())
    assert len(seen.wrong) == 2
    assert "another content" in seen.wrong[0] and "is gone" in seen.wrong[1]
    assert "damaged" in requests.publish_due(load_settings()).flaws[0].flaw
    assert results(publish(item_id)) == [Result.PUBLISHED]
    assert (place / "media.mp3").read_text() == "sound of song"
    assert (place / "artwork.jpg").exists()
    assert requests.publish_due(load_settings()).flaws == ()
    assert results(publish(item_id)) == [Result.UNCHANGED]


def test_what_is_sent_anew_has_its_index_written_anew_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = known.public(tmp_path)
    repairs: list[bool] = []

    def refresh(_packages: Any, _target: Any, call: Call) -> None:
        repairs.append(call.is_repair)

    monkeypatch.setattr(folders, "refresh", refresh, raising=False)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    publish(item_id)
    (folder / f"song-{item_id[:12]}" / "artwork.jpg").unlink()
    list(requests.verify([row_of(item_id).id], load_settings()))
    publish(item_id)
    publish(item_id)
    assert repairs == [False, True]


@pytest.mark.parametrize("number", [-1, 0, 7, 2**63, 2**80])
def test_a_number_that_no_publication_has_is_said(number: int) -> None:
    with session() as s, pytest.raises(UsageError, match="no publication"):
        publications.get(s, number)
    with pytest.raises(UsageError, match="no publication"):
        list(requests.verify([number], load_settings()))


def test_a_refusal_says_the_first_reason_and_what_to_do_with_this_item() -> None:
    state = publishable.ItemState(
        "review", "Score 0.61 is too low: a person decides. Lowest: loudness 0.", "done", ""
    )
    said = permission.not_approved(state, "abcdef0123456")
    assert said is not None and said.startswith(
        "A person has to decide first: Score 0.61 is too low: a person decides. "
        "`nightshift review accept abcdef0123` lets it pass"
    )


def test_what_does_not_answer_is_not_damaged(tmp_path: Path) -> None:
    known.targets(f"targets: {{public: {{kind: folder, url: 'file://{tmp_path}/public'}}}}\n")
    item_id = known.item(tmp_path / "library" / "song.mp3")
    publish(item_id)
    known.targets(
        f"targets: {{public: {{kind: folder, url: 'file://{tmp_path}/public', "
        "public_url: 'http://127.0.0.1:9/'}}\n"
    )
    (seen,) = requests.verify([row_of(item_id).id], load_settings())
    assert seen.wrong == () and str(seen.error).count("does not answer") == 1
    assert row_of(item_id).flaws in (None, [])


def test_two_processes_never_publish_one_row_at_once(tmp_path: Path) -> None:
    known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    publish(item_id, at=now() + timedelta(hours=1))
    number = row_of(item_id).id
    with session() as s:
        workers.register(s, "another", None, 120)
        assert publications.claim(s, "another", number) is not None
    assert results(publish(item_id)) == [Result.BUSY]
    with session() as s:
        workers.unregister(s, "another")  # gone without giving it back: it is free
    assert results(publish(item_id)) == [Result.PUBLISHED]


_KILLED = """
import os, sys
from tests.unit.distribution import known
from utils.config import load_settings
from utils.distribution import place, requests
from utils.storage import remote

left = int(sys.argv[1])
really = remote.replace

def replace(*given):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), 9)
    really(*given)

remote.replace = replace
requests.publish(requests.Order((sys.argv[2],), ("public",)), load_settings())
"""


def test_after_a_kill_the_next_call_goes_on_and_nothing_lies_there_twice(tmp_path: Path) -> None:
    folder = known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    environment = {**os.environ, "NIGHTSHIFT_HOME": str(load_settings().home)}
    command = [sys.executable, "-c", _KILLED, "2", item_id]
    ended = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    sent = {path: path.stat().st_ino for path in folder.rglob("*.*")}
    assert len(sent) == 2
    row = row_of(item_id)
    assert (row.status, row.address) == ("publishing", None)
    assert len(row.state["files"]) == 5  # noted before they were sent
    assert results(requests.publish_due(load_settings())) == [Result.PUBLISHED]
    assert {path: path.stat().st_ino for path in sent} == sent
    assert len(known.there(folder)) == 5
    (seen,) = requests.verify([row.id], load_settings())
    assert seen.wrong == ()


def test_what_an_ended_call_left_goes_when_it_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    really, sent = remote.replace, list[Any]()

    def replace(*given: Any) -> None:
        if len(sent) == 3:
            raise StoppedError("The run was ended.")
        sent.append(given)
        really(*given)

    with monkeypatch.context() as patched:
        patched.setattr(remote, "replace", replace)
        with pytest.raises(StoppedError):
            publish(item_id)
    assert len(known.there(folder)) == 3
    requests.unpublish([item_id], (), load_settings())
    assert list(folder.iterdir()) == []


def test_a_target_that_is_gone_for_good_is_not_asked(tmp_path: Path) -> None:
    known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    publish(item_id)
    known.targets("targets: {}")
    (failed,) = requests.unpublish([item_id], (), load_settings()).outcomes
    assert "no target 'public'" in (failed.error or "")
    assert row_of(item_id).status == "retracting"
    done = requests.unpublish([item_id], (), load_settings(), is_gone=True)
    assert results(done) == [Result.RETRACTED]
