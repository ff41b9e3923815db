"""Likenesses kept and found again, pairs, decisions and groups, on SQLite and Postgres."""

import base64
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select, update
from typer.testing import CliRunner

from nightshift.__main__ import app
from utils.db import duplicates, fingerprints, items
from utils.db.items import Seen
from utils.db.schema import DuplicatePair, FingerprintRow, FingerprintTerm, Item
from utils.db.session import session
from utils.errors import PermanentError
from utils.models.fingerprint import Copy, Fingerprint, Frame, NearDuplicate, NearDuplicates
from utils.models.item import FileStat, MediaKind
from utils.models.options import DuplicateOptions
from utils.similarity import lookup_terms, near_duplicates

OPTIONS = DuplicateOptions()


def add(
    number: int,
    paths: list[Path] | tuple[()] = (),
    kind: MediaKind = MediaKind.VIDEO,
    size: int = 100,
) -> str:
    item_id = f"{number:064x}"
    with session() as s:
        for path in paths or (Path(f"/x/{number}"),):
            stat = FileStat(path=path, size_bytes=size, modified_ns=1, inode=1)
            items.register(s, Seen(stat, item_id, True), kind)
    return item_id


def fingerprint(
    item_id: str,
    work: int,
    noise: int = 0,
    seconds: float = 30.0,
    kind: MediaKind = MediaKind.VIDEO,
) -> Fingerprint:
    """The fingerprint of a copy of a work: ``noise`` bits of each hash differ from the original."""
    chance, flips = np.random.default_rng(work), np.random.default_rng(int(item_id, 16))
    frames = [int(value) for value in chance.integers(0, 2**63, 48)]
    words = chance.integers(0, 2**32, 220, dtype=np.uint32)
    for number in range(48):
        for bit in flips.choice(64, noise, replace=False):
            frames[number] ^= 1 << int(bit)
    return Fingerprint(
        item_id=item_id,
        kind=kind,
        duration_seconds=None if kind is MediaKind.IMAGE else seconds,
        frames=tuple(
            Frame(time_seconds=seconds * n / 48, phash=f"{value:016x}")
            for n, value in enumerate(frames)
        ),
        detail=f"{work:064x}",
        aspect=1.5,
        audio=base64.b64encode(words.astype("<u4").tobytes()).decode(),
    )


def arrive(item_id: str, work: int, **about: Any) -> NearDuplicates:
    """What the two steps of an item do: keep its fingerprint; then, later, look and link."""
    own = fingerprint(item_id, work, **about)
    with session() as s:
        near_duplicates.store(s, own)
    return look(own)


def look(own: Fingerprint, options: DuplicateOptions = OPTIONS) -> NearDuplicates:
    with session() as s:
        found = near_duplicates.find(s, own, options)
    with session() as s:
        duplicates.link(s, found)
    return found


def group_ids() -> list[set[str]]:
    with session() as s:
        return [{copy.item_id for copy in group.copies} for group in duplicates.groups(s)]


def test_a_copy_is_found_among_others(database: str) -> None:
    ids = [add(number) for number in range(1, 30)]
    for work, item_id in enumerate(ids):
        assert arrive(item_id, work).matches == ()
    copy = add(99)
    found = arrive(copy, 7, noise=3, seconds=29.0)
    assert [match.item_id for match in found.matches] == [ids[7]]
    assert group_ids() == [{ids[7], copy}]


def test_an_image_is_found_by_the_index(database: str) -> None:
    first, copy, other = add(1), add(2), add(3)
    arrive(first, 5, kind=MediaKind.IMAGE)
    assert arrive(other, 6, kind=MediaKind.IMAGE).matches == ()
    assert arrive(copy, 5, noise=6, kind=MediaKind.IMAGE).matches[0].item_id == first


