"""Rules: what is written is checked, what matches applies in order, nothing else happens."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from utils.config import Settings
from utils.errors import SettingsError
from utils.models.options import PipelineOptions
from utils.models.rules import ItemFacts, RuleSet
from utils.rules import file, matching

TALK = ItemFacts(
    kind="video",
    path="/media/Talks/2024/Opening.MP4",
    source="talks",
    size_bytes=700_000_000,
    duration_seconds=1800.0,
    codecs=("hevc", "aac"),
    shorter_side=2160,
    hdr=True,
    camera="Apple iPhone 15 Pro",
    language="de",
    day=date(2024, 5, 1),
)
NEW = ItemFacts(kind="video", path=TALK.path, source="talks", size_bytes=TALK.size_bytes)


def rule_set(*rules: dict[str, Any], **more: Any) -> RuleSet:
    named = [{"name": f"rule {number}"} | rule for number, rule in enumerate(rules, start=1)]
    return RuleSet.model_validate({"rules": named} | more)


def written(settings: Settings, text: str) -> RuleSet:
    settings.rules_file.write_text(text)
    return file.load(settings)


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ({"kind": "video"}, True),
        ({"kind": ["audio", "image"]}, False),
        ({"source": "tal*"}, True),
        ({"path": "*/talks/*.mp4"}, True),  # as people write it, not as the disk has it
        ({"path": ["*/films/*", "*/talks/*"]}, True),
        ({"path": "talks"}, False),
        ({"duration": {"min": "30m"}}, True),
        ({"duration": {"min": "30m1s"}}, False),
        ({"duration": {"max": 1800}}, True),
        ({"size": {"min": "700 MB", "max": "1 GiB"}}, True),
        ({"size": {"min": "1 GB"}}, False),
        ({"codec": ["av1", "HEVC"]}, True),
        ({"resolution": {"min": "4K"}}, True),
        ({"resolution": {"max": "1080p"}}, False),
        ({"hdr": True}, True),
        ({"hdr": False}, False),
        ({"camera": "iphone"}, True),
        ({"language": ["en", "de"]}, True),
        ({"date": {"after": date(2024, 5, 1), "before": date(2024, 5, 2)}}, True),
        ({"date": {"before": date(2024, 5, 1)}}, False),
        ({"kind": "video", "language": "fr"}, False),  # all of it must hold
    ],
)
def test_a_condition_holds_or_not(when: dict[str, Any], fits: bool) -> None:
    rules = rule_set({"when": when, "then": {"priority": "high"}})
    assert bool(matching.decide(rules, TALK).applied) is fits


def test_what_is_not_known_yet_matches_nothing_and_is_asked_again() -> None:
    rules = rule_set(
        {"when": {"duration": {"min": 60}}, "then": {"options": {"transcription.model": "tiny"}}},
        {"when": {"hdr": False}, "then": {"skip": True}},
    )
    assert matching.decide(rules, NEW).applied == ()
    assert matching.decide(rules, TALK).applied == ("rule 1",)


def test_all_that_match_apply_in_order_and_the_later_has_the_last_word() -> None:
    rules = rule_set(
        {"when": {"kind": "video"}, "then": {"profile": "quick", "skip": True}},
        {
            "when": {"source": "talks"},
            "then": {"options": {"transcription.model": "small"}, "skip": False},
        },
        profiles={"quick": {"transcription.model": "tiny", "steps.compress_video": False}},
    )
    decision = matching.decide(rules, TALK)
    assert decision.applied == ("rule 1", "rule 2") and decision.skipped_by is None
    options = matching.options_under(decision, PipelineOptions())
    assert options.transcription.model == "small"
    assert options.steps.model_dump()["compress_video"] is False


def test_only_what_changes_results_is_part_of_the_key() -> None:
    def key(rules: RuleSet) -> str:
        return matching.in_key("key", matching.decide(rules, TALK))

    then = {"options": {"compression.crf": 30}}
    one = rule_set({"when": {"kind": "video"}, "then": then})
    renamed = rule_set({"name": "other", "when": {"source": "talks"}, "then": then})
    other = rule_set({"when": {"kind": "video"}, "then": {"options": {"compression.crf": 31}}})
    in_queue = rule_set({"when": {"kind": "video"}, "then": {"priority": "low"}})
    assert key(one) == key(renamed) != key(other)
    assert key(in_queue) == key(rule_set()) == "key"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [", "is no YAML"),
        ("- a", "dictionary"),
        ("rule: []", "rule: Extra inputs"),
        ("rules: [{name: a, when: {}, then: {skip: true}}]", "rule 'a', when: no condition"),
        ("rules: [{name: a, when: {kind: video}, then: {}}]", "rule 'a', then: no effect"),
        ("rules: [{name: a, when: {kind: film}, then: {skip: true}}]", "rule 'a', when.kind"),
        ("rules: [{name: a, when: {size: {min: big}}, then: {skip: true}}]", "'big' is no size"),
        ("rules: [{name: a, when: {duration: {min: 1h, max: 1m}}, then: {skip: true}}]", "nothing"),
        (
            "rules: [{name: a, when: {kind: video}, then: {options: {model: x}}}]",
            "rule 'a': model is no option",
        ),
        (
            "rules: [{name: a, when: {kind: video}, then: {options: {compression.crf: 99}}}]",
            "compression.crf",
        ),
        (
            "rules: [{name: a, when: {kind: video}, then: {options: {force: true}}}]",
            "is for a run",
        ),
        (
            "rules: [{name: a, when: {kind: video}, then: {profile: quick}}]",
            "there is no profile 'quick'",
        ),
        (
            "rules: [{name: a, when: {language: de},"
            " then: {options: {transcription.model: small}}}]",
            "transcription.model is used before the language of an item is known",
        ),
        (
            "rules: [{name: a, when: {kind: video}, then: {skip: true}},"
            " {name: a, when: {kind: audio}, then: {skip: true}}]",
            "two rules are named 'a'",
        ),
        ("rules: !!python/object/apply:os.system ['true']", "is no YAML"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(
    settings: Settings, text: str, said: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        written(settings, text)
    assert said in str(refused.value) and str(settings.rules_file) in str(refused.value)


def test_no_file_and_an_empty_one_are_no_rules(settings: Settings) -> None:
    assert file.load(settings).rules == ()
    assert written(settings, "").rules == ()


def test_a_file_that_changes_is_read_again(settings: Settings) -> None:
    assert written(settings, "rules: [{name: a, when: {kind: video}, then: {skip: true}}]").rules
    assert written(settings, "rules: []").rules == ()


def test_the_example_of_the_documents_makes_sense_and_fits_the_schema(settings: Settings) -> None:
    page = (Path(__file__).parents[3] / "docs" / "operating.md").read_text()
    example = page.split("```yaml\n# rules.yaml\n")[1].split("```")[0]
    assert len(written(settings, example).rules) >= 3
    schema, wrong = settings.home / "schema.json", settings.home / "wrong.yaml"
    schema.write_text(json.dumps(file.schema()))
    wrong.write_text("rules: [{name: a, if: {}}]")
    assert [fits(schema, path) for path in (settings.rules_file, wrong)] == [True, False]


def fits(schema: Path, document: Path) -> bool:
    """Whether an editor would mark nothing."""
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema)]
    return subprocess.run([*command, str(document)], capture_output=True).returncode == 0
