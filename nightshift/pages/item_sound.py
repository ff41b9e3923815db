"""What a player asks for besides the files: subtitles as tracks, how loud it is along its time."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from nightshift.pages.viewer import Reading
from utils.config import Settings
from utils.db import items, ledger
from utils.db.schema import Item
from utils.db.session import session
from utils.documents import item_files, loudness, playable, subtitle_tracks
from utils.errors import UsageError
from utils.models.rendition import COMPRESSIONS, Compression

router = APIRouter()
_AGAIN_SECONDS = 5
_KEPT = {"cache-control": "private, max-age=3600", "vary": "Cookie"}  # of this login alone


@router.get("/items/{item_id:checksum}/tracks/{name}.vtt")
def track(item_id: str, name: str, _viewer: Reading) -> Response:
    """Send subtitles as WebVTT."""
    with session() as s:
        text = subtitle_tracks.text(s, items.find(s, item_id), name)
    if text is None:
        raise UsageError("There are no such subtitles.")
    return Response(text, media_type="text/vtt", headers={"cache-control": "private, no-cache"})


@router.get("/items/{item_id:checksum}/peaks")
def peaks(request: Request, item_id: str, _viewer: Reading) -> Response:
    """Send how loud it is in equal parts of its time, 0 to 1; 503 while others are measured."""
    settings: Settings = request.app.state.settings
    with session() as s:
        row = items.find(s, item_id)
        known = loudness.kept(row.id, settings)
        sound = _sound(s, row) if known is None else None
    found = known
    if known is None and sound is not None:
        found = loudness.measured(row.id, sound, settings)
    elif known is None:
        found = []
    if found is None:
        return JSONResponse({"peaks": None}, 503, {"retry-after": str(_AGAIN_SECONDS)})
    return JSONResponse({"peaks": found}, headers=_KEPT)


def _sound(s: Session, row: Item) -> Path | None:
    """The file that is played, if it lies on this machine."""
    encoded = ledger.latest_result(s, row.id, COMPRESSIONS, Compression)
    rendition = encoded.rendition if encoded else None
    versions = playable.of(row, item_files.of_item(s, row), rendition)
    return next((one.path for one in versions if one.path.is_file()), None)
