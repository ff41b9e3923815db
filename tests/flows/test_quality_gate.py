"""What a critic asks to change is tried, and no item is lost for a critic that does not answer."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update

from flows.quality_gate import quality_gate
from subflows import quality_gate as judging
from tasks.context import RunContext
from tests.conftest import Override
from tests.flows.test_shift import QUICK, ingest, steps
from tests.media import Clips, ffmpeg
from tests.servers.openai_chat import Model, openai_chat, refused
from utils.config import Settings, load_settings
from utils.critic import cooldown
from utils.db import approvals, ledger, transcripts
from utils.db.schema import Item, Spending
from utils.db.session import session
from utils.errors import PermanentError, ResourceError
from utils.models.approval import CriticScore, Critique, Subject
from utils.models.house_rules import HouseRules
from utils.models.options import ApprovalOptions, PipelineOptions, TranscriptionOptions
from utils.models.steps import BY_NAME
from utils.models.transcript import Segment, Transcript
from utils.pipeline import step_key
from utils.processes import deadline
from utils.rules import house_rules
from utils.speech import transcriber

pytestmark = pytest.mark.usefixtures("prefect_server")
JUDGED = QUICK.without(
    "extract_mediainfo", "extract_exiftool", "generate_thumbnails", "check_duplicate",
    "fingerprint_media", "compress_audio", "upload_thumbnails",
)  # fmt: skip
HELPS = {"words": "The names were misheard.",
         "options": [{"name": "transcription.vocabulary", "value": "Angkor"}]}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cooldown, "_until", {})
    monkeypatch.setattr(cooldown, "_failures", {})
    monkeypatch.setattr(deadline, "pause", lambda _seconds: None)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """A speech engine that hears names better when it is told them; what it was told."""
    told: list[str | None] = []

    def hear(_path: Path, _probe: Any, _seconds: float, options: TranscriptionOptions,
             *_: Any) -> Transcript:  # fmt: skip
        told.append(options.vocabulary)
        if options.vocabulary == "breaks":
            raise PermanentError("The engine broke.")
        if options.vocabulary == "needs more memory":
            raise ResourceError("Not enough memory for this model.")
        text = f"The temples of {options.vocabulary or 'anchor'} lie in the forest."
        said = Segment(start_seconds=0, end_seconds=2, text=text)
        return Transcript(engine="stand-in", language="en", segments=(said,))

    monkeypatch.setattr(transcriber, "transcribe", hear)
    return told


def judge(
    clips: Clips, tmp_path: Path, override: Override, model: Model,
    options: PipelineOptions = JUDGED,
) -> Any:  # fmt: skip
    """The item and its outcome, judged with a critic that has this model."""
    path = shutil.copy(clips.tone, tmp_path / "tone.wav")
    with openai_chat(model) as server:
        settings = load_settings()
        given = {"base_url": f"{server.url}/v1", "model": "m"}
        override(critic=settings.critic.model_copy(update=given))
        report, _ = ingest(path, options=options)
    (outcome,) = report.items
    with session() as s:
        item = s.get_one(Item, outcome.item_id)
        s.expunge(item)
        said = transcripts.transcript_of(s, item.id)
    return item, outcome, said.text


def executions(item_id: str) -> dict[str, int]:
    return {name: step.executions for name, step in steps(item_id).items()}


def test_a_change_that_helps_is_kept_and_runs_only_the_steps_that_it_touches(
    clips: Clips, tmp_path: Path, override: Override, heard: list[str | None]
) -> None:
    model = Model(by_reading=[0.1, 0.1], score=0.9, changes=[HELPS])
    item, _, text = judge(clips, tmp_path, override, model)
    assert heard == [None, "Angkor"]
    assert (item.approval, text) == ("approved", "The temples of Angkor lie in the forest.")
    counts = executions(item.id)
    assert counts.pop("transcribe_audio") == counts.pop("critique_content") == 2
    assert counts.pop("analyze_content") == counts.pop("decide_approval") == 2
    counts.pop("judge_quality")  # is given the transcript
    assert set(counts.values()) == {1}


def test_a_change_that_does_not_help_leaves_everything_as_it_was(
    clips: Clips, tmp_path: Path, override: Override, heard: list[str | None]
) -> None:
    model = Model(by_reading=[0.3, 0.3], score=0.1, changes=[HELPS])
    item, outcome, text = judge(clips, tmp_path, override, model)
    assert heard == [None, "Angkor"]
    assert text == "The temples of anchor lie in the forest."
    assert item.approval == "review"
    assert "critic 0.30" in item.approval_reason  # the database says what was found first
    assert outcome.lacks == ()


def test_changes_are_tried_twice_at_most_and_never_with_a_loss(
    clips: Clips, tmp_path: Path, override: Override, heard: list[str | None]
) -> None:
    class Never(Model):
        """It always wants other words, and likes each a little better."""

        def answer(self, asked: dict[str, Any]) -> Any:
            number = len(self.questions) // 2
            self.score = 0.1 + 0.1 * number
            words = [{"name": "transcription.vocabulary", "value": f"word{number}"}]
            self.changes = [{"words": f"Again {number}.", "options": words}]
            return super().answer(asked)

    _, outcome, _ = judge(clips, tmp_path, override, Never())
    assert heard == [None, "word0", "word0, word1"]
    assert outcome.lacks == ()


def test_what_a_person_asked_to_change_no_critic_changes_again(
    clips: Clips, tmp_path: Path, override: Override, heard: list[str | None]
) -> None:
    path = shutil.copy(clips.tone, tmp_path / "tone.wav")
    ingest(path, options=JUDGED.model_copy(update={"only": ("extract_ffprobe",)}))
    with session() as s:
        s.execute(update(Item).values(requested_changes={"transcription.vocabulary": "Wat Phnom"}))
    judge(clips, tmp_path, override, Model(by_reading=[0.1, 0.1], score=0.9, changes=[HELPS]))
    assert heard == ["Wat Phnom"]


@pytest.mark.parametrize("words", ["breaks", "needs more memory"])
def test_a_trial_that_loses_what_was_there_counts_for_nothing(
    clips: Clips, tmp_path: Path, override: Override, heard: list[str | None], words: str
) -> None:
    breaks = [{"name": "transcription.vocabulary", "value": words}]
    model = Model(score=0.2, changes=[{"words": "Hear it again.", "options": breaks}])
    _, outcome, text = judge(clips, tmp_path, override, model)
    assert heard == [None, words]
    assert (outcome.outcome.value, outcome.lacks) == ("done", ())
    assert "anchor" in text


def test_in_a_run_of_single_steps_nothing_is_tried(
    clips: Clips, tmp_path: Path, override: Override, heard: list[str | None]
) -> None:
    model = Model(by_reading=[0.1, 0.1], score=0.9, changes=[HELPS])
    single = JUDGED.model_copy(update={"only": ("decide_approval",)})
    item, _, text = judge(clips, tmp_path, override, model, single)
    assert heard == [None]  # its record and its rendition would stay those of the other words
    assert "anchor" in text
    assert item.approval == "review"


def test_what_a_failed_check_left_open_is_not_approved(
    clips: Clips, tmp_path: Path, override: Override, heard: list[str | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def fail(*_: Any) -> Any:
        raise PermanentError("The words can't be read. Mend them.")

    monkeypatch.setattr(house_rules, "check", fail)
    load_settings().house_rules_file.write_text("prohibited_topics: [gambling]\n")
    item, outcome, _ = judge(clips, tmp_path, override, Model(score=0.9))
    assert [one.step for one in outcome.lacks] == ["check_house_rules"]
    assert item.approval == "review"
    assert "could not be checked (The words can't be read): a person" in item.approval_reason


def test_beyond_the_ceiling_only_a_critique_of_the_same_texts_counts(settings: Settings) -> None:
    subject, rules, step = Subject(title="x", kind="audio"), HouseRules(), "critique_content"
    with session() as s:
        s.add(Item(id="a" * 64, kind="audio", title="x", size_bytes=1, status="done"))
    given = {"subject": subject, "rules": rules, "options": settings.pipeline.critic}
    key = step_key.inputs_of(step, BY_NAME[step].version, given, "m", settings.home)
    score = CriticScore(name="accuracy", score=0.9, reason="x")
    said = Critique(engine="m", score=0.9, criteria=(score,), readings=(0.9, 0.9))
    row = ledger.start("a" * 64, step, key, None)
    with session() as s:
        ledger.finish(s, row, said, 0.1)
    context = RunContext("r", "r", settings.pipeline, settings)
    facts: Any = SimpleNamespace(item=SimpleNamespace(item_id="a" * 64))
    assert judging._said_before(context, facts, subject, rules) == said
    words = Segment(start_seconds=0, end_seconds=2, text="Other words.")
    heard_anew = subject.model_copy(update={"segments": (words,)})
    assert judging._said_before(context, facts, heard_anew, rules) is None
    assert judging._said_before(context, facts, subject, HouseRules(brand="Ann")) is None


def test_what_its_tags_say_is_judged_too(clips: Clips, tmp_path: Path) -> None:
    path = tmp_path / "tone.flac"
    ffmpeg("-i", clips.tone, "-metadata", "artist=Grand Casino", path)
    load_settings().house_rules_file.write_text("prohibited_topics: [casino]\n")
    report, _ = ingest(path, options=JUDGED.without("transcribe_audio"))
    with session() as s:
        item = s.get_one(Item, report.items[0].item_id)
        assert item.approval == "rejected"
        assert "'Casino' stands in the artist" in item.approval_reason


def test_while_the_critic_is_away_nothing_is_approved_and_it_is_asked_later(
    clips: Clips, tmp_path: Path, override: Override, heard: list[str | None]
) -> None:
    path = shutil.copy(clips.tone, tmp_path / "tone.wav")
    hour = refused(429, "slow down", **{"Retry-After": "3600"})
    with openai_chat(Model(score=0.9), hour) as server:
        settings = load_settings()
        given = {"base_url": f"{server.url}/v1", "model": "m"}
        override(critic=settings.critic.model_copy(update=given))
        report, _ = ingest(path)
        (outcome,) = report.items
        assert outcome.outcome.value == "done_with_lacks"
        assert [(one.step, one.may_pass) for one in outcome.lacks] == [("critique_content", True)]
        with session() as s:
            item = s.get_one(Item, outcome.item_id)
            assert (item.status, item.approval) == ("done", "review")
            assert "the critic did not answer: it is asked again" in item.approval_reason
            assert "Judged by the rules alone: the critic failed" in item.approval_reason
        cooldown.answered(f"openai m {server.url}/v1")  # the hour is over
        dear = {"input_usd": 1000.0, "output_usd": 1.0}  # for a million tokens: above the ceiling
        override(critic=settings.critic.model_copy(update=given | dear))
        assert quality_gate()["review"] == 1
        assert len(server.asked) == 1
        with session() as s:
            reason = s.get_one(Item, outcome.item_id).approval_reason
            assert "does not fit the ceiling" in reason
        cheap = {"input_usd": 1.0, "output_usd": 2.0}
        override(critic=settings.critic.model_copy(update=given | cheap))
        assert quality_gate() == {"total": 1, "approved": 1, "review": 0, "rejected": 0,
                                  "failed": 0}  # fmt: skip
        assert quality_gate()["total"] == 0
        approve = ApprovalOptions(publish_from=1.0)
        changed = settings.pipeline.model_copy(update={"approval": approve})
        assert quality_gate(options=changed)["review"] == 1
        assert quality_gate(items=[outcome.item_id[:12]])["approved"] == 1
    with session() as s:
        assert approvals.count_by_status(s, [outcome.item_id]) == {"approved": 1}
        (paid,) = s.scalars(select(Spending).where(Spending.status == "settled"))
        assert paid.actual_microusd == 2 * (1000 * 1 + 100 * 2)  # of both readings
        assert paid.reserved_microusd > 3 * (1000 * 1 + 100 * 2)
    counts = executions(outcome.item_id)
    assert (counts["transcribe_audio"], counts["critique_content"]) == (1, 3)