def test_a_fingerprint_stored_again_leaves_no_old_terms(database: str) -> None:
    one = add(1)
    arrive(one, 1)
    changed = fingerprint(one, 2)
    with session() as s:
        near_duplicates.store(s, changed)
    with session() as s:
        near_duplicates.store(s, changed)
        assert s.scalar(select(func.count()).select_from(FingerprintRow)) == 1
        kept = set(s.scalars(select(FingerprintTerm.term)))
        assert fingerprints.load(s, one) == changed
    assert kept == set(lookup_terms.of(changed))


def test_a_fingerprint_of_an_older_version_is_replaced(database: str) -> None:
    one, other = add(1), add(2)
    arrive(one, 1)
    with session() as s:
        s.execute(update(FingerprintRow).values(document={"format": "old"}))
    with session() as s:
        assert fingerprints.load(s, one) is None
    assert arrive(other, 1).matches == ()
    assert arrive(one, 1).matches[0].item_id == other


def test_both_see_the_group_whoever_came_first(database: str) -> None:
    first, second = add(1), add(2)
    arrive(first, 1)
    arrive(second, 1, noise=2)
    with session() as s:
        assert duplicates.group_of(s, first) == duplicates.group_of(s, second)
        assert duplicates.group_of(s, add(3)) is None


def test_copies_stored_at_the_same_moment_end_in_one_group(database: str) -> None:
    ids = [add(number) for number in range(1, 9)]
    start, errors = threading.Barrier(len(ids)), []

    def worker(item_id: str, number: int) -> None:
        try:
            start.wait()
            arrive(item_id, number % 2, noise=2)
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=worker, args=(id_, n)) for n, id_ in enumerate(ids)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(map(sorted, group_ids())) == [sorted(ids[0::2]), sorted(ids[1::2])]


def test_one_transaction_for_both_steps_loses_no_pair_either(database: str) -> None:
    ids = [add(number) for number in range(1, 7)]
    start, errors = threading.Barrier(len(ids)), []

    def worker(item_id: str) -> None:
        own = fingerprint(item_id, 1, noise=2)
        try:
            start.wait()
            with session() as s:
                near_duplicates.store(s, own)
                duplicates.link(s, near_duplicates.find(s, own, OPTIONS))
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=worker, args=(item_id,)) for item_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert group_ids() == [set(ids)]


def test_a_pair_called_different_is_not_reported_again(database: str) -> None:
    first, second = add(1), add(2)
    arrive(first, 1)
    arrive(second, 1)
    with session() as s:
        duplicates.decide(s, second, first, "different")
    assert group_ids() == []
    assert look(fingerprint(first, 1)).matches == ()
    duplicates_found = NearDuplicates(
        item_id=first, matches=(NearDuplicate(item_id=second, score=1.0, evidence="late"),)
    )
    with session() as s:
        duplicates.link(s, duplicates_found)
        assert [pair.decision for pair in duplicates.dismissed(s)] == ["different"]
    assert group_ids() == []


def test_what_a_person_called_the_same_stays_whatever_is_measured(database: str) -> None:
    first, second = add(1), add(2)
    arrive(first, 1)
    arrive(second, 2)
    with session() as s:
        duplicates.decide(s, first, second, "same")
    look(fingerprint(first, 1))
    assert group_ids() == [{first, second}]


def test_two_called_different_never_share_a_group_through_a_third(database: str) -> None:
    a, b, c = (add(number) for number in (1, 2, 3))
    pairs = ((a, b, 0.9), (b, c, 0.8), (a, c, 0.7))
    with session() as s:
        for one, other, score in pairs:
            match = NearDuplicate(item_id=other, score=score, evidence="x")
            duplicates.link(s, NearDuplicates(item_id=one, matches=(match,)))
    assert group_ids() == [{a, b, c}]
    with session() as s:
        duplicates.decide(s, a, c, "different")
    assert group_ids() == [{a, b}]
    with session() as s:
        duplicates.decide(s, b, c, "same")
    assert group_ids() == [{b, c}]


