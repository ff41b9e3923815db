"""Commands that lead to an item's files: path, for scripts, and open."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated

import typer

from nightshift.cli.output import console
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from utils.db.schema import Item

Wanted = Annotated[str, typer.Argument(metavar="ITEM", help="A checksum, its beginning, a path.")]
Rendition = Annotated[bool, typer.Option("--rendition", help="The smaller file made from it.")]
Thumbnail = Annotated[bool, typer.Option("--thumbnail", help="A picture of it.")]

_OPENERS = ("xdg-open", "open")  # Linux and BSD; macOS
_LOOK_SECONDS = 5  # for an opener to say that it can't. Chosen.


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("path")(print_path)
    app.command("open")(open_file)


def print_path(wanted: Wanted, rendition: Rendition = False, thumbnail: Thumbnail = False) -> None:
    """Print the path of an item's file alone, for scripts."""
    path = _found(wanted, rendition, thumbnail)
    if console.is_terminal:
        print(visible(str(path)))
    else:  # byte for byte, whatever stdout's encoding
        sys.stdout.flush()
        sys.stdout.buffer.write(os.fsencode(path) + b"\n")


def open_file(wanted: Wanted, rendition: Rendition = False, thumbnail: Thumbnail = False) -> None:
    """Open an item's file in this desktop's program for it."""
    from utils.errors import PermanentError

    path = _found(wanted, rendition, thumbnail)
    opener = next(filter(None, map(shutil.which, _OPENERS)), None)
    if opener is None:
        raise PermanentError(f"No program here opens files ({' or '.join(_OPENERS)}). It is {path}")
    with TemporaryFile() as said:
        viewer = subprocess.Popen(
            [opener, str(path)], stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            start_new_session=True,
        )  # fmt: skip
        try:
            failed = viewer.wait(_LOOK_SECONDS) != 0
        except subprocess.TimeoutExpired:  # some openers are the viewer: it stays
            failed = False
        said.seek(0)
        words = said.read().decode(errors="replace").split("\n")
    if failed:
        why = f": {visible(last)}" if (last := next(filter(None, reversed(words)), "")) else ""
        raise PermanentError(f"{opener} could not open it{why}. Is there a desktop? It is {path}")
    console.print(f"Opened {visible(str(path))}", markup=False, soft_wrap=True)


def _found(wanted: str, rendition: bool, thumbnail: bool) -> Path:
    """The file that is meant.

    Raises:
        typer.BadParameter: both are asked for.
        UsageError: there is no such item.
        PermanentError: the file was not made, or it is gone.
    """
    from utils.db import items
    from utils.db.session import session

    if rendition and thumbnail:
        raise typer.BadParameter("--rendition or --thumbnail, one of them")
    with session() as s:
        item = items.find(s, wanted)
        if rendition or thumbnail:
            return _made(s, item, "rendition" if rendition else "thumbnail")
        return items.media_item(s, item.id).path


def _made(s: Session, item: Item, what: str) -> Path:
    """The rendition of an item, or the picture in the middle of those that were taken."""
    from utils.db import ledger
    from utils.errors import PermanentError
    from utils.models.rendition import COMPRESSIONS, Compression, Thumbnails

    path: Path | None = None
    why = "its steps have not made one (nightshift show ITEM)"
    if what == "rendition":
        encode = ledger.latest_result(s, item.id, COMPRESSIONS, Compression)
        if encode:
            path, why = encode.rendition.path if encode.rendition else None, encode.reason
    elif stills := ledger.latest_result(s, item.id, "generate_thumbnails", Thumbnails):
        path = stills.images[len(stills.images) // 2].path
    if path and not path.exists():
        why = f"{path} is gone. `nightshift run` over the item makes it again"
    if path is None or not path.exists():
        raise PermanentError(f"There is no {what} of {visible(item.title)}: {why}.")
    return path
