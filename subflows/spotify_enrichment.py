"""What Spotify says of the tracks that were played, of their artists and of their albums."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from tasks.database import connect
from tasks.music_spotify import look_up
from utils import clock
from utils.config import Settings
from utils.errors import NightShiftError
from utils.models.music import EntityKind, Fault, SubflowResult
from utils.music.spotify import api, enrichment
from utils.music.spotify.api import Spotify
from utils.music.spotify.enrichment import Tally, Wanted

_KINDS = (EntityKind.ARTIST, EntityKind.ALBUM)
_NOT_SET = Fault(
    what="Spotify",
    error_class="SettingsError",
    message="Spotify is not asked: set SPOTIFY_CLIENT_ID, then nightshift music login.",
)
_threads: Any = ThreadPoolTaskRunner(max_workers=len(_KINDS))


@flow(name="spotify-enrichment", task_runner=_threads)
def spotify_enrichment() -> SubflowResult:
    """Ask Spotify for what is not known: the tracks, then artists and albums at once.

    Nothing is asked, and no login is needed, where all of it is known.
    """
    settings, began = connect(), clock.monotonic()
    tracks = enrichment.wanted_tracks(settings)
    others = [enrichment.wanted_of_tracks(kind, settings) for kind in _KINDS]
    if not tracks.ids and not any(wanted.ids for wanted in others):
        return enrichment.result([(one, Tally()) for one in (tracks, *others)], None, began)
    if not settings.music.spotify_client_id:  # nobody wants it: a night does not fail for that
        idle = enrichment.result([(one, Tally()) for one in (tracks, *others)], None, began)
        return idle.model_copy(update={"errors": (_NOT_SET,)})
    try:
        with api.connected(settings) as spotify:
            return enrichment.result(_all(spotify, tracks, began, settings), spotify, began)
    except NightShiftError as error:
        fault = Fault(what="Spotify", error_class=type(error).__name__, message=str(error))
        nothing = Tally(left=len(tracks.ids), faults=(fault,))
        return enrichment.result([(tracks, nothing)], None, began)


def _all(
    spotify: Spotify, tracks: Wanted, began: float, settings: Settings
) -> list[tuple[Wanted, Tally]]:
    """The tracks; then what they name, of both kinds at once."""

    def left() -> float:
        return max(1.0, settings.music.spotify_timeout - (clock.monotonic() - began))

    parts = [(tracks, look_up(spotify, EntityKind.TRACK, tracks.ids, left()))]
    wanted = [enrichment.wanted_of_tracks(kind, settings) for kind in _KINDS]
    futures = [
        look_up.submit(spotify, kind, one.ids, left())
        for kind, one in zip(_KINDS, wanted, strict=True)
    ]
    return [*parts, *zip(wanted, [future.result() for future in futures], strict=True)]