def test_a_pair_that_no_longer_matches_is_let_go(database: str) -> None:
    first, second = add(1), add(2)
    arrive(first, 1)
    arrive(second, 1, noise=6)
    assert group_ids() == [{first, second}]
    found = look(fingerprint(first, 1), DuplicateOptions(frame_bits=1, min_sound=1.0))
    assert found.refuted == () and found.matches  # the sound is equal still
    changed = arrive(second, 4)
    assert changed.refuted == (first,)
    assert group_ids() == []


def test_an_item_is_no_duplicate_of_itself(database: str) -> None:
    one = add(1)
    with session() as s:
        with pytest.raises(PermanentError, match="one item"):
            duplicates.decide(s, one, one, "same")
    assert arrive(one, 1).matches == ()
    assert look(fingerprint(one, 1)).matches == ()


def test_pairs_go_with_their_item(database: str) -> None:
    first, second = add(1), add(2)
    arrive(first, 1)
    arrive(second, 1)
    with session() as s:
        s.delete(s.get_one(Item, first))
    with session() as s:
        assert s.scalar(select(func.count()).select_from(DuplicatePair)) == 0
    assert group_ids() == []
    assert look(fingerprint(second, 1)).matches == ()


def copy(number: int, **facts: Any) -> Copy:
    from utils.clock import now

    known = {"size_bytes": 10, "duration_seconds": 10.0, "width": None, "height": None}
    return Copy(item_id=str(number), title="", kind="video", paths=(), added_at=now(),
                **(known | facts))  # fmt: skip


@pytest.mark.parametrize(
    ("better", "worse", "why"),
    [
        ({"width": 1920, "height": 1080}, {"width": 640, "height": 360, "size_bytes": 99},
         "largest picture (1920×1080)"),
        ({"width": 1600, "height": 1066}, {"width": 1792, "height": 1258, "inside": 0.7566},
         "largest picture (1600×1066)"),
        ({"duration_seconds": 11.0}, {"duration_seconds": 10.0, "size_bytes": 9},
         "whole (11.0 s)"),
        ({"size_bytes": 99}, {"duration_seconds": 10.1}, "largest file"),
        ({"size_bytes": 99}, {"width": 640, "height": 360}, "largest file"),
        ({}, {}, "first added"),
    ],
)  # fmt: skip
def test_the_best_copy_stands_first(
    better: dict[str, float], worse: dict[str, float], why: str
) -> None:
    best, other = copy(1, **better), copy(2, **worse)
    assert duplicates.rank([best, other]) == ([best, other], why)
    if better:
        assert duplicates.rank([other, best])[0] == [best, other]


def nightshift(*arguments: Path | str) -> str:
    done = CliRunner().invoke(app, ["duplicates", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_lists_near_and_exact_duplicates_and_takes_decisions(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("one.mp4", "two.mp4", "gone.mp4")]
    for path in paths[:2]:
        path.write_text("x")
    first, second = add(1 << 250, paths, size=3 * 2**20), add(2 << 250)
    assert "No duplicates" not in nightshift()
    arrive(first, 1)
    arrive(second, 1, noise=2)
    listed = json.loads(nightshift("--json"))
    assert [exact["paths"] for exact in listed["exact"]] == [[str(path) for path in paths[:2]]]
    (group,) = listed["near"]
    assert group["keep"] == first
    assert group["why_keep"] == "largest file"
    assert "48 of 48 frames within 10 bits, sound 1.00" in group["pairs"][0]["evidence"]
    text = nightshift()
    assert "3.0 MiB" in text
    assert "Group 1" in text
    assert json.loads(nightshift("--different", paths[0], second[:8], "--json"))["near"] == []
    assert json.loads(nightshift("--json"))["dismissed"] == []
    assert json.loads(nightshift("--json", "--all"))["dismissed"][0]["decision"] == "different"
    assert "Called different" in nightshift("--all")
    assert json.loads(nightshift("--same", first, second, "--json"))["near"][0]["keep"] == first


def test_the_command_says_when_there_is_nothing() -> None:
    assert "No duplicates are known." in nightshift()
    assert json.loads(nightshift("--json")) == {"near": [], "exact": [], "dismissed": []}
