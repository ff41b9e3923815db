"""Stories of whole runs: real flows on an ephemeral Prefect server, real ffmpeg, real files."""

import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.client.orchestration._flow_runs.client import FlowRunClient
from prefect.client.schemas.objects import State
from sqlalchemy import select

from tests.conftest import Override
from tests.media import Clips, ffmpeg
from utils.config import Settings, load_settings
from utils.db import failures, ledger, queue, runs, workers
from utils.db.ledger import StepSummary
from utils.db.schema import Execution, Item, Spending
from utils.db.session import session
from utils.models.options import CompressionOptions, PipelineOptions
from utils.models.rendition import Compression
from utils.models.shift import RunStatus, ShiftError, ShiftReport

pytestmark = pytest.mark.usefixtures("prefect_server")

# Tones hold no voice: these stories need no speech model.
QUICK = PipelineOptions().without("generate_embeddings")
# A key for Gemini is one for the critic too, whose questions have tests of their own.
UNCRITICISED = QUICK.without("critique_content")


@pytest.fixture
def library(clips: Clips, tmp_path: Path) -> Path:
    """A folder with two good files."""
    folder = tmp_path / "library"
    folder.mkdir()
    shutil.copy(clips.tone, folder / "tone.wav")
    shutil.copy(clips.image, folder / "image.jpg")
    return folder


def ingest(
    *locations: Path | str, options: PipelineOptions = QUICK, **parameters: Any
) -> tuple[ShiftReport, State[Any]]:
    from flows.content_ingestion import content_ingestion

    found = [str(one) for one in locations]
    state: State[Any] = content_ingestion(found, options, return_state=True, **parameters)
    return told(state), state


def work_a_night(options: PipelineOptions = QUICK, **parameters: Any) -> Any:
    """Its report, or the error that refused it."""
    from flows.night_shift import night_shift

    state: State[Any] = night_shift(options=options, return_state=True, **parameters)
    return told(state)


def told(state: State[Any]) -> Any:
    """The report of a run that came to its end, well or not, or the error that refused it."""
    result = state.result(raise_on_failure=False)
    return result.report if isinstance(result, ShiftError) else result


def outcomes(report: ShiftReport) -> dict[str, tuple[str, str]]:
    return {
        item.path.rsplit("/", 1)[-1]: (item.outcome.value, item.error or item.reason or "")
        for item in report.items
    }


def executions() -> int:
    with session() as s:
        return ledger.execution_count(s)


def steps(item_id: str) -> dict[str, StepSummary]:
    with session() as s:
        return {step.step: step for step in ledger.steps_of(s, item_id)}


def test_one_bad_item_stops_no_other(library: Path, clips: Clips) -> None:
    (library / "empty.mp4").touch()
    shutil.copy(clips.text, library / "text.mp4")
    shutil.copy(clips.half, library / "half.mp4")
    shutil.copy(clips.half_faststart, library / "half-faststart.mp4")
    report, state = ingest(library, library / "missing.mp4")
    found = outcomes(report)
    assert found["tone.wav"][0] == found["image.jpg"][0] == "done"
    assert "is empty (0 bytes)" in found["empty.mp4"][1]
    assert "no media file" in found["text.mp4"][1]
    assert "moov atom not found" in found["half.mp4"][1]
    assert "is damaged" in found["half-faststart.mp4"][1]
    assert "does not exist" in found["missing.mp4"][1]
    assert {name for name in found if found[name][0] == "failed"} == {"empty.mp4", "missing.mp4"}
    assert report.status is RunStatus.PARTIAL
    assert state.name == "Partial"
    assert (report.counts.done, report.counts.failed, report.counts.quarantined) == (2, 2, 3)


def test_nothing_half_written_is_left(library: Path, clips: Clips, settings: Settings) -> None:
    shutil.copy(clips.half_faststart, library / "half.mp4")
    ingest(library)
    assert not list(settings.home.rglob("*.part*"))
    assert not list(settings.home.rglob("*.pcm"))


def test_a_second_run_executes_nothing(library: Path) -> None:
    ingest(library)
    before = executions()
    report, state = ingest(library)
    assert executions() == before
    assert report.status is RunStatus.NOTHING_TO_DO
    assert state.name == "NothingToDo"
    assert set(outcomes(report).values()) == {("skipped", "already done")}


