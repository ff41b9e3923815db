"""Where items are published, as a person writes it in ``targets.yaml``: a name and what it is.

A secret is written as ``${NAME}``: a variable of the environment or a line of ``.env``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from utils.models.base import Frozen

_URL = "Any fsspec URL of a folder: file:///srv/media, s3://bucket/folder, sftp://host/folder, …"


class _Target(Frozen):
    """What all have in common. ``nightly``: approved items go there without being asked for."""

    nightly: bool = Field(default=False, description="Every approved item, at the end of a night.")
    description: str | None = None


class _Files(_Target):
    """Files at an address; ``public_url`` is where others see them."""

    url: SecretStr = Field(description=_URL)
    public_url: str | None = Field(default=None, description="Such as https://media.example.org.")
    options: dict[str, bool | int | SecretStr] = Field(
        default_factory=dict,
        description="Of the URL's fsspec driver, such as endpoint_url, key and secret of S3.",
    )


class FolderTarget(_Files):
    """The rendition, its subtitles, pictures and a JSON document, in a folder an item."""

    kind: Literal["folder"]
    original: bool = Field(default=False, description="The original in place of the rendition.")


class PodcastTarget(_Files):
    """A podcast: its files, and an RSS feed with chapters, transcripts and artwork."""

    kind: Literal["podcast"]
    public_url: str | None = Field(description="Where the feed and its files are seen; required.")
    title: str = Field(min_length=1)
    author: str
    email: str
    language: str = "en"
    summary: str = ""
    category: str = "Music"
    subcategory: str | None = None
    explicit: bool = False
    artwork: str | None = Field(default=None, description="A picture file; a title card if unset.")
    feed: str = Field(default="feed.xml", pattern=r"^[\w-]+\.xml$")
    guid: str | None = Field(default=None, description="podcast:guid; of the feed's URL if unset.")


class HlsTarget(_Files):
    """An HLS package: renditions in segments, subtitles, a page that plays it."""

    kind: Literal["hls"]
    heights: tuple[int, ...] = Field(default=(), description="More renditions; the item's if none.")
    segment_seconds: int = Field(default=6, ge=1, le=30)


class SiteTarget(_Files):
    """A site of plain files: a page an item, an index with search; no server needed."""

    kind: Literal["site"]
    title: str = Field(min_length=1)
    language: str = "en"


class MediaServerTarget(_Files):
    """The layout of Jellyfin and Kodi: folders, NFO files, subtitles, artwork."""

    kind: Literal["media-server"]
    library: Literal["auto", "movies", "music"] = "auto"


class YoutubeTarget(_Target):
    """A channel on YouTube; a refresh token of an OAuth client of yours."""

    kind: Literal["youtube"]
    client_id: SecretStr
    client_secret: SecretStr
    refresh_token: SecretStr
    privacy: Literal["private", "unlisted", "public"] = "private"
    category_id: int = 10
    playlist_id: str | None = None
    made_for_kids: bool = False
    daily_quota: int = Field(default=10_000, ge=1, description="Units a day (Pacific time).")
    api_url: str = "https://youtube.googleapis.com"
    token_url: str = "https://oauth2.googleapis.com/token"


class WebhookTarget(_Target):
    """A signed POST of JSON (HMAC-SHA256, as Standard Webhooks has it)."""

    kind: Literal["webhook"]
    url: SecretStr
    secret: SecretStr | None = None
    headers: dict[str, SecretStr] = Field(default_factory=dict)


class MessageTarget(_Target):
    """A message by any of apprise's services."""

    kind: Literal["message"]
    url: SecretStr
    text: str = "{title}: {summary}"


FilesTarget = FolderTarget | PodcastTarget | HlsTarget | SiteTarget | MediaServerTarget
Target = Annotated[
    FolderTarget
    | PodcastTarget
    | HlsTarget
    | SiteTarget
    | MediaServerTarget
    | YoutubeTarget
    | WebhookTarget
    | MessageTarget,
    Field(discriminator="kind"),
]


class Targets(Frozen):
    """The file: targets by their names."""

    targets: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")], Target] = Field(
        default_factory=dict
    )


class C2paSettings(Frozen):
    """Content credentials (``NIGHTSHIFT_C2PA__…``): off unless a person gives a certificate."""

    certificate: str | None = Field(default=None, description="A file: PEM, the chain.")
    key: str | None = Field(default=None, description="A file: PEM, the private key.")
    algorithm: Literal["es256", "es384", "es512", "ps256", "ps384", "ps512", "ed25519"] = "es256"
    timestamp_url: str | None = None

    @property
    def is_on(self) -> bool:
        """True if both files are named."""
        return bool(self.certificate and self.key)
