"""Podcasts, sites and libraries at an address that is no folder: the same as in one."""

from __future__ import annotations

import contextlib
import uuid
from pathlib import Path
from typing import Any

import fsspec
import pytest
from pydantic import SecretStr

from tests import published
from utils.distribution import media_server, podcast, site
from utils.models.publishing import Package, Published
from utils.models.targets import MediaServerTarget, PodcastTarget, SiteTarget

SEEN = "http://127.0.0.1:1"  # nobody is there
SHOW = {"kind": "podcast", "public_url": SEEN, "title": "T", "author": "A", "email": "a@b.org"}
KINDS: list[tuple[Any, type[Any], dict[str, Any]]] = [
    (podcast, PodcastTarget, SHOW),
    (site, SiteTarget, {"kind": "site", "title": "T"}),
    (media_server, MediaServerTarget, {"kind": "media-server", "library": "music"}),
]


@pytest.fixture
def packages(tmp_path: Path) -> list[Package]:
    return [published.package(tmp_path / str(n), n, title="Song") for n in (1, 2)]


def put(
    module: Any, packages: list[Package], target: Any, work: Path, kept: Any = None
) -> list[Published]:
    made = []
    for one in packages:
        call = published.call(work / one.item_id, item_id=one.item_id, kept=kept)
        made.append(module.publish(one, target, call))
    module.refresh(list(zip(packages, made, strict=True)), target, published.call(work))
    return made


@pytest.mark.parametrize(("module", "model", "given"), KINDS, ids=[k[2]["kind"] for k in KINDS])
def test_what_lies_in_object_storage_is_what_lies_in_a_folder(
    module: Any, model: type[Any], given: dict[str, Any], packages: list[Package], tmp_path: Path
) -> None:
    bucket = f"/{uuid.uuid4().hex}"
    memory = fsspec.filesystem("memory")
    target = model(url=SecretStr(f"memory:/{bucket}"), **given)
    folder = model(url=SecretStr((tmp_path / "t").as_uri()), **given)
    here = put(module, packages, folder, tmp_path / "w")
    made = put(module, packages, target, tmp_path / "w")
    assert [one.objects for one in made] == [one.objects for one in here]
    lies = {path.removeprefix(f"{bucket}/"): memory.cat_file(path) for path in memory.find(bucket)}
    paths = [path for path in (tmp_path / "t").rglob("*") if path.is_file()]
    assert lies == {str(path.relative_to(tmp_path / "t")): path.read_bytes() for path in paths}
    call = published.call(tmp_path / "w")
    said = module.verify(made[1], target, call)
    assert [one for one in said if "does not answer" not in one] == []
    for row in made:
        module.retract(row, target, call)
    module.refresh([], target, call)
    left = {path for path in memory.find(bucket) if "Song" in path or "Sisamouth" in path}
    assert not left


class Killed(BaseException):
    """Stands for kill -9: nothing of ours catches it."""


@pytest.mark.parametrize(("module", "model", "given"), KINDS, ids=[k[2]["kind"] for k in KINDS])
def test_killed_at_any_write_the_next_call_makes_the_same(
    module: Any, model: type[Any], given: dict[str, Any], packages: list[Package],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from utils.storage import remote

    def files(folder: Path) -> dict[str, bytes]:
        found = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in found}

    whole = model(url=SecretStr((tmp_path / "whole").as_uri()), **given)
    put(module, packages[:1], whole, tmp_path / "w")
    writes = last = 0
    kept: dict[str, Any] = {}
    replace = remote.replace

    def counted(*arguments: Any) -> None:
        nonlocal writes
        writes += 1
        if writes == last:
            raise Killed
        replace(*arguments)

    monkeypatch.setattr(remote, "replace", counted)
    target = model(url=SecretStr((tmp_path / "t").as_uri()), **given)
    while last <= writes:  # it is killed at its first write, then at its second, …
        writes, last = 0, last + 1
        with contextlib.suppress(Killed):
            put(module, packages[:1], target, tmp_path / "w", kept)
    assert last > 4 and writes < last
    assert files(tmp_path / "t") == files(tmp_path / "whole")