def test_copies_are_worked_on_once(library: Path) -> None:
    shutil.copy(library / "tone.wav", library / "tone (copy).wav")
    report, _ = ingest(library)
    found = outcomes(report)
    assert found["tone.wav"][0] == "done"
    assert found["tone (copy).wav"] == ("skipped", f"duplicate of {library / 'tone.wav'}")
    report, _ = ingest(library)
    assert outcomes(report)["tone (copy).wav"][1].startswith("duplicate of")


def test_a_moved_file_is_not_worked_on_again(library: Path) -> None:
    ingest(library)
    before = executions()
    (library / "tone.wav").rename(library / "renamed.wav")
    report, _ = ingest(library)
    assert outcomes(report)["renamed.wav"] == ("skipped", "already done")
    assert executions() == before


def test_another_option_repeats_only_what_depends_on_it(library: Path) -> None:
    report, _ = ingest(library / "tone.wav")
    item_id = report.items[0].item_id
    options = QUICK.model_copy(update={"compression": CompressionOptions(audio_kbps=24)})
    report, _ = ingest(library / "tone.wav", options=options)
    assert outcomes(report)["tone.wav"][0] == "done"
    counts = {name: step.executions for name, step in steps(item_id).items()}
    assert counts.pop("compress_audio") == 2
    assert set(counts.values()) == {1}


def test_a_lost_rendition_is_made_again_and_nothing_else(library: Path, settings: Settings) -> None:
    report, _ = ingest(library / "tone.wav")
    item_id = report.items[0].item_id
    (rendition,) = settings.home.rglob("rendition-*.opus")
    rendition.unlink()
    with session() as s:
        failures.requeue(s, failures.Choice((item_id,)))
    ingest(library / "tone.wav")
    assert rendition.exists()
    counts = {name: step.executions for name, step in steps(item_id).items()}
    assert counts.pop("compress_audio") == 2
    assert set(counts.values()) == {1}


def test_a_file_that_vanishes_fails_alone_and_comes_back(library: Path) -> None:
    hidden = library.parent / "hidden.wav"

    class Vanishing:
        """Takes the file away after it was taken in, before it is worked on."""

        def __call__(self, *_: object) -> None:
            if (library / "tone.wav").exists():
                (library / "tone.wav").rename(hidden)

    from utils.observability import progress

    with progress.watching(Vanishing()):
        report, _ = ingest(library)
    found = outcomes(report)
    assert found["image.jpg"][0] == "done"
    assert found["tone.wav"][0] == "failed"
    assert "vanished" in found["tone.wav"][1]
    hidden.rename(library / "tone.wav")
    report, _ = ingest(library)
    assert outcomes(report)["tone.wav"][0] == "done"


def test_strange_names_are_only_names(clips: Clips, tmp_path: Path) -> None:
    names = ["-rf.wav", "two\nlines.wav", "ünï 🎬 code.wav", "a b  c.wav", "50% %d.wav", "$(x).wav"]
    folder = tmp_path / "strange"
    folder.mkdir()
    for number, name in enumerate(names):
        (folder / name).write_bytes(clips.tone.read_bytes() + bytes([number]))
    report, _ = ingest(folder)
    assert report.counts.done == len(names)
    assert json.loads(report.model_dump_json())["counts"]["done"] == len(names)


def test_a_permanent_failure_is_tried_once_and_waits_for_a_person(
    library: Path, clips: Clips
) -> None:
    shutil.copy(clips.text, library / "text.mp4")
    ingest(library)
    before = executions()
    report, _ = ingest(library)
    assert outcomes(report)["text.mp4"][0] == "waits_for_you"
    assert "no media file" in outcomes(report)["text.mp4"][1]
    assert work_a_night().status is RunStatus.NOTHING_TO_DO
    assert executions() == before


def test_a_night_takes_what_lies_in_the_inbox_up_to_its_limit(
    clips: Clips, settings: Settings
) -> None:
    settings.inbox.mkdir()
    for number in range(3):
        target = settings.inbox / f"{number}.wav"
        target.write_bytes(clips.tone.read_bytes() + bytes([number]))
    assert work_a_night(limit=2).counts.done == 2
    assert work_a_night(limit=2).counts.done == 1
    assert work_a_night(limit=2).status is RunStatus.NOTHING_TO_DO


def test_a_night_looks_into_every_source(library: Path, settings: Settings) -> None:
    from utils.db import sources

    with session() as s:
        sources.add(s, str(library))
    assert work_a_night().counts.done == 2


