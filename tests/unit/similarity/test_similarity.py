"""What counts as the same work, on real re-encodes, cuts, songs, slides and images."""

import base64
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.media import ffmpeg
from tests.paths import SAMPLES
from utils.errors import PermanentError
from utils.media import tools
from utils.media.probing import ffprobe
from utils.models.fingerprint import Fingerprint, Frame, Match
from utils.models.item import MediaKind
from utils.models.options import DuplicateOptions
from utils.similarity import fingerprint, lookup_terms
from utils.similarity.compare import match

pytestmark = pytest.mark.e2e  # real re-encodes

NIGHT, HAFEN = SAMPLES / "the night shift.mp4", SAMPLES / "Hafen am Abend.mp4"
FAST = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
OTHER_MELODY = (
    "0.3*sin(2*PI*t*(220+110*floor(mod(t*3,7))))+0.1*sin(2*PI*t*(300+90*floor(mod(t,5))))"
)


class Studio:
    """Makes media files, and their likenesses once each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[Path, Fingerprint] = {}

    def make(self, name: str, *arguments: Path | str) -> Fingerprint:
        if not (self.folder / name).exists():
            ffmpeg(*arguments, self.folder / name)
        return self.of(self.folder / name)

    def of(self, path: Path) -> Fingerprint:
        if path not in self.known:
            self.known[path] = self._look(path)
        return self.known[path]

    def _look(self, path: Path) -> Fingerprint:
        probe = ffprobe.probe(path)
        pictures = self.folder / f"stills-{path.name}"
        pictures.mkdir()
        stills = []
        if probe.video is not None:
            seconds = probe.duration_seconds or 1
            rate = () if probe.kind is MediaKind.IMAGE else (f"fps=48/{seconds}",)
            ffmpeg("-i", path, "-vf", ",".join((*rate, "scale='min(640,iw)':-2")), "-q:v", "4",
                   pictures / "%03d.jpg")  # fmt: skip
            stills = [
                (still, None if probe.kind is MediaKind.IMAGE else (n + 0.5) * seconds / 48)
                for n, still in enumerate(sorted(pictures.iterdir()))
            ]
        return fingerprint.of(
            path.name, probe.kind, probe.duration_seconds, stills, path,
            probe.audio[0].index if probe.audio else None,
        )  # fmt: skip


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio(tmp_path_factory.mktemp("studio"))


def same(a: Fingerprint, b: Fingerprint) -> Match:
    """The match, which is the same from both sides."""
    found, reverse = match(a, b, DuplicateOptions()), match(b, a, DuplicateOptions())
    assert (found is None) == (reverse is None)
    return found


@pytest.mark.parametrize("source", [NIGHT, HAFEN], ids=["fractal", "gradient"])
@pytest.mark.parametrize(
    "how",
    [
        ("-crf", "36", "-b:a", "48k"),
        ("-vf", "scale=240:-2", "-crf", "30"),
        ("-ss", "1", "-crf", "30"),
        ("-t", "LESS", "-crf", "30"),
    ],
    ids=["re-encode", "downscale", "without its first second", "without its last second"],
)
def test_a_copy_is_found(studio: Studio, source: Path, how: tuple[str, ...]) -> None:
    original = studio.of(source)
    less = f"{original.duration_seconds - 1:.3f}"
    how = tuple(less if part == "LESS" else part for part in how)
    seek = how[:2] if how[0] == "-ss" else ()
    name = f"{source.stem} {how[1].replace(':', 'x')} {how[0]}.mp4"
    copy = studio.make(name, *seek, "-i", source, *FAST, *how[len(seek) :])
    found = same(original, copy)
    assert found
    assert found.score > 0.75
    assert "frames within 10 bits, sound 0.9" in found.evidence.replace("1.00", "0.99")


def test_a_silent_copy_is_found_by_its_moving_picture(studio: Studio) -> None:
    silent = studio.make("silent.mp4", "-i", NIGHT, "-an", "-vf", "scale=320:-2", *FAST)
    assert silent.audio is None
    assert silent.audio_missing == "no sound"
    found = same(studio.of(NIGHT), silent)
    assert "sound" not in found.evidence


def test_two_scenes_of_one_film_are_different(studio: Studio) -> None:
    scenes = [
        studio.make(f"scene{start}.mp4", "-ss", str(start), "-t", "5.3", "-i", NIGHT, *FAST)
        for start in (0, 5.4)
    ]
    assert same(*scenes) is None


def test_a_dubbed_film_says_that_its_sound_differs(studio: Studio) -> None:
    dubbed = studio.make("dubbed.mp4", "-i", NIGHT, "-i", SAMPLES / "evening song.m4a",
                         "-map", "0:v", "-map", "1:a", "-c", "copy", "-shortest")  # fmt: skip
    found = same(studio.of(NIGHT), dubbed)
    assert found.evidence.startswith("same pictures, other sound, 48 of 48 frames")
    assert found.score < 0.7


@pytest.mark.parametrize("name", ["evening song.m4a", "lighthouse.mp3", "bericht.flac"])
def test_the_same_sound_as_wav_and_mp3_is_found(studio: Studio, name: str) -> None:
    source = SAMPLES / name
    wav = studio.make(f"{source.stem}.wav", "-i", source)
    mp3 = studio.make(f"{source.stem}-64.mp3", "-i", source, "-b:a", "64k")
    cut = studio.make(f"{source.stem}-cut.mp3", "-ss", "1.03", "-i", source, "-b:a", "128k")
    for copy in (mp3, cut):
        found = same(wav, copy)
        assert found
        assert found.score > 0.8
        assert found.evidence.startswith("sound 0.9") or found.evidence.startswith("sound 1.0")


def test_two_songs_and_two_voices_are_different(studio: Studio) -> None:
    song = studio.of(SAMPLES / "evening song.m4a")
    other = studio.make("other.wav", "-f", "lavfi", "-i", f"aevalsrc='{OTHER_MELODY}':d=12")
    voices = studio.of(SAMPLES / "lighthouse.mp3"), studio.of(SAMPLES / "bericht.flac")
    assert same(song, other) is None
    assert same(*voices) is None


@pytest.mark.parametrize("sound", ["sine=f=440", "anullsrc", "sine=f=50"])
def test_tones_and_silence_tell_nothing(studio: Studio, sound: str) -> None:
    name = sound.replace("=", "")
    pair = [
        studio.make(
            f"{name}-{n}.wav",
            "-f",
            "lavfi",
            "-i",
            f"{sound}:d={d}" if "=" in sound else f"{sound}=d={d}",
        )
        for n, d in enumerate((8, 8.2))
    ]
    assert pair[0].audio is not None
    assert same(*pair) is None


def test_black_pictures_are_flat_and_tell_nothing(studio: Studio) -> None:
    blacks = [
        studio.make(f"black{n}.mp4", "-f", "lavfi", "-i",
                    f"color=0x101010:s=320x180:d=3,noise=alls={8 + n}:allf=t", *FAST)
        for n in range(2)
    ]  # fmt: skip
    assert all(frame.flat for black in blacks for frame in black.frames)
    assert blacks[0].detail is None
    assert same(*blacks) is None
    assert lookup_terms.of(blacks[0]) == []


def slide(studio: Studio, name: str, lines: list[str]) -> Path:
    path = studio.folder / f"{name}.png"
    image = Image.new("RGB", (640, 360), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 640, 55), fill=(20, 60, 120))
    for number, line in enumerate(lines):
        draw.text((40, 80 + 40 * number), line, font=ImageFont.load_default(22), fill="black")
    image.save(path)
    return path


def spoken_slide(studio: Studio, name: str, lines: list[str], sound: Path) -> Fingerprint:
    picture = slide(studio, name, lines)
    return studio.make(f"{name}.mp4", "-loop", "1", "-i", picture, "-i", sound, "-t", "8",
                       "-r", "10", *FAST)  # fmt: skip


def test_one_slide_under_two_talks_and_two_slides_are_different(studio: Studio) -> None:
    points = ["• the measure of noise", "• what the index keeps", "• three figures"]
    first = spoken_slide(studio, "first", points, SAMPLES / "lighthouse.mp3")
    again = spoken_slide(studio, "again", points, SAMPLES / "bericht.flac")
    other = spoken_slide(studio, "other", ["• the harbour", "• questions, and tea"], NIGHT)
    assert same(first, again) is None
    assert same(first, other) is None
    quieter = studio.make("quieter.mp4", "-i", studio.folder / "first.mp4", "-vf", "scale=320:-2",
                          *FAST, "-af", "volume=-6dB")  # fmt: skip
    assert same(first, quieter)


def test_a_silent_slide_is_found_and_another_is_not(studio: Studio) -> None:
    pair = [
        studio.make(f"mute-{name}.mp4", "-loop", "1", "-i", slide(studio, f"mute-{name}", lines),
                    "-t", "4", "-r", "10", *FAST)
        for name, lines in (("a", ["• one", "• and two"]), ("b", ["• a long other line", "• two"]))
    ]  # fmt: skip
    copy = studio.make("mute-c.mp4", "-i", studio.folder / "mute-a.mp4", *FAST, "-crf", "35",
                       "-vf", "scale=320:-2")  # fmt: skip
    assert "a still picture" in same(pair[0], copy).evidence
    assert same(*pair) is None


def test_a_picture_is_found_smaller_and_coarser_but_not_moved(studio: Studio) -> None:
    photo = studio.of(SAMPLES / "coast.jpg")
    small = studio.make(
        "small.jpg", "-i", SAMPLES / "coast.jpg", "-vf", "scale=400:-2", "-q:v", "9"
    )
    shots = [
        studio.make(f"shot{at}.jpg", "-i", SAMPLES / "coast.jpg", "-vf",
                    f"crop=iw*0.97:ih*0.97:iw*{at}:ih*{at}", "-q:v", "4")
        for at in ("0.0", "0.03")
    ]  # fmt: skip
    wide = studio.make("wide.jpg", "-i", SAMPLES / "coast.jpg", "-vf", "scale=640:300")
    assert same(photo, small).evidence.endswith("same shape")
    assert same(*shots) is None
    assert same(photo, wide) is None


def test_an_image_and_a_film_of_it_are_not_compared(studio: Studio) -> None:
    film = studio.make("still.mp4", "-loop", "1", "-i", SAMPLES / "coast.jpg", "-t", "2", "-vf",
                       "scale=320:-2", *FAST)  # fmt: skip
    assert same(studio.of(SAMPLES / "coast.jpg"), film) is None


def test_the_cover_of_a_song_is_no_evidence(studio: Studio) -> None:
    song = fingerprint.of("a", MediaKind.AUDIO, 12.0, [(SAMPLES / "coast.jpg", None)],
                       SAMPLES / "evening song.m4a", 0)  # fmt: skip
    assert song.frames == ()
    assert song.detail is None


def test_lengths_that_differ_too_much_are_not_compared(studio: Studio) -> None:
    half = studio.make("half.mp3", "-i", SAMPLES / "lighthouse.mp3", "-t", "5")
    assert same(studio.of(SAMPLES / "lighthouse.mp3"), half) is None


def test_the_fingerprint_of_ten_hours_is_that_of_the_first_minutes(tmp_path: Path) -> None:
    command = fingerprint.command(tmp_path / "long.mp3", 0, tmp_path / "out")
    assert command.index("-t") < command.index("-i")
    assert command[command.index("-t") + 1] == "300"


def test_a_sound_too_short_for_a_fingerprint_says_so(studio: Studio) -> None:
    short = studio.make("short.wav", "-f", "lavfi", "-i", "sine=d=1")
    assert short.audio is None
    assert "too short" in short.audio_missing


def test_an_ffmpeg_without_chromaprint_is_no_error(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = next(path for path in map(str, [tools._from_wheel("ffprobe")]) if path)
    monkeypatch.setattr(tools, "find", lambda tool: bare)
    fingerprint.can_listen.cache_clear()
    try:
        found = fingerprint.of("a", MediaKind.AUDIO, 12.0, [], SAMPLES / "evening song.m4a", 0)
    finally:
        fingerprint.can_listen.cache_clear()
    assert found.audio is None
    assert "no Chromaprint" in found.audio_missing


def test_a_still_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "still.jpg").write_text("no picture")
    with pytest.raises(PermanentError, match=r"still\.jpg is no picture"):
        fingerprint.of("a", MediaKind.IMAGE, None, [(tmp_path / "still.jpg", None)], tmp_path, None)


def test_nothing_known_is_no_match() -> None:
    nothing = Fingerprint(item_id="a", kind=MediaKind.VIDEO, duration_seconds=None)
    assert same(nothing, nothing.model_copy(update={"item_id": "b"})) is None


def image_of(value: int) -> Fingerprint:
    return Fingerprint(item_id="x", kind=MediaKind.IMAGE, duration_seconds=None, aspect=1.5,
                    frames=(Frame(time_seconds=None, phash=f"{value:016x}"),),
                    detail="0" * 64)  # fmt: skip


def test_every_image_within_seven_bits_shares_a_term() -> None:
    chance = np.random.default_rng(3)
    for _ in range(300):
        value = int(chance.integers(0, 2**63))
        flipped = value
        for bit in chance.choice(64, 7, replace=False):
            flipped ^= 1 << int(bit)
        assert set(lookup_terms.of(image_of(value))) & set(
            lookup_terms.searched(image_of(flipped))[0]
        )


def test_a_cut_copy_shares_many_terms_and_another_voice_hardly_any(studio: Studio) -> None:
    known = {
        name: set(lookup_terms.of(studio.of(SAMPLES / name)))
        for name in ("lighthouse.mp3", "bericht.flac")
    }
    cut = studio.make("cut.m4a", "-ss", "1.03", "-i", SAMPLES / "lighthouse.mp3", "-b:a", "48k")
    assert len(known["lighthouse.mp3"] & set(lookup_terms.of(cut))) >= 6
    assert len(known["bericht.flac"] & set(lookup_terms.of(cut))) <= 2


def test_the_fingerprint_is_chromaprints_own(studio: Studio) -> None:
    printed = subprocess.run(
        [tools.find("ffmpeg"), "-v", "error", "-i", SAMPLES / "lighthouse.mp3", "-f", "chromaprint",
         "-fp_format", "raw", "-"], capture_output=True, check=True,
    ).stdout  # fmt: skip
    assert base64.b64decode(studio.of(SAMPLES / "lighthouse.mp3").audio) == printed


def test_surround_sound_has_a_fingerprint_too(tmp_path: Path) -> None:
    film = tmp_path / "surround.mka"
    ffmpeg("-f", "lavfi", "-i", "anoisesrc=d=6", "-af", "aformat=channel_layouts=5.1", film)
    found = fingerprint.of("a" * 64, MediaKind.AUDIO, 6.0, [], film, 0)
    assert found.audio is not None
