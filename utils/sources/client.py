"""yt-dlp as it may work here: through our proxy, and without other programs that fetch.

ffmpeg and rtmpdump would ask for playlists' and streams' parts by themselves, past the proxy
(docs/decisions/0024).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import yt_dlp
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from yt_dlp import downloader
from yt_dlp.downloader import fragment, hls
from yt_dlp.extractor import openload
from yt_dlp.utils import ExtractorError

from utils.config import Settings
from utils.errors import PermanentError
from utils.media import tools
from utils.sources import forward_proxy

# Those that ask for everything through yt-dlp's own requests.
_OWN = {
    downloader.HttpFD,
    downloader.HlsFD,
    downloader.DashSegmentsFD,
    downloader.F4mFD,
    downloader.IsmFD,
    downloader.MhtmlFD,
    downloader.BunnyCdnFD,
    downloader.SoopVodFD,
}


class Client(NamedTuple):
    """yt-dlp, and what its proxy refused or could not reach."""

    ydl: Any
    refused: list[str]
    unreachable: list[str]


@contextmanager
def client(settings: Settings, **options: Any) -> Iterator[Client]:
    """A yt-dlp whose requests go to public addresses only, unless the settings allow all.

    Args:
        settings: Whether private addresses are allowed.
        options: Of yt-dlp, besides those that are always the same.
    """
    refused, unreachable = list[str](), list[str]()
    with ExitStack() as stack:
        if not settings.allow_private_urls:
            proxy, refused, unreachable = stack.enter_context(forward_proxy.serving())
            options["proxy"] = proxy
        yield Client(stack.enter_context(_Ydl(_defaults() | options)), refused, unreachable)


class _Silent:
    """What yt-dlp would print is in the errors that it raises."""

    def debug(self, message: str) -> None:
        """Say nothing."""

    info = warning = error = debug


def input_arguments() -> list[str]:
    """What ffmpeg is told before each file: no other files, no addresses."""
    return [part for name, value in tools.input_options().items() for part in (f"-{name}", value)]


def _defaults() -> dict[str, Any]:
    return {
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "logger": _Silent(),
        "restrictfilenames": True,  # names come from strangers
        "ffmpeg_location": str(tools.folder()),
        "external_downloader": "native",
        # It merges and repairs what was downloaded; a playlist that passes for a film is neither.
        "postprocessor_args": {"ffmpeg_i": input_arguments()},
        "retries": 0,  # the step's policy retries, and knows throttled from permanent
        "extractor_retries": 0,
        "fragment_retries": 2,
        "skip_unavailable_fragments": False,
        "socket_timeout": 30,
        "cachedir": False,
        "overwrites": True,
    }


class _Ydl(yt_dlp.YoutubeDL):  # type: ignore[misc]  # yt-dlp has no types
    def dl(self, name: str, info: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Refuse a download that another program would do."""
        chosen = downloader.get_suitable_downloader(info, self.params)
        if chosen not in _OWN:
            raise PermanentError(
                f"{info.get('webpage_url') or 'This'} streams by {info.get('protocol')}, which "
                "only other programs fetch: their addresses can't be checked."
            )
        return super().dl(name, info, *args, **kwargs)


class _NoFfmpeg(downloader.FFmpegFD):  # type: ignore[misc]
    """What yt-dlp takes for playlists that it can't read itself."""

    @classmethod
    def available(cls, path: str | None = None) -> bool:
        """Never: so that yt-dlp decrypts AES-128 itself."""
        return False

    def real_download(self, filename: str, info_dict: dict[str, Any]) -> bool:
        """Refuse."""
        raise PermanentError(
            f"{info_dict.get('webpage_url') or 'This'} is a playlist that only ffmpeg reads (it "
            "is encrypted, or live): its addresses can't be checked."
        )


def _decrypted(data: bytes, key: bytes, iv: bytes) -> bytes:
    """AES-128 in CBC, as yt-dlp's own, which takes minutes for a film: it is pure Python."""
    try:
        work = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
        return work.update(data) + work.finalize()
    except ValueError as error:
        raise PermanentError(f"The stream is not encrypted as it says: {error}") from error


def _no_browser(*_args: Any, **_kwargs: Any) -> None:
    raise ExtractorError("the site wants PhantomJS, a browser that is not used here", expected=True)


hls.FFmpegFD = _NoFfmpeg
fragment.aes_cbc_decrypt_bytes = _decrypted
openload.PhantomJSwrapper.__init__ = _no_browser