def test_the_report_says_what_happened_and_can_be_mailed(library: Path, clips: Clips) -> None:
    shutil.copy(clips.text, library / "<b>text.mp4")
    report, _ = ingest(library)
    page = report.report.read_text()
    assert "no media file" in page
    assert "data:image/jpeg;base64," in page
    assert "&lt;b&gt;text" in page
    assert "<b>text" not in page
    assert "http://" not in page
    assert "https://" not in page
    with session() as s:
        assert runs.find(s, None).report == str(report.report)


def test_an_item_that_another_run_holds_is_left_to_it(library: Path) -> None:
    ingest(library)
    with session() as s:
        item = s.scalars(select(Item).where(Item.title == "tone")).one()
        failures.requeue(s, failures.Choice((item.id,)))
        workers.register(s, "somebody else", None, 120)
        query = select(Item).where(Item.id == item.id)
        assert queue.claim(s, "somebody else", query, 1) == [item.id]
    report, _ = ingest(library)
    assert outcomes(report)["tone.wav"] == ("skipped", "another run is working on it")


def test_process_item_alone_recalls_what_is_done(library: Path) -> None:
    from flows.process_item import process_item

    path = str(library / "tone.wav")
    first = process_item(path, QUICK)
    before = executions()
    assert process_item(path, QUICK) == first
    assert executions() == before


def test_going_back_to_former_options_shows_the_former_results(library: Path) -> None:
    path = library / "tone.wav"
    report, _ = ingest(path)
    item_id = report.items[0].item_id
    first = ingest_state(item_id)
    assert first[0] == "approve"
    ingest(path, options=QUICK.without("judge_quality"))
    assert ingest_state(item_id)[0] is None
    ingest(path)
    assert ingest_state(item_id) == first


def test_going_back_to_former_options_restores_the_index(clips: Clips, settings: Settings) -> None:
    from utils.search import vectors

    ingest(clips.speech, options=PipelineOptions())
    before = vectors.count(settings)
    ingest(clips.speech, options=PipelineOptions().without("transcribe_audio"))
    assert vectors.count(settings) < before
    ingest(clips.speech, options=PipelineOptions())
    assert vectors.count(settings) == before


def test_a_step_alone_that_fails_takes_nothing_from_a_done_item(
    library: Path, override: Override, tmp_path: Path
) -> None:
    from pydantic import SecretStr

    report, _ = ingest(library / "image.jpg")
    (tmp_path / "occupied").touch()
    override(publish_url=SecretStr((tmp_path / "occupied" / "below").as_uri()))
    alone = QUICK.model_copy(update={"only": ("upload_thumbnails",)})
    report, _ = ingest(library / "image.jpg", options=alone)
    assert outcomes(report)["image.jpg"][0] == "failed"
    with session() as s:
        assert s.get_one(Item, report.items[0].item_id).status == "done"


def ingest_state(item_id: str) -> tuple[str | None, float | None]:
    with session() as s:
        item = s.get_one(Item, item_id)
        return item.verdict, item.score


@pytest.mark.parametrize(
    ("request_", "status", "fails"),
    [("create_flow_run", 503, False), ("set_flow_run_state", 503, False),
     ("create_flow_run", 422, True)],
)  # fmt: skip
def test_an_item_whose_run_a_busy_server_would_not_begin_is_begun_again(
    library: Path, monkeypatch: pytest.MonkeyPatch, request_: str, status: int, fails: bool
) -> None:
    """Prefect's SQLite is locked now and then, for longer than its client asks."""
    ask, create, told = getattr(FlowRunClient, request_), FlowRunClient.create_flow_run, [""]

    def note(client: FlowRunClient, flow: Any, *arguments: Any, **named: Any) -> Any:
        told.append(flow.name)
        return create(client, flow, *arguments, **named)

    def busy_once(client: FlowRunClient, *arguments: Any, **named: Any) -> Any:
        of = getattr(named.get("flow"), "name", told[-1])
        if of == "process-item" and "refused" not in told:
            told.append("refused")
            asked = httpx.Request("POST", "http://server/api/")
            answer = httpx.Response(status, request=asked)
            raise httpx.HTTPStatusError("refused", request=asked, response=answer)
        return ask(client, *arguments, **named)

    monkeypatch.setattr(FlowRunClient, "create_flow_run", note)
    monkeypatch.setattr(FlowRunClient, request_, busy_once)
    report, _ = ingest(library)
    assert "refused" in told
    assert (report.counts.done, report.counts.failed) == ((1, 1) if fails else (2, 0))


