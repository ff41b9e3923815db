"""House rules: checked as they are read, contradictions refused, items held against them."""

from typing import Any

import pytest
import yaml

from utils.config import Settings
from utils.errors import SettingsError
from utils.models.analysis import Understanding
from utils.models.approval import Subject
from utils.models.house_rules import HouseCheck, HouseRules, HouseRulesFile
from utils.models.options import PipelineOptions
from utils.models.transcript import Segment
from utils.pipeline import fingerprint, step_key
from utils.rules import house_rules

WHOLE = """
brand: AO Khmer
brand_colours: ["#032ea1", "#E00025"]
prohibited_topics:
  - name: gambling
    words: [casino, ភ្នាល់, 赌博]
    reason: the house is for families
  - politics
allowed_words: Casino Royale
romanisation: UNGEGN
cultural_notes: [Kings are spoken of with respect.]
required: [translation, romanisation]
sources:
  "kids-*":
    prohibited_topics: [alcohol]
    required: summary
  "kids-films":
    allowed_topics: [gambling]
    not_required: [translation]
    brand: AO Kids
  "instrumental":
    romanisation: none
    not_required: [romanisation]
"""


def written(settings: Settings, text: str) -> HouseRulesFile:
    settings.house_rules_file.write_text(text)
    return house_rules.load(settings)


def said(*texts: str, **more: Any) -> Subject:
    segments = [
        Segment(start_seconds=2.0 * n, end_seconds=2.0 * n + 2, text=text)
        for n, text in enumerate(texts)
    ]
    return Subject(**({"title": "x", "kind": "audio", "segments": tuple(segments)} | more))


def understood(**more: Any) -> Understanding:
    return Understanding(**({"summary": "A song."} | more))


def test_all_that_is_written_is_read(settings: Settings) -> None:
    rules = written(settings, WHOLE)
    assert rules.brand_colours == ("#032EA1", "#E00025")
    assert rules.romanisation == "ungegn"
    assert rules.prohibited_topics[1].sought == ("politics",)
    assert rules.allowed_words == ("Casino Royale",)


def test_a_source_adds_and_says_otherwise_and_the_later_has_the_last_word(
    settings: Settings,
) -> None:
    rules = written(settings, WHOLE)
    top = house_rules.for_source(rules, None)
    assert top.required == ("translation", "romanisation")
    films = house_rules.for_source(rules, "Kids-Films")
    assert [topic.name for topic in films.prohibited_topics] == ["politics", "alcohol"]
    assert films.required == ("romanisation", "summary")
    assert (films.brand, films.brand_colours) == ("AO Kids", rules.brand_colours)
    assert house_rules.for_source(rules, "instrumental").required == ("translation",)
    assert house_rules.for_source(rules, "talks") == top


def test_without_a_file_nothing_holds(settings: Settings) -> None:
    assert house_rules.load(settings) == HouseRulesFile()
    assert house_rules.digest(settings) == ""
    assert house_rules.check(said("casino"), HouseRules()) == HouseCheck()


def test_a_file_that_somebody_named_must_be_there(settings: Settings) -> None:
    named = settings.model_copy(update={"house_rules": settings.home / "nowhere.yaml"})
    with pytest.raises(SettingsError, match="nowhere"):
        house_rules.load(named)


