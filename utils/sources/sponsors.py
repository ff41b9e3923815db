"""Segments that viewers named on SponsorBlock, cut out of a download; asked for by a source only.

The question goes through yt-dlp's own requests, and so through our proxy. Cuts lie at keyframes:
nothing is encoded again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from yt_dlp.postprocessor import ModifyChaptersPP, SponsorBlockPP
from yt_dlp.utils import PostProcessingError

from utils.sources.client import input_arguments

API = "https://sponsor.ajay.app"


def cut(ydl: Any, segments: tuple[str, ...]) -> None:
    """Have a yt-dlp cut these kinds of segments out of what it downloads; none: do nothing.

    Raises:
        PostProcessingError: from the download, where SponsorBlock does not answer.
    """
    if not segments:
        return
    ydl.add_post_processor(SponsorBlockPP(ydl, segments, API), when="after_filter")
    ydl.add_post_processor(CuttingPP(ydl, remove_sponsor_segments=segments), when="post_process")
    arguments = input_arguments()
    formats = arguments.index("-format_whitelist") + 1
    arguments[formats] += ",concat"  # the list of pieces, which yt-dlp writes itself
    ydl.params["postprocessor_args"]["cutting+ffmpeg_i"] = arguments


def is_unanswered(said: str) -> bool:
    """True for yt-dlp's words where SponsorBlock could not be asked."""
    return "SponsorBlock API" in said


class CuttingPP(ModifyChaptersPP):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp's cutting, of files that are films and no lists of other files."""

    def concat_files(self, in_files: list[str], out_file: str, concat_opts: Any = None) -> None:
        """Refuse what would be read as a list; else as yt-dlp does."""
        for name in set(in_files):
            with Path(name).open("rb") as file:
                if file.read(64).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"ffconcat"):
                    raise PostProcessingError("the download is a list of files, and no film")
        super().concat_files(in_files, out_file, concat_opts)
