"""What the pages ship of others' work is what was fetched, and its licence lies beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts import page_assets
from scripts.page_assets import ASSETS, ICONS, STATIC, TESTS, VENDOR, Asset

PERMISSIVE = frozenset(("0BSD", "BSD-3-Clause", "ISC", "MIT"))


@pytest.mark.parametrize("folder", [VENDOR, TESTS], ids=["shipped", "of tests"])
def test_files_of_others_have_the_content_that_is_written_down(folder: Path) -> None:
    assert (folder / "README.md").read_text() == page_assets.told(folder)
    scripts = {path.name for path in folder.glob("*.js")}
    assert scripts == {one.target.name for one in ASSETS if one.target.parent == folder}


@pytest.mark.parametrize("asset", ASSETS, ids=lambda asset: asset.package)
def test_files_of_others_have_their_licence_beside_them(asset: Asset) -> None:
    folder = VENDOR if asset.file == "icons" else asset.target.parent
    licence = folder / f"{asset.target.name.partition('.')[0]}.LICENSE"
    assert len(licence.read_text()) > 200
    assert asset.licence in PERMISSIVE or folder == TESTS


def test_the_icons_are_those_that_are_named() -> None:
    there = re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text())
    assert sorted(there) == sorted(set(ICONS))
