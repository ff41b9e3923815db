"""What was said in items, as files to take away: one, or several in a ZIP."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from utils.db import items, transcripts
from utils.errors import UsageError
from utils.models.subtitles import Format
from utils.storage import names
from utils.subtitles import placing
from utils.subtitles.document import Document, rendered

_MOST_BYTES = 2**26  # of the texts together; chosen


class Exported(NamedTuple):
    """A file with what was said in an item; without a text where nothing is known of it."""

    item_id: str
    title: str
    name: str
    text: str | None


def of(s: Session, item_ids: Sequence[str], form: Format) -> list[Exported]:
    """What was said in each of these items, in their order; each file has a name of its own.

    Raises:
        UsageError: there is no such item, or that is too much at once.
    """
    found: list[Exported] = []
    taken: set[str] = set()
    size = 0
    for item_id in item_ids:
        one = _of_item(s, item_id, form)
        number, name = 1, one.name
        while name.casefold() in taken:
            number += 1
            name = names.numbered(one.name, number)
        taken.add(name.casefold())
        size += len(one.text or "")
        if size > _MOST_BYTES:
            raise UsageError("That is too much at once: export fewer items.")
        found.append(one._replace(name=name))
    return found


def zipped(files: Sequence[Exported]) -> bytes:
    """Those that have a text as a ZIP; the others are named in it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in files:
            if one.text is not None:
                archive.writestr(one.name, one.text)
        if left := [one.title for one in files if one.text is None]:
            archive.writestr("_without speech.txt", "".join(f"{title}\n" for title in left))
    return made.getvalue()


def _of_item(s: Session, item_id: str, form: Format) -> Exported:
    row = items.find(s, item_id)
    said = transcripts.transcript_of(s, row.id)
    stem = placing.safe_stem(row.title)
    if said is None or not said.text.strip():
        return Exported(row.id, row.title, f"{stem}.{form}", None)
    document = Document(row.id, row.title, said, row.duration_seconds)
    text = rendered(document, form, words=False, speakers=True).text
    return Exported(row.id, row.title, placing.file_name(stem, said.text_language, form), text)