def test_a_picture_shorter_than_its_sound_is_done(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=1", "-f", "lavfi", "-i", "sine=d=9",
           "-pix_fmt", "yuv420p", film)  # fmt: skip
    report, _ = ingest(film)
    assert outcomes(report)["film.mp4"][0] == "done"


def test_an_unusable_file_in_the_inbox_is_told_and_fails_no_night(settings: Settings) -> None:
    settings.inbox.mkdir()
    (settings.inbox / "empty.mp4").touch()
    report = work_a_night()
    assert report.status is RunStatus.NOTHING_TO_DO
    assert outcomes(report)["empty.mp4"][0] == "waits_for_you"
    assert "is empty" in outcomes(report)["empty.mp4"][1]


def test_the_index_can_be_made_again_from_the_database(clips: Clips, settings: Settings) -> None:
    from utils.search import query as find
    from utils.search import vectors
    from utils.search.indexing import reindex

    ingest(clips.tone, options=PipelineOptions())
    before = vectors.count(settings)
    shutil.rmtree(settings.home / "chroma")
    assert vectors.count(settings) == 0
    assert list(reindex(settings)) == ["tone"]
    assert vectors.count(settings) == before > 0
    assert find.search("tone", 1, settings)[0].path == str(clips.tone)


def test_a_shift_on_postgres_comes_to_the_same(
    library: Path, clips: Clips, postgres_url: str, override: Override
) -> None:
    from pydantic import SecretStr

    override(database_url=SecretStr(postgres_url))
    shutil.copy(clips.text, library / "text.mp4")
    report, _ = ingest(library)
    assert (report.counts.done, report.counts.quarantined) == (2, 1)
    before = executions()
    report, _ = ingest(library)
    assert report.status is RunStatus.NOTHING_TO_DO
    assert executions() == before


@pytest.mark.empty_home
def test_the_database_may_be_named_by_a_prefect_block(
    library: Path, postgres_url: str, override: Override, settings: Settings
) -> None:
    from prefect_sqlalchemy import SqlAlchemyConnector

    SqlAlchemyConnector(connection_info=postgres_url).save("library", overwrite=True)
    override(database_block="library")
    report, _ = ingest(library / "image.jpg")
    assert report.counts.done == 1
    assert not (settings.home / "nightshift.db").exists()


def test_a_block_that_is_not_there_is_a_clear_error(library: Path, override: Override) -> None:
    override(database_block="nowhere")
    state = content_state(library)
    assert state.is_failed()
    assert "There is no SqlAlchemyConnector block 'nowhere'" in state.message


def content_state(library: Path) -> State:
    from flows.content_ingestion import content_ingestion

    return content_ingestion([str(library)], QUICK, return_state=True)


def test_every_execution_knows_its_run(library: Path) -> None:
    report, _ = ingest(library)
    with session() as s:
        assert set(s.scalars(select(Execution.run_id))) == {report.run_id}


def test_a_key_brings_gemini_which_is_asked_again_when_it_throttles(
    clips: Clips, override: Override
) -> None:
    from pydantic import SecretStr

    from tests.servers.gemini import UNDERSTANDING, gemini, refused, understood
    from utils.models.analysis import Analysis

    throttled = refused(429, "RESOURCE_EXHAUSTED", "slow down", retry="0.1s")
    with gemini(throttled, understood()) as server:
        override(gemini_api_key=SecretStr("the-secret-key"), gemini_base_url=server.url)
        report, _ = ingest(clips.speech, options=UNCRITICISED)
        assert report.counts.done == 1
        item_id = report.items[0].item_id
        assert steps(item_id)["analyze_content"].executions == 2
        ingest(clips.speech, options=UNCRITICISED)
        assert len(server.asked) == 2
    with session() as s:
        kept = ledger.latest_result(s, item_id, "analyze_content", Analysis)
    assert kept.understanding.summary == UNDERSTANDING["summary"]
    assert kept.usage.prompt_tokens == 321
    assert "the-secret-key" not in report.report.read_text()


