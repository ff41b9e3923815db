"""Files beside an item that say something of it: subtitles, XMP, the JSON of photo exports."""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from utils.errors import from_os_error
from utils.models import sanitize
from utils.models.probe import Sidecar

_SUBTITLES = (".srt", ".vtt", ".ass", ".ssa")
_SUFFIXES = (*_SUBTITLES, ".xmp", ".json")
# More than a person writes of one photo, or says in a day of film; what is larger is not opened.
MAX_BYTES = 8 * 2**20
_EXPORTED = ".supplemental-metadata"
# Google Takeout cuts a name, with what it adds, to 46 characters before ".json".
_CUT = range(45, 48)
_NUMBER = re.compile(r"\((\d{1,4})\)$")
# What the service adds to the name of a copy that was edited there, by the account's language.
_EDITED = re.compile(
    r"-(?:edited|bearbeitet|modifié|editado|editada|modificato|bewerkt|edytowane|redigerad"
    r"|redigeret|muokattu|編集済み|edi)$",
    re.IGNORECASE,
)
_STILLS = (".heic", ".jpg", ".jpeg")  # the still beside the film of a Live Photo


class Listing(NamedTuple):
    """The sidecars of one folder: subtitles by each stem that they may belong to, all by name."""

    subtitles: Mapping[str, Sequence[str]]
    by_lower: Mapping[str, str]

    def without(self, names: Collection[str]) -> Listing:
        """The same without some of the files: those that we wrote there ourselves."""
        return Listing(
            {stem: [n for n in found if n not in names] for stem, found in self.subtitles.items()},
            {lower: name for lower, name in self.by_lower.items() if name not in names},
        )


def beside(path: Path, listing: Listing | None = None) -> tuple[Sidecar, ...]:
    """Subtitles (``film.srt``, ``film.de.srt``), XMP and export files of ``path``, in this order.

    Raises:
        NightShiftError: the folder can't be listed.
    """
    names = listing or listed(path.parent)
    if not names.by_lower:  # most folders, at each scan
        return ()
    subtitles = [
        Sidecar(
            name=sanitize.text(name),
            marks=tuple(sanitize.text(name[len(path.stem) :]).lower().split(".")[1:-1]),
        )
        for name in names.subtitles.get(path.stem, ())
    ]
    found = (names.by_lower.get(name.lower()) for name in (f"{path.name}.xmp", f"{path.stem}.xmp"))
    notes = [Sidecar(name=name, kind="xmp") for name in dict.fromkeys(found) if name]
    export = next((n for c in _exports(path) if (n := names.by_lower.get(c.lower()))), None)
    return (*subtitles, *notes, *([Sidecar(name=export, kind="export")] if export else ()))


def listed(folder: Path) -> Listing:
    """The sidecars of a folder.

    Raises:
        NightShiftError: the folder can't be listed.
    """
    try:
        with os.scandir(folder) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if entry.name.lower().endswith(_SUFFIXES) and entry.is_file()
            )
    except OSError as error:
        raise from_os_error(error, f"listing {folder}") from error
    subtitles: dict[str, list[str]] = defaultdict(list)
    for name in names:
        parts = name.split(".") if name.lower().endswith(_SUBTITLES) else ()
        for end in range(1, len(parts)):
            subtitles[".".join(parts[:end])].append(name)
    return Listing(subtitles, {name.lower(): name for name in names})


def fingerprint(path: Path, found: Sequence[Sidecar]) -> str:
    """What the sidecars of ``path`` are and say: their names and contents; empty without any."""
    return "\n".join(f"{sidecar.name}:{_digest(path.with_name(sidecar.name))}" for sidecar in found)


def complete_key(done_key: str, path: Path, listing: Listing | None = None) -> str:
    """The key under which the item at ``path`` is done, with what lies beside it there.

    Raises:
        NightShiftError: the folder can't be listed.
    """
    marks = fingerprint(path, beside(path, listing))
    return hashlib.sha256(f"{done_key}\n{marks}".encode()).hexdigest() if marks else done_key


def _digest(path: Path) -> str:
    """A hash of a sidecar; of one that is too large or can't be read, of its size alone."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            return str(size)
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError:
        return ""


def _exports(path: Path) -> Iterator[str]:
    """Names that an export's JSON may have, the likeliest first."""
    for stem, number in _numbered(path.stem):
        name = stem + path.suffix
        for end in range(len(_EXPORTED), -1, -1):
            yield f"{name}{_EXPORTED[:end]}{number}.json"
        for length in _CUT:
            if length < len(name):
                yield f"{name[:length]}{number}.json"
        yield f"{stem}{number}.json"
        if path.suffix.lower() in {".mp4", ".mov", ".mp"}:
            for suffix in _STILLS:
                yield from (
                    f"{stem}{suffix}{_EXPORTED}{number}.json",
                    f"{stem}{suffix}{number}.json",
                )


def _numbered(stem: str) -> Iterator[tuple[str, str]]:
    """Stems that the export's name begins with, and the number that stands at its end.

    ``IMG(1).jpg`` has its JSON in ``IMG.jpg(1).json``, ``IMG-edited.jpg`` in ``IMG.jpg.json``.
    """
    yield stem, ""
    match = _NUMBER.search(stem)
    plain, number = (stem[: match.start()], match[0]) if match else (stem, "")
    if match:
        yield plain, number
    if edited := _EDITED.search(plain):
        yield plain[: edited.start()], number
