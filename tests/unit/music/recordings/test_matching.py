"""Which recording a file is, by what it says and what MusicBrainz says of that."""

from collections.abc import Mapping
from typing import Any

import pytest

from utils.clock import now
from utils.models.music import Entity, EntityKind, Provider
from utils.models.recording import How, Match, RecordingTags
from utils.music.recordings import agreement, matching
from utils.music.recordings.matching import Answers

ISRC = "GBAYE0601498"
ONE, TWO, OLD = (f"{n}980fc14-e29b-481d-ad3a-5ed9b4ab6340" for n in "123")


def entity(kind: EntityKind, name: str, document: Any, canonical: str | None = None) -> Entity:
    return Entity(source=Provider.MUSICBRAINZ, kind=kind, id=name, document=document,
                  found=document is not None or canonical is not None, canonical_id=canonical,
                  fetched_at=now())  # fmt: skip


def answers(
    isrcs: Mapping[str, list[dict[str, Any]]] | None = None,
    recordings: Mapping[str, Any] | None = None,
    merged: Mapping[str, str] | None = None,
) -> Answers:
    told = {name: entity(EntityKind.RECORDING, name, of) for name, of in (recordings or {}).items()}
    told |= {name: entity(EntityKind.RECORDING, name, None, to)
             for name, to in (merged or {}).items()}  # fmt: skip
    return Answers(
        {name: entity(EntityKind.ISRC, name, {"recordings": of}) for name, of in
         (isrcs or {}).items()},
        told,
    )  # fmt: skip


def song(title: str | None = "Hey Jude", artist: str | None = "The Beatles", **ids: str) -> Any:
    return RecordingTags(title=title, artist=artist, **ids)


def facts(title: str, *artists: str) -> dict[str, Any]:
    return {"title": title, "artists": [{"id": TWO, "name": name} for name in artists]}


def test_the_id_of_the_tags_is_taken_and_surer_where_musicbrainz_agrees() -> None:
    tags = song(recording_mbid=ONE)
    alone = matching.derived(tags, (), answers())
    sure = matching.derived(tags, (), answers(recordings={ONE: facts("Hey Jude", "The Beatles")}))
    assert (alone.recording_mbid, alone.how, alone.score) == (ONE, How.TAGS, 0.95)
    assert (sure.how, sure.score, sure.doubts) == (How.TAGS, 1.0, ())


def test_an_id_of_another_recording_or_of_none_is_not_believed() -> None:
    told = answers(recordings={ONE: facts("Baby Shark", "Pinkfong"), TWO: None})
    wrong = matching.derived(song(recording_mbid=ONE), (), told)
    unknown = matching.derived(song(recording_mbid=TWO), (), told)
    assert (wrong.recording_mbid, wrong.how) == (None, How.NAMES)
    assert wrong.doubts == (
        f"the recording {ONE} of its tags is “Baby Shark” by Pinkfong: not believed",
    )
    assert unknown.recording_mbid is None
    assert "does not know" in unknown.doubts[0]


def test_a_merged_recording_goes_by_its_new_id() -> None:
    told = answers(recordings={TWO: facts("Hey Jude")}, merged={OLD: TWO})
    found = matching.derived(song(recording_mbid=OLD), (), told)
    assert (found.recording_mbid, found.score) == (TWO, 1.0)
    assert "merged" in found.doubts[0]


def test_an_isrc_gives_the_one_recording_it_stands_for() -> None:
    found = matching.derived(
        song(isrc=ISRC), (), answers({ISRC: [{"id": ONE, "title": "Hey Jude (Remastered 2015)"}]})
    )
    assert (found.recording_mbid, found.isrc, found.how, found.score) == (ONE, ISRC, How.ISRC, 0.9)


def test_of_several_recordings_of_an_isrc_the_one_of_that_title_is_taken_else_none() -> None:
    two = [{"id": ONE, "title": "Hey Jude"}, {"id": TWO, "title": "Хей Джуд"}]
    found = matching.derived(song(isrc=ISRC), (), answers({ISRC: two}))
    assert (found.recording_mbid, found.doubts) == (ONE, ())
    same = [{"id": ONE, "title": "Hey Jude"}, {"id": TWO, "title": "Hey Jude"}]
    found = matching.derived(song(isrc=ISRC), (), answers({ISRC: same}))
    assert (found.recording_mbid, found.isrc, found.how) == (None, ISRC, How.ISRC)
    assert "stands for 2 recordings" in found.doubts[0]


@pytest.mark.parametrize(
    "told",
    [
        {"id": ONE, "title": "Despacito"},
        {"id": ONE, "title": "Hey Jude", "artist": "The Karaoke Crew"},
    ],
)
def test_a_wrong_isrc_is_not_believed_and_that_is_said(told: dict[str, Any]) -> None:
    found = matching.derived(song(isrc=ISRC), (), answers({ISRC: [told]}))
    assert (found.isrc, found.recording_mbid, found.how) == (None, None, How.NAMES)
    assert found.doubts[0].startswith(f"its ISRC {ISRC} is that of “{told['title']}”")


def test_names_in_another_script_speak_neither_for_nor_against() -> None:
    told = answers({ISRC: [{"id": ONE, "title": "夜に駆ける", "artist": "YOASOBI"}]})
    found = matching.derived(song("Yoru ni Kakeru", "YOASOBI", isrc=ISRC), (), told)
    assert (found.recording_mbid, found.doubts) == (ONE, ())
    assert agreement.titles("Ночь", "Noch") is None
    assert agreement.titles("Ночь", "Утро") is False
    assert agreement.titles("L'été", "L’ETE") is True


def test_a_sound_that_is_known_names_a_song_without_tags() -> None:
    matches = (Match(id=ONE, score=0.97, title="Hey Jude", artists=("The Beatles",)),
               Match(id=TWO, score=0.5, title="Hey Jude", artists=("Others",)))  # fmt: skip
    found = matching.derived(RecordingTags(), matches, answers())
    assert (found.recording_mbid, found.how, found.score) == (ONE, How.ACOUSTID, 0.97)
    assert (found.title, found.artist) == ("Hey Jude", "The Beatles")


def test_a_sound_that_is_unsure_or_contradicts_the_tags_is_not_believed() -> None:
    unsure = (Match(id=ONE, score=0.6, title="Hey Jude"),)
    assert matching.derived(song(), unsure, answers()).how is How.NAMES
    other = (Match(id=ONE, score=0.99, title="Baby Shark", artists=("Pinkfong",)),)
    found = matching.derived(song(), other, answers())
    assert (found.how, found.recording_mbid) == (How.NAMES, None)
    assert found.doubts == ("AcoustID takes its sound for “Baby Shark” by Pinkfong: not believed",)


def test_nothing_is_known_of_a_file_that_says_nothing() -> None:
    found = matching.derived(RecordingTags(title="voice memo"), (), answers())
    assert (found.how, found.score, found.recording_mbid) == (None, None, None)