def test_one_step_alone_changes_nothing_else(library: Path) -> None:
    report, _ = ingest(library / "tone.wav")
    item_id = report.items[0].item_id
    before = ingest_state(item_id)
    alone = QUICK.model_copy(update={"only": ("judge_quality",), "force": True})
    report, _ = ingest(library / "tone.wav", options=alone)
    assert outcomes(report)["tone.wav"][0] == "done"
    counts = {name: step.executions for name, step in steps(item_id).items()}
    assert counts.pop("judge_quality") == 2
    assert set(counts.values()) == {1}
    assert ingest_state(item_id) == before
    report, _ = ingest(library / "tone.wav")
    assert outcomes(report)["tone.wav"] == ("skipped", "already done")


def test_one_step_of_a_new_item_does_not_make_it_done(library: Path) -> None:
    alone = QUICK.model_copy(update={"only": ("extract_hdr",)})
    report, _ = ingest(library / "image.jpg", options=alone)
    item_id = report.items[0].item_id
    assert set(steps(item_id)) == {
        *("generate_checksum", "extract_ffprobe", "extract_mediainfo", "extract_hdr")
    }
    report, _ = ingest(library / "image.jpg")
    assert outcomes(report)["image.jpg"][0] == "done"
    assert steps(item_id)["extract_hdr"].executions >= 1


def test_force_does_everything_again_and_then_there_is_nothing_to_do(library: Path) -> None:
    report, _ = ingest(library / "image.jpg")
    item_id = report.items[0].item_id
    ingest(library / "image.jpg", options=QUICK.model_copy(update={"force": True}))
    assert {step.executions for step in steps(item_id).values()} == {2}
    assert ingest(library / "image.jpg")[0].status is RunStatus.NOTHING_TO_DO


def test_a_film_as_a_song_gives_its_sound_alone(clips: Clips) -> None:
    report, _ = ingest(clips.video, options=QUICK.model_copy(update={"profile": "song"}))
    found = steps(report.items[0].item_id)
    assert "compress_audio" in found
    assert "analyze_exposure" not in found
    with session() as s:
        made = ledger.latest_result(s, report.items[0].item_id, "compress_audio", Compression)
    assert made.rendition is None or made.rendition.codec == "opus"


def test_gemini_watches_a_film_and_chooses_its_pictures(
    clips: Clips, override: Override, settings: Settings
) -> None:
    from pydantic import SecretStr

    from tests.servers.gemini import gemini, watched
    from utils.models.rendition import Thumbnails
    from utils.models.video_analysis import VideoAnalysis

    with gemini(watched()) as server:
        override(gemini_api_key=SecretStr("the-secret-key"), gemini_base_url=server.url)
        report, _ = ingest(clips.silent_video, options=UNCRITICISED)
    assert report.counts.done == 1
    item_id = report.items[0].item_id
    with session() as s:
        seen = ledger.latest_result(s, item_id, "ai_video_analysis", VideoAnalysis)
        chosen = ledger.latest_result(s, item_id, "ai_thumbnail_selection", Thumbnails)
        spent = s.scalars(select(Spending)).one()
    assert seen.engine.startswith("gemini")
    assert len(chosen.images) == 3
    assert (spent.status, spent.run_id) == ("settled", report.run_id)


def test_what_does_not_fit_the_ceiling_is_put_off_and_done_by_a_later_shift(
    clips: Clips, override: Override
) -> None:
    from pydantic import SecretStr

    from tests.servers.gemini import gemini, watched

    with gemini(watched()) as server:
        override(
            gemini_api_key=SecretStr("key"), gemini_base_url=server.url, ai_shift_ceiling_usd=0.001
        )
        report, _ = ingest(clips.silent_video, options=UNCRITICISED)
        assert not server.asked
        assert (report.counts.deferred, report.counts.done, report.status) == (
            1, 0, RunStatus.SUCCESS,
        )  # fmt: skip
        assert "NIGHTSHIFT_AI_SHIFT_CEILING_USD" in outcomes(report)["silent.mp4"][1]
        assert "<h2>Deferred</h2>" in report.report.read_text()
        found = steps(report.items[0].item_id)
        assert found["ai_video_analysis"].status == "deferred"
        assert found["store_item"].status == "done"
        override(ai_shift_ceiling_usd=1.0)
        report = work_a_night(options=UNCRITICISED)
    assert report.counts.done == 1
    counts = {name: step.executions for name, step in steps(report.items[0].item_id).items()}
    assert counts["ai_video_analysis"] == 2
    assert counts["analyze_signal"] == counts["make_proxy"] == 1


