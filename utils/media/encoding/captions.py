"""What was said as a track of a rendition: copied beside the streams that are there."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from utils.errors import PermanentError
from utils.media import tools
from utils.media.encoding import encode, fact_sheet
from utils.media.probing import ffprobe
from utils.metadata.languages import three_letters
from utils.models.rendition import Rendition
from utils.models.subtitles import Captions
from utils.processes import child_process
from utils.storage import scratch
from utils.storage.files import whole_file

_CODECS = {".mp4": "mov_text", ".mkv": "subrip"}


def added(made: Rendition, captions: Captions) -> Rendition:
    """The rendition with one track more, under a name of its own; the one without is removed.

    Raises:
        PermanentError: the container takes no subtitles, or lost something else.
    """
    path = made.path
    if path.suffix not in _CODECS:
        raise PermanentError(f"a {path.suffix} file takes no subtitles")
    digest = hashlib.sha256(captions.model_dump_json().encode()).hexdigest()[:8]
    target = path.with_name(f"{path.stem}-{digest}{path.suffix}")
    before = ffprobe.probe(path)
    with (
        tempfile.TemporaryDirectory(dir=scratch.folder()) as folder,
        whole_file(target) as temporary,
    ):
        text = Path(folder) / "captions.srt"
        text.write_text(captions.text, encoding="utf-8")
        child_process.run(
            command(path, text, temporary, len(before.subtitles), captions.language), path
        )
        if path.suffix == ".mp4":
            encode.complete(temporary, fact_sheet.read(path))
        after = ffprobe.probe(temporary)
        if len(after.subtitles) != len(before.subtitles) + 1:
            raise PermanentError("the track did not arrive")
        if _hashes(path) != _hashes(temporary):
            raise PermanentError("a stream came out otherwise")
    path.unlink()
    return made.model_copy(update={"path": target, "size_bytes": target.stat().st_size})


def command(path: Path, text: Path, target: Path, number: int, language: str | None) -> list[str]:
    """ffmpeg's command line: all streams copied, the text as subtitle track ``number``."""
    return [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-v", "error", "-y"),
        *tools.input_arguments(path),
        *("-f", "srt", "-i", f"file:{text}"),
        *("-map", "0", "-map", "-0:d", "-map", "1:s:0", "-map_metadata", "0"),
        *("-map_chapters", "0", "-c", "copy", f"-c:s:{number}", _CODECS[path.suffix]),
        *(f"-metadata:s:s:{number}", f"language={three_letters(language)}"),
        str(target),
    ]


def _hashes(path: Path) -> str:
    """A hash of each picture and sound, undecoded."""
    finished = child_process.run(
        [
            tools.find("ffmpeg"),
            *("-hide_banner", "-nostdin", "-v", "error"),
            *tools.input_arguments(path),
            *("-map", "0:v", "-map", "0:a?", "-c", "copy", "-f", "streamhash", "-"),
        ],
        path,
    )
    return finished.stdout