def test_the_digest_changes_with_what_is_said_and_not_with_how(settings: Settings) -> None:
    written(settings, WHOLE)
    before = house_rules.digest(settings)
    written(settings, "# a remark\n" + WHOLE)
    assert house_rules.digest(settings) == before
    written(settings, WHOLE.replace("AO Kids", "AO"))
    assert house_rules.digest(settings) != before


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("brands: AO", "brands: there is no such rule"),
        ("sources: {talks: {romanization: ungegn}}", "source 'talks', romanization"),
        ("brand: AO\nbrand: KO", "brand is said twice, in line 1 and line 2"),
        ("romanisation: ungegn\nbrand: x\nromanisation: ala-lc", "line 1 and line 3"),
        ("romanisation: [ungegn, ala-lc]", "one standard holds"),
        ("romanisation: wade-giles", "ungegn"),
        ("romanisation: no", "in quotes"),
        ("brand_colours: #032EA1", "in quotes"),
        ("brand_colours:\n  - #032EA1", "in quotes"),
        ("brand_colours: [blue]", "'blue' is no colour"),
        ('brand_colours: ["#03A"]', "is no colour"),
        ('brand_colours: ["#032EA1", "#032ea1"]', "#032EA1 is there twice"),
        ("prohibited_topics: [{name: odds, words: [1984]}]", "'odds', words, number 1: YAML reads"),
        ("prohibited_topics: [{words: [x]}]", "name"),
        ('prohibited_topics: [{name: a, words: ["*"]}]', "nothing is found"),
        ("prohibited_topics: [Politics, politics]", "two prohibited topics"),
        ("prohibited_topics: [{name: a, words: [Casino]}]\nallowed_words: casino", "'casino' is"),
        ("required: [subtitles]", "required, number 1"),
        ("required: romanisation\nromanisation: none", "its standard is none"),
        (
            "prohibited_topics: [wine]\nsources: {a: {allowed_topics: Wine, "
            "prohibited_topics: wine}}",
            "allowed and prohibited",
        ),
        ("sources: {a: {allowed_topics: wine}}", "nothing prohibits it"),
        ("sources: {a: {required: summary, not_required: summary}}", "required and not required"),
        ("required: romanisation\nsources: {a: {romanisation: none}}", "source 'a'"),
        (
            "sources: {'kids-*': {romanisation: none}, '*-songs': {required: romanisation}}",
            "'kids-\\*' and '\\*-songs'",
        ),
        ("allowed_topics: wine", "there is no such rule"),
        ("- brand", "valid dictionary"),
        ("a: [", "is no YAML"),
        ("brand_colours: [#032EA1]", "write a colour in quotes"),
    ],
)
def test_what_makes_no_sense_or_contradicts_says_where(
    settings: Settings, text: str, what: str
) -> None:
    with pytest.raises(SettingsError, match=what) as caught:
        written(settings, text)
    assert str(settings.house_rules_file) in str(caught.value)


def test_what_is_said_otherwise_in_another_place_is_no_contradiction(settings: Settings) -> None:
    rules = written(
        settings,
        "prohibited_topics: [wine]\nrequired: romanisation\nsources:\n"
        "  a: {allowed_words: wine}\n  b: {romanisation: none, not_required: romanisation}\n  c:\n",
    )
    assert not house_rules.check(said("wine"), house_rules.for_source(rules, "a")).breaches
    assert house_rules.for_source(rules, "c") == house_rules.for_source(rules, None)


def test_what_the_house_rules_say_is_part_of_what_an_item_is_done_under(
    settings: Settings,
) -> None:
    options = PipelineOptions().without("check_house_rules")
    keys = []
    for text in ("brand: AO", "brand: AO # the same", "romanisation: ungegn"):
        written(settings, text)
        keys.append(fingerprint.done_key(options, settings))
    assert keys[0] == keys[1] != keys[2]


def test_other_colours_judge_nothing_again(settings: Settings) -> None:
    plain = step_key.canonical(HouseRules(brand="AO"), settings.home)
    coloured = HouseRules(brand="AO", brand_colours=("#032EA1",))
    assert step_key.canonical(coloured, settings.home) == plain


def test_a_prohibited_word_is_found_with_its_quote_and_time(settings: Settings) -> None:
    rules = written(settings, "prohibited_topics: [{name: bets, words: [real money, ភ្នាល់]}]")
    subject = said("We play for", "real", "money tonight", title="ភ្នាល់", texts=("REAL MONEY",))
    found = house_rules.check(subject, rules).breaches
    assert [(one.rule, one.start_seconds) for one in found] == [
        ("prohibited topic: bets", None),
        ("prohibited topic: bets", 2.0),
        ("prohibited topic: bets", None),
    ]
    assert found[1].quote == "We play for real money tonight"
    assert [one.reason.split(" stands in the ")[1] for one in found] == [
        "title", "transcript", "text in the picture"
    ]  # fmt: skip