def test_a_re_encode_and_its_source_are_one_group(clips: Clips, tmp_path: Path) -> None:
    again = tmp_path / "again.mp4"
    ffmpeg("-i", clips.video, "-vf", "scale=320:-2", "-crf", "32", again)
    report, _ = ingest(clips.video, again)
    from utils.db import duplicates

    with session() as s:
        (group,) = duplicates.groups(s)
    assert {copy.item_id for copy in group.copies} == {item.item_id for item in report.items}


def test_pictures_are_published_once(clips: Clips, override: Override, tmp_path: Path) -> None:
    from pydantic import SecretStr

    target = tmp_path / "published"
    override(publish_url=SecretStr(target.as_uri()))
    report, _ = ingest(clips.image)
    assert report.counts.done == 1
    assert len(list(target.rglob("*.jpg"))) == 1
    with session() as s:
        from utils.db.fact_tables import Thumbnail

        assert s.scalars(select(Thumbnail.url)).one().startswith("file://")


def test_facts_of_a_file_have_their_sources(library: Path) -> None:
    from utils.models.metadata import Metadata

    report, _ = ingest(library / "image.jpg")
    with session() as s:
        facts = ledger.latest_result(s, report.items[0].item_id, "consolidate_metadata", Metadata)
    assert (facts.width, facts.height) == (800, 600)
    assert facts.sources["width"] == "mediainfo"
    assert set(facts.sources) <= set(Metadata.model_fields)


def test_a_wrong_key_quarantines_nothing(clips: Clips, override: Override) -> None:
    from pydantic import SecretStr

    from tests.servers.gemini import gemini, refused, understood

    with gemini(refused(400, "INVALID_ARGUMENT", "API key not valid"), understood()) as server:
        override(gemini_api_key=SecretStr("wrong"), gemini_base_url=server.url)
        report, _ = ingest(clips.speech, options=UNCRITICISED)
        assert "NIGHTSHIFT_GEMINI_API_KEY" in outcomes(report)["speech.mp3"][1]
        report, _ = ingest(clips.speech, options=UNCRITICISED)  # the key was mended
    assert report.counts.done == 1
    assert steps(report.items[0].item_id)["transcribe_audio"].executions == 1


def test_a_file_that_was_moved_since_can_be_processed_again(library: Path, tmp_path: Path) -> None:
    """Its former path is that of a copy that is gone: no step needs it."""
    ingest(library / "tone.wav")
    moved = tmp_path / "elsewhere.wav"
    (library / "tone.wav").rename(moved)
    for switched_off in ("compress_audio", "judge_quality"):  # done, but not with these options
        report, _ = ingest(moved, options=QUICK.without(switched_off))
        assert outcomes(report)["elsewhere.wav"][0] == "done"
    checked = steps(report.items[0].item_id)["check_duplicate"]
    assert (checked.status, checked.executions) == ("done", 2)


def test_a_replaced_file_is_worked_on_and_what_failed_of_it_waits_for_nobody(
    clips: Clips, tmp_path: Path
) -> None:
    """In no source: it was given by hand once."""
    film = tmp_path / "film.wav"
    film.write_bytes(b"corrupt")
    ingest(film)
    with session() as s:
        assert len(failures.failures(s, failures.Choice())) == 1
    shutil.copy(clips.tone, film)
    report = work_a_night()
    assert (report.counts.done, report.counts.failed) == (1, 0)
    with session() as s:
        assert failures.failures(s, failures.Choice()) == []


def test_all_that_a_real_run_leaves_of_an_item_is_forgotten(library: Path) -> None:
    from utils.db.base import Base
    from utils.housekeeping import forgetting

    ingest(library)
    settings = load_settings()
    (found,) = forgetting.preview([str(library / "image.jpg")], settings)
    assert found.made
    assert forgetting.forget([found], settings).left == ()
    assert not [path for path in (settings.home / "items").rglob("*") if found.item_id in str(path)]
    with session() as s:
        for table in Base.metadata.tables.values():
            if "item_id" in table.columns and table.name != "forgotten_places":
                rows = s.scalars(select(table.c.item_id)).all()
                assert found.item_id not in rows, table.name
    report, _ = ingest(library)
    assert "forgotten on" in outcomes(report)["image.jpg"][1]
    report, _ = ingest(library, again=True)
    assert outcomes(report)["image.jpg"][0] == "done"
