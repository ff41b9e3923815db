from pathlib import Path
from typing import Any

from utils.analysis import analyst, local_text
from utils.config import Settings
from utils.db import words
from utils.models.analysis import Understanding
from utils.models.record import ItemRecord, SegmentRecord, ThumbnailRecord
from utils.models.transcript import Segment, Transcript
from utils.observability.reports.markdown import cell
from utils.search import embedder, passages

RIVER = (
    "The river boats arrived at dawn. Fishermen sold their catch on the quay. By noon the "
    "market was crowded. Nobody sold any fish after noon. The boats left again before dusk. "
    "A river without boats is a quiet river."
)


def spoken(text: Any, language: Any = "en") -> Any:
    segments = [
        Segment(start_seconds=2.0 * n, end_seconds=2.0 * n + 2, text=part)
        for n, part in enumerate(text.split(". "))
    ]
    return Transcript(engine="x", language=language, segments=tuple(segments))


def test_keywords_are_content_words_in_their_base_form() -> None:
    assert local_text.keywords(RIVER, "en")[:2] == ["river", "boat"]
    assert "the" not in local_text.keywords(RIVER, "en")
    assert local_text.keywords("Die Häuser und die Häuser", "de") == ["haus"]


def test_a_summary_is_made_of_sentences_of_the_text() -> None:
    summary = local_text.summary(RIVER, "en")
    assert 0 < len(summary) < len(RIVER)
    assert all(part.strip(". ") in RIVER for part in summary.split(". "))


def test_a_language_without_a_dictionary_still_gives_words() -> None:
    assert local_text.keywords("ភ្លៀង ធ្លាក់ លើ ទន្លេ", "km")


def test_no_text_gives_no_invention() -> None:
    found = local_text.analyze(Transcript(engine="x"))
    assert found.understanding == Understanding(summary="")
    assert found.engine.startswith("local")


def test_a_key_switches_gemini_on(settings: Settings) -> None:
    from pydantic import SecretStr

    from utils.models.options import AnalysisOptions

    auto = AnalysisOptions()
    assert analyst.engine(auto, settings) == "local"
    keyed = settings.model_copy(update={"gemini_api_key": SecretStr("k")})
    assert analyst.engine(auto, keyed) == "gemini gemini-3.5-flash-lite"
    assert analyst.engine(AnalysisOptions(engine="local"), keyed) == "local"


def record(texts: list[str], title: str = "River", **facts: Any) -> ItemRecord:
    segments = tuple(
        SegmentRecord(start_seconds=2.0 * n, end_seconds=2.0 * n + 2, text=part)
        for n, part in enumerate(texts)
    )
    return ItemRecord(item_id="i" * 64, kind="audio", title=title, segments=segments, **facts)


def test_passages_are_a_summary_keywords_and_chunks_with_their_times() -> None:
    lines = (" ".join([RIVER] * 3)).split(". ")
    found = passages.passages(record(lines, summary="Boats.", keywords=("boat", "quay")))
    assert [passage.kind for passage in found[:3]] == ["summary", "keywords", "speech"]
    assert [passage.text for passage in found[:2]] == ["River · Boats.", "boat, quay"]
    assert found[2].start_seconds == 0
    assert all(len(passage.text) < 600 for passage in found)
    assert " ".join(p.text for p in found[2:]) == " ".join(lines)
    assert len({passage.passage_id for passage in found}) == len(found)


def test_a_passage_keeps_its_id_while_it_says_the_same() -> None:
    chorus, verse = "La la la. " * 60, "A verse. " * 60
    before = passages.passages(record([chorus, verse, chorus]))
    after = passages.passages(record(["An intro. " * 60, chorus, verse, chorus], title="Song"))
    assert {p.passage_id for p in before[1:]} < {p.passage_id for p in after}
    assert before[0].passage_id != after[0].passage_id


def test_the_same_still_is_one_picture_wherever_it_lies(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text("same" if name < "c" else "other")
    stills = tuple(ThumbnailRecord(path=tmp_path / name) for name in ("a", "b", "c"))
    before = passages.pictures(record([], thumbnails=stills))
    assert len(before) == 2
    (tmp_path / "a").rename(tmp_path / "d")
    moved = ThumbnailRecord(path=tmp_path / "d")
    after = passages.pictures(record([], thumbnails=(moved, *stills[1:])))
    assert [p.passage_id for p in after] == [p.passage_id for p in before]


def test_words_are_letters_digits_and_marks() -> None:
    assert words.words("Straße, ÜBER-all 3.5 e_mail!") == [
        "strasse", "uber", "all", "3", "5", "e", "mail"
    ]  # fmt: skip
    assert words.words("हिन्दी में") == ["हिन्दी", "में"]
    assert words.words("İstanbul") == words.words("istanbul")


def test_a_script_without_spaces_is_its_pairs() -> None:
    assert words.words("東京タワー") == ["東京", "京タ", "タワ", "ワー", "ー"]
    assert words.terms("東京")[0].words == ("東京",)
    assert words.terms("東")[0].prefix


def test_the_embedder_matches_meaning_across_languages() -> None:
    model = embedder.load()
    texts = ["Das Schiff verlässt den Hafen.", "A recipe for tomato soup."]
    ship, soup = model.passages(texts)
    query = model.query("boats leaving the harbour")

    def near(vector: list[float]) -> float:
        return sum(a * b for a, b in zip(query, vector, strict=True))

    assert near(ship) > near(soup)
    assert model.name == embedder.name()


def test_text_from_strangers_is_no_markup_in_the_artifact() -> None:
    assert cell("![x](javascript:1)|<b>\n# y") == r"\!\[x\](javascript:1)\|\<b\>␤# y"


def test_without_a_model_a_song_is_romanised_line_by_line_and_marked_as_rough() -> None:
    found = local_text.analyze(spoken("ភ្លៀងធ្លាក់. ខ្ញុំ", "km")).understanding
    assert found.romanisation == "phliengthlaka\nkhnhoam"
    assert found.romanised_by == "anyascii, by rules"
    assert found.romanisation_standard is None


def test_what_is_latin_wrong_or_not_wanted_is_not_romanised() -> None:
    assert local_text.analyze(spoken("Plain text", "de")).understanding.romanisation is None
    assert local_text.analyze(spoken("雨が降る", "ja")).understanding.romanisation is None
    khmer = local_text.analyze(spoken("ភ្លៀង", "km"), "none").understanding
    assert (khmer.romanisation, khmer.romanised_by) == (None, None)


def test_syllables_of_chinese_are_divided() -> None:
    assert local_text.analyze(spoken("下雨了", "zh")).understanding.romanisation == "xia yu le"