def test_a_prohibited_word_in_a_translation_counts(settings: Settings) -> None:
    rules = written(settings, "prohibited_topics: [{name: bets, words: casino}]")
    subject = said("កាស៊ីណូ", understanding=understood(translation="The casino"))
    (found,) = house_rules.check(subject, rules).breaches
    assert "translation" in found.reason


KHMER = "ភ្លៀងធ្លាក់លើទន្លេ"


@pytest.mark.parametrize(
    ("required", "subject", "breaches"),
    [
        ("transcript", said(), 1),
        ("transcript", said("x"), 0),
        ("transcript", said(kind="image"), 0),
        ("summary", said("x"), 1),
        ("summary", said("x", video_summary="A pier."), 0),
        ("translation", said("x", language="en", understanding=understood()), 0),
        ("translation", said("x", language="km", understanding=understood()), 1),
        ("translation", said(), 0),
        ("translation", said("ភ្លៀងធ្លាក់", language="en", understanding=understood()), 1),
        ("romanisation", said("plain"), 0),
        ("romanisation", said(KHMER, language="km"), 1),
        ("romanisation", said(KHMER, understanding=understood(romanisation="phlieng")), 0),
    ],
)
def test_what_an_item_must_have(required: str, subject: Subject, breaches: int) -> None:
    rules = HouseRules(required=(required,))
    assert len(house_rules.check(subject, rules).breaches) == breaches


@pytest.mark.parametrize(
    ("standard", "language", "romanised", "breach"),
    [
        ("ungegn", "km", "phliĕng thleăk leu tônlé", None),
        ("ungegn", "km", "phlīeng thḷeak leu dandlē", "accents"),
        ("ungegn", "km", "phlieng ភ្លៀង", "no Latin letter"),
        ("any", "km", "phlīeng thḷeak", None),
        ("none", "km", "phlieng", "there is to be no romanisation"),
        ("hepburn", "ja", "Tōkyō wa ame", None),
        ("hepburn", "ja", "Tôkyô wa âme", "accents"),
        ("pinyin", "zh", "nǐ hǎo lǜ", None),
        ("pinyin", "km", "phlīeng", None),  # not for Khmer: a note
        (None, "km", "ភ្លៀង", None),
    ],
)
def test_a_romanisation_is_held_against_the_standard(
    standard: Any, language: str, romanised: str, breach: str | None
) -> None:
    text = {"km": KHMER, "ja": "雨が降る", "zh": "下雨了"}[language]
    subject = said(text, language=language, understanding=understood(romanisation=romanised))
    found = house_rules.check(subject, HouseRules(romanisation=standard))
    assert len(found.breaches) == (breach is not None)
    assert breach is None or breach in found.breaches[0].reason
    assert found.breaches or found.notes or standard in (None, "any")


def test_another_standard_and_none_at_all_are_told() -> None:
    rules = HouseRules(romanisation="ungegn")
    other = understood(romanisation="phlieng", romanisation_standard="ALA-LC (2012)")
    (found,) = house_rules.check(said(KHMER, language="km", understanding=other), rules).breaches
    assert "ALA-LC" in found.reason
    rough = understood(romanisation="phlien", romanised_by="anyascii, by rules")
    told = house_rules.check(said(KHMER, language="km", understanding=rough), rules)
    assert not told.breaches and "follows no standard" in told.notes[0]
    strict = rules.model_copy(update={"required": ("romanisation",)})
    assert house_rules.check(said(KHMER, understanding=rough), strict).breaches


def test_the_schema_knows_every_rule() -> None:
    document = house_rules.schema()
    assert set(document["properties"]) == set(HouseRulesFile.model_fields)
    assert set(yaml.safe_load(WHOLE)) <= set(document["properties"])
