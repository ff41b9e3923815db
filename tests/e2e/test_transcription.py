"""Real weights, real speech: both engines, one model among threads."""

import json
from concurrent.futures import ThreadPoolExecutor
from difflib import SequenceMatcher
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.paths import FIXTURES, SAMPLES
from utils.config import load_settings
from utils.media.probing import ffprobe
from utils.models.options import TranscriptionOptions
from utils.models.transcript import Transcript
from utils.speech import conversion, openai_whisper, transcriber, weights

ENGLISH, GERMAN = SAMPLES / "lighthouse.mp3", SAMPLES / "bericht.flac"
SAID = "the lighthouse keeper climbs the stairs every evening he lights the lamp"


def hear(path: Path, **options: Any) -> Transcript:
    probe = ffprobe.probe(path)
    return transcriber.transcribe(
        path, probe, None, TranscriptionOptions(**options), load_settings()
    )


def plain(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalpha() or c == " ")


@pytest.mark.parametrize("engine", ["openai-whisper", "faster-whisper"])
def test_the_first_sentence_of_english_is_heard_with_its_language(engine: str) -> None:
    found = hear(ENGLISH, engine=engine)
    assert found.language == "en"
    assert plain(found.text).startswith(SAID)
    assert found.engine.startswith(engine)
    assert 0.5 < found.confidence <= 1
    assert found.hallucination == 0
    assert all(part.start_seconds < part.end_seconds for part in found.segments)


@pytest.mark.parametrize("engine", ["openai-whisper", "faster-whisper"])
def test_german_is_told_from_english(engine: str) -> None:
    found = hear(GERMAN, engine=engine)
    assert found.language == "de"
    assert "Hafen" in found.text


def test_words_have_times_within_their_segment_on_request() -> None:
    (first, *_) = hear(ENGLISH, words=True).segments
    assert [plain(word.text).strip() for word in first.words][:3] == ["the", "lighthouse", "keeper"]
    starts = [word.start_seconds for word in first.words]
    assert starts == sorted(starts)
    assert hear(ENGLISH).segments[0].words == ()


@pytest.mark.parametrize("engine", ["openai-whisper", "faster-whisper"])
def test_words_begin_and_end_where_they_are_said(engine: str) -> None:
    said = json.loads((FIXTURES / "spoken_words.json").read_text())  # by espeak-ng's own events
    found = hear(FIXTURES / "spoken_words.opus", engine=engine, words=True, language="en")
    heard = [
        (plain(word.text).strip(), word.start_seconds, word.end_seconds)
        for segment in found.segments
        for word in segment.words
    ]
    blocks = SequenceMatcher(None, [w[0] for w in said], [w[0] for w in heard], autojunk=False)
    pairs = [
        (said[block.a + n], heard[block.b + n])
        for block in blocks.get_matching_blocks()
        for n in range(block.size)
    ]
    assert len(pairs) > 0.8 * len(said)
    assert median(abs(a[side] - b[side]) for a, b in pairs for side in (1, 2)) <= 0.05


@pytest.mark.parametrize("engine", ["openai-whisper", "faster-whisper"])
def test_expected_names_are_spelled_as_they_were_given_and_no_word_is_lost(engine: str) -> None:
    found = hear(ENGLISH, engine=engine, vocabulary="the Lyghthouse Keepar", language="en")
    assert found.text.startswith("The Lyghthouse Keep")
    assert len(found.text.split()) >= len(hear(ENGLISH, engine=engine, language="en").text.split())
    assert found.left_out is None


def test_a_translation_is_english_and_says_what_was_heard() -> None:
    found = hear(GERMAN, engine="faster-whisper", translate=True)
    assert (found.language, found.text_language) == ("de", "en")
    assert "harbor" in found.text


def test_speech_late_in_a_file_is_found_at_its_time(tmp_path: Path) -> None:
    from tests.media import ffmpeg

    late = tmp_path / "late.wav"
    ffmpeg("-i", ENGLISH, "-af", "adelay=20000:all=1", late)
    found = hear(late)
    assert plain(found.text).startswith(SAID)
    assert found.segments[0].start_seconds == pytest.approx(20, abs=1)


@pytest.mark.parametrize("engine", ["openai-whisper", "faster-whisper"])
def test_each_stretch_of_voice_is_written_in_its_language(tmp_path: Path, engine: str) -> None:
    from tests.media import ffmpeg

    both = tmp_path / "both.wav"
    ffmpeg("-i", GERMAN, "-i", ENGLISH, "-filter_complex",
           "[0]aresample=16000,apad=pad_dur=1[a];[1]aresample=16000,atrim=0:9[b];"
           "[a][b]concat=v=0:a=1", both)  # fmt: skip
    found = hear(both, engine=engine)
    assert found.languages == ("de", "en")
    german = " ".join(part.text for part in found.segments if part.language == "de")
    english = " ".join(part.text for part in found.segments if part.language == "en")
    assert "Hafen" in german
    assert plain(english).startswith(SAID[:25])
    assert hear(both, engine=engine).text == found.text


def test_the_track_that_speaks_is_heard_and_named(tmp_path: Path) -> None:
    from tests.media import ffmpeg

    film = tmp_path / "film.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=s=64x64:r=5:d=8", "-f", "lavfi", "-i", "anullsrc=d=8",
           "-i", ENGLISH, "-map", "0", "-map", "1", "-map", "2:a", "-t", "8",
           "-disposition:a:0", "0", "-disposition:a:1", "default", film)  # fmt: skip
    found = hear(film)
    assert plain(found.text).startswith(SAID[:25])
    assert (found.stream_index, found.heard_in) == (2, "sound 2 of 2 (default)")


def test_music_and_silence_are_not_written_down(tmp_path: Path) -> None:
    from tests.media import ffmpeg

    silence = tmp_path / "silence.wav"
    ffmpeg("-f", "lavfi", "-i", "anullsrc=d=5", silence)
    for path in (SAMPLES / "evening song.m4a", silence):
        found = hear(path)
        assert found.text == ""
        assert found.engine == "silero-vad (no voice)"


def test_two_threads_hear_what_one_hears() -> None:
    alone = [hear(ENGLISH).text, hear(GERMAN).text]
    with ThreadPoolExecutor(2) as pool:
        assert [t.text for t in pool.map(hear, (ENGLISH, GERMAN))] == alone


def test_the_copies_for_threads_share_their_weights() -> None:
    model = openai_whisper.load("base", load_settings())
    copies = [model._models.get(), model._models.get()]
    try:
        first, second = (copy.decoder.token_embedding.weight for copy in copies)
        assert first.data_ptr() == second.data_ptr()
        assert copies[0].decoder is not copies[1].decoder
    finally:
        for copy in copies:
            model._models.put(copy)
    assert openai_whisper.load("base", load_settings()) is model


def test_the_registrys_weights_are_whispers_own_shape() -> None:
    state = conversion.state_dict(
        conversion.read(weights.ctranslate2("base", load_settings()) / "model.bin")
    )
    import whisper

    dims = whisper.model.ModelDimensions(**conversion.dimensions(state))
    wanted = whisper.model.Whisper(dims).state_dict()
    assert {n: tuple(v.shape) for n, v in state.items()} == {
        name: tuple(value.shape) for name, value in wanted.items()
    }


def test_a_model_that_nobody_has_is_a_clear_error() -> None:
    from utils.errors import SettingsError

    with pytest.raises(SettingsError, match="Choose base"):
        weights.ctranslate2("enormous", load_settings())
