"""The extractor of tests/servers/site.py, found by yt-dlp because its folder is on sys.path."""

from typing import Any

from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.utils import ExtractorError


class LoopbackIE(InfoExtractor):  # type: ignore[misc]  # yt-dlp has no types
    _VALID_URL = r"(?P<base>http://127\.0\.0\.1:\d+)/watch/(?P<id>[\w-]+)"

    def _real_extract(self, url: str) -> dict[str, Any]:
        base, name = self._match_valid_url(url).group("base", "id")
        told = self._download_json(f"{base}/api/{name}", name)
        if "error" in told:
            raise ExtractorError(told["error"], expected=True)
        if "entries" in told:
            entries = [
                self.url_result(
                    f"{base}/watch/{entry['id']}", LoopbackIE, url_transparent=False, **entry
                )
                if isinstance(entry, dict)
                else self.url_result(f"{base}/watch/{entry}", LoopbackIE, entry)
                for entry in told["entries"]
            ]
            return self.playlist_result(entries, name, "A channel")
        return {**told, "ext": "mp4"}
