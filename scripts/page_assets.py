"""Fetches what the pages ship of others' work, out of npm packages of fixed versions and hashes.

    python scripts/page_assets.py

Writes `nightshift/pages/static/vendor/` with the licences and a table of what is there, the sprite
`icons.svg`, and `tests/vendor/` (the accessibility checker, for tests alone). It needs npm; nobody
else does.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

PROJECT = Path(__file__).parent.parent
STATIC = PROJECT / "nightshift" / "pages" / "static"
ICONS = [
    "activity",
    "arrow-up-down",
    "bell",
    "bookmark",
    "bookmark-plus",
    "calendar",
    "camera",
    "captions",
    "check",
    "chevron-down",
    "chevron-left",
    "chevron-right",
    "chevron-up",
    "circle-alert",
    "circle-check",
    "circle-check-big",
    "circle-help",
    "circle-user",
    "circle-x",
    "clock",
    "cloud",
    "coins",
    "columns-2",
    "copy",
    "cpu",
    "disc-3",
    "download",
    "ellipsis-vertical",
    "external-link",
    "eye",
    "eye-off",
    "file-audio",
    "file-text",
    "file-video",
    "film",
    "filter",
    "folder-sync",
    "gauge",
    "git-branch",
    "globe",
    "hard-drive",
    "history",
    "hourglass",
    "house",
    "image",
    "images",
    "info",
    "key-round",
    "keyboard",
    "languages",
    "layers",
    "layout-grid",
    "link",
    "list",
    "list-music",
    "log-in",
    "log-out",
    "map-pin",
    "message-square-text",
    "mic",
    "minus",
    "moon",
    "moon-star",
    "music",
    "package",
    "pause",
    "pencil",
    "play",
    "plus",
    "receipt",
    "redo-2",
    "refresh-cw",
    "rotate-ccw",
    "rss",
    "save",
    "scroll-text",
    "search",
    "send",
    "settings",
    "share-2",
    "shield",
    "skip-back",
    "skip-forward",
    "sparkles",
    "square",
    "star",
    "stethoscope",
    "sun",
    "tag",
    "terminal",
    "trash-2",
    "triangle-alert",
    "undo-2",
    "upload",
    "user",
    "user-cog",
    "user-plus",
    "users",
    "volume-2",
    "wrench",
    "x",
    "zoom-in",
]


class Asset(NamedTuple):
    """A file of a package, and where it goes."""

    package: str
    version: str
    sha256: str  # of the archive
    licence: str  # SPDX
    file: str
    target: Path


VENDOR, TESTS = STATIC / "vendor", PROJECT / "tests" / "vendor"
ASSETS = (
    Asset(
        "htmx.org",
        "2.0.11",
        "165a2655073e9e6e55e307a7c74e8ebcdb76afb7701f9c16cfd106a13add408e",
        "0BSD",
        "dist/htmx.min.js",
        VENDOR / "htmx.min.js",
    ),
    Asset(
        "htmx-ext-sse",
        "2.2.4",
        "90b46f5ab915ba2f64e6348448c8dba509277a47e15c125ffb65754eb4f6b5dc",
        "0BSD",
        "dist/sse.min.js",
        VENDOR / "htmx-sse.min.js",
    ),
    Asset(
        "wavesurfer.js",
        "8.0.1",
        "f1a63903c1a53591ba24be4aad13d7ae69c6373f359701857135b756b307bf3b",
        "BSD-3-Clause",
        "dist/wavesurfer.min.js",
        VENDOR / "wavesurfer.min.js",
    ),
    Asset(
        "tus-js-client",
        "4.3.1",
        "919f46808b2c689be9214df5c0f21879bee4a4599b34e212ada8f14de1db9bc0",
        "MIT",
        "dist/tus.min.js",
        VENDOR / "tus.min.js",
    ),
    Asset(
        "lucide-static",
        "1.62.0",
        "386f9080c440d6f5049cefe3456ae8357f7a0c7f76e59670cd1cb83bc7050a44",
        "ISC",
        "icons",
        STATIC / "icons.svg",
    ),
    Asset(
        "axe-core",
        "4.14.1",
        "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745",
        "MPL-2.0",
        "axe.min.js",
        TESTS / "axe.min.js",
    ),
)


def main() -> None:
    """Fetch all of them."""
    for asset in ASSETS:
        with TemporaryDirectory() as folder:
            package = _fetched(asset, Path(folder))
            asset.target.parent.mkdir(parents=True, exist_ok=True)
            if asset.file == "icons":
                asset.target.write_text(_sprite(package / "icons"))
                (VENDOR / "icons.LICENSE").write_bytes((package / "LICENSE").read_bytes())
                continue
            asset.target.write_bytes((package / asset.file).read_bytes())
            licence = asset.target.with_name(asset.target.name.split(".")[0] + ".LICENSE")
            licence.write_bytes((package / "LICENSE").read_bytes())
    for place in (VENDOR, TESTS):
        (place / "README.md").write_text(told(place))


def told(folder: Path) -> str:
    """What lies in a folder: whose it is, under which licence, with which content."""
    rows = [
        f"| `{asset.target.name}` | {asset.package} {asset.version} | {asset.licence} | "
        f"`{hashlib.sha256(asset.target.read_bytes()).hexdigest()}` |"
        for asset in ASSETS
        if asset.target.parent == folder
    ]
    about = "Fetched by `scripts/page_assets.py`; nothing is changed in it. SHA-256 of each file."
    head = "| File | Package | Licence | SHA-256 |\n| --- | --- | --- | --- |"
    return "\n".join(["# Of others", "", about, "", head, *rows, ""])


def _fetched(asset: Asset, folder: Path) -> Path:
    named = f"{asset.package}@{asset.version}"
    subprocess.run(["npm", "pack", "--silent", named], cwd=folder, check=True)
    (archive,) = folder.glob("*.tgz")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != asset.sha256:
        raise SystemExit(f"{named} is not what it was: {digest}")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / "package"


def _sprite(folder: Path) -> str:
    """All icons in one file, each by its name."""
    symbols = []
    for name in ICONS:
        drawn = re.search(r"<svg[^>]*>(.*)</svg>", (folder / f"{name}.svg").read_text(), re.S)
        assert drawn, name
        inside = re.sub(r"\s+", " ", drawn[1]).strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{inside}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


if __name__ == "__main__":
    main()
