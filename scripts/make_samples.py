"""Makes samples/: a small library with everything that a night meets.

Needs espeak-ng on PATH (apt install espeak-ng). The repository ships what this makes, so that
nobody needs it to try Night Shift:

    python scripts/make_samples.py
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from utils.media import tools

SAMPLES = Path(__file__).parent.parent / "samples"
ENGLISH = (
    "The night shift begins at ten. Every recording in the library is listened to, "
    "judged and compressed. In the morning there is one report."
)
LIGHTHOUSE = (
    "The lighthouse keeper climbs the stairs every evening. He lights the lamp "
    "before the fishing boats come home."
)
GERMAN = (
    "Das Schiff verlässt den Hafen am Abend. Die Fischer kommen mit dem Nordwind zurück. "
    "Am Morgen lesen wir den Bericht."
)
# A melody over a drone: A minor, one note each half second, in Hz.
MELODY = (440, 523.25, 659.25, 523.25, 587.33, 523.25, 493.88, 440)


def main() -> None:
    shutil.rmtree(SAMPLES, ignore_errors=True)
    SAMPLES.mkdir()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        speak(ENGLISH, "en", scratch / "en.wav")
        speak(LIGHTHOUSE, "en-gb", scratch / "lighthouse.wav")
        speak(GERMAN, "de", scratch / "de.wav")
        video(
            "mandelbrot=s=640x360:r=25", scratch / "en.wav", SAMPLES / "the night shift.mp4", "eng"
        )
        video("gradients=s=640x360:r=25:speed=0.05:seed=7", scratch / "de.wav",
              SAMPLES / "Hafen am Abend.mp4", "deu")  # fmt: skip
        ffmpeg("-i", scratch / "lighthouse.wav", "-ar", "44100", "-b:a", "192k",
               "-metadata", "title=The lighthouse keeper", SAMPLES / "lighthouse.mp3")  # fmt: skip
        ffmpeg("-i", scratch / "de.wav", SAMPLES / "bericht.flac")
    song(SAMPLES / "evening song.m4a")
    ffmpeg("-f", "lavfi", "-i", "mandelbrot=s=1600x1066:start_scale=0.02", "-frames:v", "1",
           "-q:v", "4", SAMPLES / "coast.jpg")  # fmt: skip
    shutil.copy(SAMPLES / "the night shift.mp4", SAMPLES / "the night shift (copy).mp4")
    whole = (SAMPLES / "Hafen am Abend.mp4").read_bytes()
    (SAMPLES / "broken camera file.mp4").write_bytes(whole[: len(whole) // 2])
    for path in sorted(SAMPLES.iterdir()):
        print(f"{path.stat().st_size / 1024:8.0f} KiB  {path.name}")


def speak(text: str, voice: str, target: Path) -> None:
    subprocess.run(["espeak-ng", "-v", voice, "-s", "130", "-w", target, text], check=True)


def video(picture: str, sound: Path, target: Path, language: str) -> None:
    """A moving picture as long as the speech; the index at the end, as cameras write it."""
    ffmpeg("-f", "lavfi", "-i", picture, "-i", sound, "-shortest", "-c:v", "libx264",
           "-preset", "veryfast", "-b:v", "600k", "-pix_fmt", "yuv420p", "-c:a", "aac",
           "-b:a", "128k", "-ar", "48000", "-metadata:s:a:0", f"language={language}",
           "-metadata", "creation_time=2026-05-01T20:15:00Z", target)  # fmt: skip


def song(target: Path) -> None:
    """Twelve seconds of plucked notes over a drone: music that no voice is in."""
    notes = "+".join(
        f"between(mod(t,4),{n / 2},{n / 2 + 0.5})*sin(2*PI*{hz}*t)*exp(-4*mod(t,0.5))"
        for n, hz in enumerate(MELODY)
    )
    expression = f"0.25*({notes})+0.08*sin(2*PI*110*t)+0.05*sin(2*PI*164.81*t)"
    ffmpeg("-f", "lavfi", "-i", f"aevalsrc='{expression}':d=12:s=44100", "-b:a", "160k",
           "-metadata", "title=Evening song", target)  # fmt: skip


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run([tools.find("ffmpeg"), "-v", "error", "-y", *arguments], check=True)


if __name__ == "__main__":
    main()
