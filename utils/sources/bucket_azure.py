"""Azure Blob Storage, through Microsoft's own client, which is what adlfs stands on.

Azure has no listing that begins after a key: one that goes on skips what was seen. It can't hold
keys with parts `.` and `..`: its client and its servers take them for folders.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from utils.config import Settings, azure_environment
from utils.errors import NightShiftError, PermanentError
from utils.models.found_object import FoundObject
from utils.sources import bucket_errors as errors
from utils.sources.bucket_place import Place, Service, Way, way_to
from utils.sources.bucket_sink import Said, Sink, hexadecimal, moment

if TYPE_CHECKING:
    from azure.storage.blob import BlobProperties, ContainerClient

PAGE = 1_000  # of 5,000 that Azure gives: less has to be held
_BLOCK_BYTES = 4 << 20
_CONNECT_SECONDS, _READ_SECONDS, _RETRIES = 10, 60, 2
_FOLDER = "hdi_isfolder"  # how a hierarchical account marks what is no file


def pages(place: Place, settings: Settings, after: str | None) -> Iterator[list[FoundObject]]:
    """A container's objects below the prefix, from the beginning, whatever was seen before."""
    with (
        way_to(place.endpoint, settings) as way,
        translated(place, None, way),
        _container(place, way) as container,
    ):
        listed = container.list_blobs(
            name_starts_with=place.prefix or None, include=["metadata"], results_per_page=PAGE
        )
        for page in listed.by_page():
            yield [_found(place, one) for one in page if not _is_folder(one)]


def read(place: Place, found: FoundObject, settings: Settings, sink: Sink) -> Said:
    """An object as it was listed, block by block into ``sink``."""
    if {".", ".."} & set((place.prefix + found.key).split("/")):
        raise PermanentError(
            f"{errors.short(found.key)} in {place.shown} has a part that is . or .., which Azure's "
            "client takes for folders: rename it."
        )
    with (
        way_to(place.endpoint, settings) as way,
        translated(place, found.key, way),
        _container(place, way) as container,
    ):
        blob = container.get_blob_client(place.prefix + found.key)
        answer = blob.download_blob(**_condition(found))
        for block in answer.chunks():
            sink.write(block)
    properties = answer.properties
    return Said(
        answer.size,
        properties.etag.strip('"') if properties.etag else None,
        hexadecimal(properties.content_settings.content_md5),
    )


def _condition(found: FoundObject) -> dict[str, Any]:
    from azure.core import MatchConditions

    if found.etag is None:
        return {}
    return {"etag": f'"{found.etag}"', "match_condition": MatchConditions.IfNotModified}


def _container(place: Place, way: Way) -> ContainerClient:
    from azure.storage.blob import ContainerClient

    bounds: dict[str, Any] = {
        "connection_timeout": _CONNECT_SECONDS,
        "read_timeout": _READ_SECONDS,
        "retry_total": _RETRIES,
        "initial_backoff": 1,  # seconds; 15 when not given
        "increment_base": 2,
        "max_single_get_size": _BLOCK_BYTES,
        "max_chunk_get_size": _BLOCK_BYTES,
    }
    if way.proxy:
        proxies = {"http": way.proxy, "https": way.proxy}
        bounds |= {"proxies": proxies, "use_env_settings": False}
    known = azure_environment()
    connection = known.get("connection")
    if connection and _is_of(connection, place):
        return ContainerClient.from_connection_string(connection, place.bucket, **bounds)
    if place.account is None and place.endpoint is None:
        raise PermanentError(
            f"{place.shown} names no storage account. Set the source's option account, or "
            "AZURE_STORAGE_ACCOUNT_NAME."
        )
    address = place.endpoint or f"https://{place.account}.blob.core.windows.net"
    return ContainerClient(address, place.bucket, credential=_credential(place, known), **bounds)


def _is_of(connection: str, place: Place) -> bool:
    """True for a connection string of the account that is meant, where the source names one."""
    if place.is_anonymous or place.endpoint is not None or place.secret is not None:
        return False
    return place.account is None or f"accountname={place.account};" in f"{connection.lower()};"


def _credential(place: Place, known: dict[str, str]) -> Any:
    """A signature in the address, a key, a signature or an identity of the environment; or none.

    Only a key may go to an endpoint that is not Azure's: it signs, and is not sent. Whoever has
    seen a sealed signature could have it sent elsewhere otherwise.
    """
    if place.secret is not None:
        if not place.is_own:
            raise PermanentError(
                f"A signature in an address is sent to Azure's own hosts only, not to "
                f"{place.endpoint}: give that server's AZURE_STORAGE_CONNECTION_STRING instead."
            )
        from azure.core.credentials import AzureSasCredential

        return AzureSasCredential(place.secret.get_secret_value())
    if place.is_anonymous:
        return None
    if "key" in known and place.account and known.get("account") in {None, place.account}:
        return {"account_name": place.account, "account_key": known["key"]}
    if not place.is_own:
        return None
    if "sas" in known:
        from azure.core.credentials import AzureSasCredential

        return AzureSasCredential(known["sas"].lstrip("?"))
    from azure.identity import DefaultAzureCredential

    # It logs a page of what it tried; the error says what to do.
    logging.getLogger("azure.identity").setLevel(logging.CRITICAL)
    return DefaultAzureCredential(exclude_interactive_browser_credential=True)


def _found(place: Place, one: BlobProperties) -> FoundObject:
    return FoundObject(
        key=place.relative(one.name),
        size_bytes=one.size,
        etag=one.etag.strip('"') if one.etag else None,
        modified_at=moment(one.last_modified),
    )


def _is_folder(one: BlobProperties) -> bool:
    return (one.metadata or {}).get(_FOLDER, "").lower() == "true"


@contextmanager
def translated(place: Place, key: str | None, way: Way) -> Iterator[None]:
    """Errors of Azure's client as ours; ``key``: what is read, None for a listing."""
    try:
        from azure.core import exceptions as azure
    except ImportError:
        raise errors.not_installed(Service.AZURE) from None
    try:
        yield
    except azure.HttpResponseError as error:
        raise _refusal(place, key, error, way) from None
    except azure.AzureError as error:
        if "credential" in type(error).__name__.lower():
            raise errors.no_credentials(place) from None
        raise errors.no_answer(place, str(error)[:300], way) from None


def _refusal(place: Place, key: str | None, error: Any, way: Way) -> NightShiftError:
    told = getattr(error, "error_code", None)  # not of an identity that could not be had
    code = str(getattr(told, "value", told) or "")
    said = code or str(error.message).splitlines()[0][:300]
    status = error.status_code
    if way.refused or way.unreachable:
        return errors.no_answer(place, said, way)
    if code.startswith(("Container", "Account")) and status in {404, 409}:
        return errors.missing(place)
    if status == 404:
        return errors.missing(place) if key is None else errors.gone(place, key)
    if status == 412 and key is not None:
        return errors.changed(place, key)
    if code == "BlobArchived" and key is not None:
        return PermanentError(f"{errors.short(key)} in {place.shown} is archived: rehydrate it.")
    if status == 429 or code == "ServerBusy":
        return errors.throttled(place, error.response.headers.get("Retry-After"))
    if status is None:  # an identity that could not be had
        return errors.no_credentials(place)
    if status == 401 or code in {"AuthenticationFailed", "InvalidAuthenticationInfo"}:
        return errors.refused_credentials(place, said)
    if status == 403:
        return errors.forbidden(place, key, said)
    return errors.answered(place, status, said)
