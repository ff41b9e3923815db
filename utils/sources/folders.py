"""What media a folder holds, and what of it is left out: counted, never passed over in silence."""

from __future__ import annotations

import os
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from utils.config import Settings
from utils.errors import NightShiftError
from utils.media import formats
from utils.media.probing import mediainfo
from utils.storage import files, home

# Folders that systems and servers make for themselves: thumbnails, what was deleted, snapshots.
# Names that begin with a dot are hidden anyway.
_OF_SYSTEMS = {
    "@eadir", "#recycle", "@recycle", "#snapshot", "@recently-snapshot", "$recycle.bin", "recycler",
    "recycled", "lost+found", "system volume information", "found.000", "__macosx",
    "network trash folder", "temporary items",
}  # fmt: skip
_FILES_OF_SYSTEMS = {"thumbs.db", "ehthumbs.db", "desktop.ini", "picasa.ini"}
# Programmers' files have these names too: TypeScript, modules of Go.
_ALSO_TEXT = {".ts", ".mts", ".mod"}
_HEAD_BYTES = 512
_MAX_SUFFIX = 12  # what is longer, or strange, is none
_NUMBER = re.compile(r"\(\d{1,4}\)$")
_CUT = 40  # an export cuts names that are longer
OTHER, LOOP = "without a suffix", "link back"


def media_files(
    folder: Path, settings: Settings, left_out: Counter[str] | None = None
) -> Iterator[Path]:
    """Files below ``folder`` whose names say that they are media, hidden ones left out.

    Folders that links lead to are searched last, each once; a link back is left out. So is a home
    below it, ours or another's: its pictures and renditions are no new media. A folder that may
    not be read is given as if it were a file, to be complained of.

    Args:
        folder: Where to begin.
        settings: For the home.
        left_out: Is told how many files of each suffix are no media, which folders of systems
            (``@eaDir/``) and how many links were not followed.
    """
    search = _Search(folder, settings, Counter() if left_out is None else left_out)
    while search.to_do:
        yield from search.through(search.to_do.popleft())
    yield from search.unreadable


def expanded(
    locations: Iterable[str],
    settings: Settings,
    numbers: Counter[str] | None = None,
    left_out: Counter[str] | None = None,
) -> Iterator[Path]:
    """Each file once, folders searched; what does not exist is kept, to be complained of.

    So are folders that are no library: homes, and what they keep for themselves. ``numbers`` is
    told how many files each location holds, ``left_out`` what ``media_files`` says.
    """
    known: set[Path] = set()
    for location in locations:
        path = files.absolute(location)
        searched = files.is_folder(path) and no_library(path) is None
        for found in media_files(path, settings, left_out) if searched else (path,):
            if numbers is not None:
                numbers[location] += 1
            if found not in known:
                known.add(found)
                yield found


def no_library(path: Path) -> NightShiftError | None:
    """Why a folder is no library; None if it may be searched."""
    try:
        home.refuse_as_library(path)
    except NightShiftError as error:
        return error
    return None


def is_searched(path: Path, folder: Path, settings: Settings) -> bool:
    """True for a path below a folder that ``media_files`` of that folder would come to."""
    try:
        parts = path.relative_to(folder).parts
    except ValueError:
        return False
    if any(part.startswith(".") or part.lower() in _OF_SYSTEMS for part in parts):
        return False
    around = [parent for parent in (path, *path.parents) if folder in parent.parents]
    return not any(_is_same(one, settings.home) or home.is_home(one) for one in around)


def is_media(path: Path) -> bool:
    """True for a file whose name says that it is media; text of the same suffix is none."""
    if path.name.startswith(".") or path.name.lower() in _FILES_OF_SYSTEMS:
        return False
    suffix = path.suffix.lower()
    return bool(formats.kind_of(path)) and not (suffix in _ALSO_TEXT and _is_text(path))


class _Search:
    """A walk through a folder; ``to_do`` holds where links lead, ``unreadable`` what to name."""

    def __init__(self, folder: Path, settings: Settings, left_out: Counter[str]) -> None:
        self.to_do, self.unreadable = deque([folder]), list[Path]()
        self._folder, self._settings, self._left_out = folder, settings, left_out
        self._seen: set[tuple[int, int] | Path] = set()
        self._above = {folder.resolve(), *folder.resolve().parents}

    def through(self, start: Path) -> Iterator[Path]:
        """The media below ``start``."""
        if start != self._folder:
            target = start.resolve()
            if target in self._above:
                self._left_out[LOOP] += 1
            if target in self._above or no_library(target):
                return
        for root, directories, names in os.walk(start, onerror=self._note_unreadable):
            if not self._is_new(Path(root)) or self._is_home(Path(root)):
                directories.clear()
                continue
            directories[:] = sorted(filter(self._is_searched, directories))
            self.to_do += [link for name in directories if (link := Path(root, name)).is_symlink()]
            tops = {_top(name) for name in names if formats.kind_of(Path(name))}
            for path in (Path(root, name) for name in sorted(names)):
                if self._is_taken(path, tops):
                    yield path

    def _note_unreadable(self, error: OSError) -> None:
        self.unreadable.append(Path(error.filename))

    def _is_new(self, folder: Path) -> bool:
        """True the first time that a folder is met, by whatever path."""
        try:
            found = folder.stat()
        except OSError:
            return True  # os.walk complains
        known = (found.st_dev, found.st_ino) if found.st_ino else folder.resolve()
        if known in self._seen:
            self._left_out[LOOP] += 1
            return False
        self._seen.add(known)
        return True

    def _is_home(self, folder: Path) -> bool:
        if folder == self._folder:
            return False
        return _is_same(folder, self._settings.home) or home.is_home(folder)

    def _is_searched(self, name: str) -> bool:
        if name.lower() in _OF_SYSTEMS:
            self._left_out[f"{name}/"] += 1
            return False
        return not name.startswith(".")

    def _is_taken(self, path: Path, tops: set[str]) -> bool:
        """True for media; what else there is is counted, but for what lies beside media."""
        if path.name.startswith(".") or path.name.lower() in _FILES_OF_SYSTEMS:
            return False
        suffix = path.suffix.lower()
        if is_media(path):
            return True
        is_beside = suffix in formats.BESIDE or (suffix == ".json" and _is_export(path.name, tops))
        if not is_beside:
            is_plain = suffix.isascii() and suffix.isprintable() and len(suffix) <= _MAX_SUFFIX
            self._left_out[suffix if suffix and is_plain else OTHER] += 1
        return False


def _top(name: str) -> str:
    """What stands before the first dot, without the number that a copy has."""
    return _NUMBER.sub("", name.split(".")[0])


def _is_export(name: str, tops: set[str]) -> bool:
    """True for the JSON that a photo export has of media here (utils/storage/sidecars.py)."""
    top = _top(name)
    return top in tops or (len(top) >= _CUT and any(one.startswith(top) for one in tops))


def _is_text(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:  # complained of where it is read
        return False
    return bool(head) and mediainfo.is_text(head)


def _is_same(folder: Path, other: Path) -> bool:
    try:
        return folder.samefile(other)
    except OSError:  # one of them is not there
        return False
