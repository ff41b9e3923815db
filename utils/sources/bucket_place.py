"""Where a bucket is, out of a source's address and options: opened here, shown nowhere.

An address is a folder: `s3://films/2026` means the keys that begin with `2026/`. It is taken as
it is spelled, without percent-encoding, as fsspec and the providers' own tools do; only an https
address of Azure, which its portal copies, is decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from utils.config import Settings, azure_environment
from utils.errors import PermanentError
from utils.models.source import SourceDefinition
from utils.privacy import redaction
from utils.sources import address, forward_proxy
from utils.storage import sealing


class Service(StrEnum):
    """Who keeps a bucket; its value is how people call it."""

    S3 = "S3"
    AZURE = "Azure Blob Storage"
    GCS = "Google Cloud Storage"


class Place(NamedTuple):
    """A bucket (Azure: a container of an account) and the prefix of the keys that are meant.

    ``prefix`` is empty or ends with a slash. ``user`` and ``secret``: a key of S3 and what belongs
    to it, or the query of a shared access signature of Azure. ``shown``: for people.
    """

    service: Service
    bucket: str
    prefix: str
    shown: str
    account: str | None = None
    user: str | None = None
    secret: SecretStr | None = None
    endpoint: str | None = None
    region: str | None = None
    is_anonymous: bool = False

    def relative(self, name: str) -> str:
        """A name in the bucket as a key of the source."""
        return name[len(self.prefix) :]

    @property
    def is_own(self) -> bool:
        """True where requests go to the provider's own hosts, by TLS: it may know who we are."""
        return self.endpoint is None or is_own_host(self.endpoint)


class Way(NamedTuple):
    """How requests leave: through ``proxy`` if there is one, and what it did not connect to."""

    proxy: str | None = None
    refused: list[str] = []  # noqa: RUF012  of no proxy: nobody writes to it
    unreachable: list[str] = []  # noqa: RUF012


_SCHEMES = {
    "s3": Service.S3, "s3a": Service.S3, "gs": Service.GCS, "gcs": Service.GCS,
    "az": Service.AZURE, "abfs": Service.AZURE, "abfss": Service.AZURE,
}  # fmt: skip
_ADDRESS = re.compile(r"([a-zA-Z0-9]+)://(.*)", re.DOTALL)
_LOGIN = re.compile(r"([^:@/]+):([^@]+)@")
_BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]{1,221}")
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_AZURE_HOST = re.compile(r"([a-z0-9]{3,24})\.(?:blob|dfs)\.core\.[a-z.]+")
_OWN_HOSTS = (
    ".amazonaws.com", ".amazonaws.com.cn", ".googleapis.com", ".blob.core.windows.net",
    ".blob.core.chinacloudapi.cn", ".blob.core.usgovcloudapi.net",
)  # fmt: skip
_FORMS = "s3://BUCKET/FOLDER, gs://BUCKET/FOLDER or az://CONTAINER/FOLDER"


def of(definition: SourceDefinition, settings: Settings) -> Place:
    """Where a source's bucket is.

    Raises:
        PermanentError: its address, or an option of it, is none that is known here.
    """
    url = sealing.opened(definition.url, settings)
    found = _ADDRESS.fullmatch(url)
    service = _SCHEMES.get(found[1].lower()) if found else None
    if found and service is Service.AZURE:
        place = _azure(found[1].lower(), found[2])
    elif found and service is not None:
        place = _plain(service, found[2])
    elif found and _AZURE_HOST.fullmatch(urlsplit(url).hostname or ""):
        place = _azure_portal(url)
    else:
        raise PermanentError(f"{redaction.shown(definition.url)} is no bucket. Write {_FORMS}.")
    if not _BUCKET.fullmatch(place.bucket):
        raise PermanentError(f"{place.bucket!r} is no name of a bucket. Write {_FORMS}.")
    return _with_options(place, definition)


def is_own_host(endpoint: str) -> bool:
    """True for an https address below a provider's own names."""
    parts = urlsplit(endpoint)
    return parts.scheme == "https" and (parts.hostname or "").endswith(_OWN_HOSTS)


@contextmanager
def way_to(endpoint: str | None, settings: Settings) -> Iterator[Way]:
    """How requests reach an endpoint that a source names, for as long as the block lasts.

    One that is not the provider's own is connected to as addresses of media are: to public
    addresses only, unless the settings allow others (docs/decisions/0041).
    """
    if endpoint is None or is_own_host(endpoint) or settings.allow_private_urls:
        yield Way()
        return
    with forward_proxy.serving() as proxy:
        yield Way(*proxy)


def _with_options(place: Place, definition: SourceDefinition) -> Place:
    options = definition.options
    if options.endpoint_url is not None:
        address.check(options.endpoint_url)
    account = place.account
    if place.service is Service.AZURE and account is None:
        account = options.account or azure_environment().get("account")
    if account is not None and not _ACCOUNT.fullmatch(account):
        raise PermanentError(f"{account!r} is no name of an Azure storage account.")
    return place._replace(
        account=account,
        endpoint=options.endpoint_url,
        region=options.region,
        is_anonymous=options.anonymous,
    )


def _plain(service: Service, rest: str) -> Place:
    """``[KEY:SECRET@]BUCKET[/FOLDER]``."""
    login = _LOGIN.match(rest)
    bucket, _, folder = (rest[login.end() :] if login else rest).partition("/")
    scheme = "s3" if service is Service.S3 else "gs"
    place = Place(service, bucket, _prefix(folder), f"{scheme}://{bucket}/{folder}".rstrip("/"))
    if login is None:
        return place
    return place._replace(user=unquote(login[1]), secret=SecretStr(unquote(login[2])))


def _azure(scheme: str, rest: str) -> Place:
    """``CONTAINER[@ACCOUNT.dfs.core.windows.net][/FOLDER][?SIGNATURE]``."""
    rest, secret = _without_signature(rest)
    head, _, folder = rest.partition("/")
    container, _, host = head.partition("@")
    account = None
    if host:
        known = _AZURE_HOST.fullmatch(host.lower())
        if known is None:
            raise PermanentError(f"{host!r} is no host of an Azure storage account.")
        account = known[1]
    shown = f"{scheme}://{container}/{folder}".rstrip("/")
    return Place(Service.AZURE, container, _prefix(folder), shown, account, secret=secret)


def _azure_portal(url: str) -> Place:
    """``https://ACCOUNT.blob.core.windows.net/CONTAINER[/FOLDER][?SIGNATURE]``."""
    plain, secret = _without_signature(url)
    parts = urlsplit(plain)
    container, _, folder = unquote(parts.path).lstrip("/").partition("/")
    account = (parts.hostname or "").partition(".")[0]
    return Place(
        Service.AZURE, container, _prefix(folder), redaction.bare(plain), account, secret=secret
    )


def _without_signature(text: str) -> tuple[str, SecretStr | None]:
    plain, mark, query = text.rpartition("?")
    return (plain, SecretStr(query)) if mark and "sig=" in query else (text, None)


def _prefix(folder: str) -> str:
    return folder if not folder or folder.endswith("/") else f"{folder}/"
