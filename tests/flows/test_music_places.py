"""The subflows of MusicBrainz and of places: what is played leads to where its artist is from."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from subflows.geographic_enrichment import geographic_enrichment
from subflows.musicbrainz_enrichment import musicbrainz_enrichment
from tests.conftest import Override
from tests.servers.musicbrainz import Catalogue, musicbrainz
from utils.db import music_entities, music_runs
from utils.db.music_tables import PlayRow
from utils.db.session import session
from utils.models.music import EntityKind, Outcome, Provider, SubflowResult
from utils.models.music_settings import MusicSettings

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_what_is_played_leads_to_where_its_artist_is_from(override: Override) -> None:
    """Each follows the one before it, in a run of the night."""
    catalogue = Catalogue()
    artist = catalogue.artist("Björk", catalogue.area("Iceland", iso_3166_1=["IS"]))
    catalogue.recording("Jóga", artist, "GBAAA9700001")
    with session() as s:
        s.add(PlayRow(key="1", account="me", service="spotify", origin="export", kind="track",
                      played_at=datetime(2026, 1, 1, tzinfo=UTC), track="Jóga", artist="Björk",
                      isrc="GBAAA9700001"))  # fmt: skip
        run = music_runs.begin(s, "daily-etl")
        spotify = SubflowResult(name="spotify-enrichment", status=Outcome.NO_UPDATES)
        music_runs.add(s, run, spotify)
    with musicbrainz(catalogue) as running:
        override(music=MusicSettings(musicbrainz_url=running.url, musicbrainz_per_second=1000.0))
        found = musicbrainz_enrichment(run)
    with session() as s:
        music_runs.add(s, run, found)
    located = geographic_enrichment(run)
    assert (found.name, found.status) == ("musicbrainz-enrichment", Outcome.SUCCESS)
    assert (located.name, located.status) == ("geographic-enrichment", Outcome.SUCCESS)
    with session() as s:
        (place,) = music_entities.every(s, Provider.GEOGRAPHY, EntityKind.AREA)
    assert (place.document or {})["country_code"] == "IS"
