"""Containers of Azure Blob Storage, on Azurite."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import ContainerClient, ContainerSasPermissions, generate_container_sas

from tests.servers.loopback import Answer, serving
from tests.servers.object_stores import ACCOUNT, ACCOUNT_KEY
from utils import clock
from utils.config import Settings
from utils.errors import PermanentError, RetryableError, ThrottledError
from utils.models.found_object import FoundObject
from utils.models.source import SourceDefinition, SourceKind
from utils.sources import bucket_place, buckets
from utils.storage import sealing

KEYS = ["a.mp4", "new\nline.mp4", "q?x=1#f&%41+ .mp4", "sub/b.mp4", "tab\t.mp4", "ü 😀.mp4", "￮"]


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT)
    monkeypatch.setenv("AZURE_STORAGE_KEY", ACCOUNT_KEY)


@pytest.fixture
def container(azure_account: str) -> Iterator[ContainerClient]:
    key = {"account_name": ACCOUNT, "account_key": ACCOUNT_KEY}
    with ContainerClient(azure_account, f"films-{uuid.uuid4().hex[:12]}", credential=key) as made:
        made.create_container()
        yield made


def source(url: str, endpoint: str | None, **options: Any) -> SourceDefinition:
    return SourceDefinition(
        name="films", kind=SourceKind.BUCKET, url=url,
        options={"endpoint_url": endpoint, **options},
    )  # fmt: skip


def listed(
    definition: SourceDefinition, settings: Settings, after: str | None = None
) -> list[FoundObject]:
    return [one for page in buckets.list_pages(definition, settings, after) for one in page]


def test_a_container_is_listed_goes_on_after_a_key_and_is_read(
    container: ContainerClient, azure_account: str, settings: Settings, tmp_path: Path
) -> None:
    for key in [*KEYS, "sub/"]:
        container.upload_blob(f"in/{key}", b"" if key == "sub/" else key.encode())
    container.upload_blob("in/folder", b"", metadata={"hdi_isfolder": "true"})
    container.upload_blob("inside", b"film")
    definition = source(f"az://{container.container_name}/in", azure_account)
    found = listed(definition, settings)
    assert sorted(one.key for one in found) == sorted(KEYS)
    assert [one.key for one in listed(definition, settings, "sub/b.mp4")] == [
        one.key for one in found if one.key > "sub/b.mp4"
    ]
    for one in found:
        target = tmp_path / buckets.local_name(one.key)
        buckets.fetch(definition, one, target, settings)
        assert target.read_bytes() == one.key.encode()
        assert one.size_bytes == len(one.key.encode())


def test_a_blob_that_changed_or_vanished_since_it_was_listed_is_not_taken(
    container: ContainerClient, azure_account: str, settings: Settings, tmp_path: Path
) -> None:
    container.upload_blob("a.mp4", b"the one")
    definition = source(f"az://{container.container_name}", azure_account)
    (found,) = listed(definition, settings)
    container.upload_blob("a.mp4", b"another", overwrite=True)
    with pytest.raises(RetryableError, match="changed while it was read"):
        buckets.fetch(definition, found, tmp_path / "a.mp4", settings)
    container.delete_blob("a.mp4")
    with pytest.raises(RetryableError, match=r"changed|vanished"):
        buckets.fetch(definition, found, tmp_path / "a.mp4", settings)
    assert not (tmp_path / "a.mp4").exists()


def test_a_connection_string_of_the_environment_opens_its_account_and_no_other(
    container: ContainerClient,
    azure_account: str,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    container.upload_blob("in/a.mp4", b"film")
    for name in ("AZURE_STORAGE_KEY", "AZURE_STORAGE_ACCOUNT_NAME"):
        monkeypatch.delenv(name)
    signature = generate_container_sas(
        ACCOUNT, container.container_name, account_key=ACCOUNT_KEY,
        permission=ContainerSasPermissions(read=True, list=True),
        expiry=clock.now() + timedelta(hours=1),
    )  # fmt: skip
    monkeypatch.setenv(
        "AZURE_STORAGE_CONNECTION_STRING",
        f"BlobEndpoint={azure_account};SharedAccessSignature={signature}",
    )
    definition = source(f"az://{container.container_name}/in", None)
    assert [one.key for one in listed(definition, settings)] == ["a.mp4"]
    with pytest.raises(PermanentError, match=r"Storage Blob Data Reader|accept the credentials"):
        listed(source(definition.url, azure_account, anonymous=True), settings)


SIGNED = "sv=2026-01-01&sp=rl&sig=c2VjcmV0c2VjcmV0%3D"


@pytest.mark.parametrize(
    "address",
    [
        f"az://films/2026?{SIGNED}",
        f"abfss://films@{ACCOUNT}.dfs.core.windows.net/2026?{SIGNED}",
        f"https://{ACCOUNT}.blob.core.windows.net/films/2026/?{SIGNED}",
    ],
)
def test_a_signature_in_an_address_is_kept_sealed_and_sent_to_azure_alone(
    address: str, settings: Settings
) -> None:
    kept = sealing.sealed(address, settings)
    assert "c2VjcmV0" not in kept
    place = bucket_place.of(source(kept, None), settings)
    assert place.secret.get_secret_value() == SIGNED
    assert (place.account, place.bucket, place.prefix) == (ACCOUNT, "films", "2026/")
    assert "sig" not in place.shown
    with pytest.raises(PermanentError, match="Azure's own hosts only"):
        listed(source(kept, "http://thief.example:1"), settings)


def test_a_container_that_is_not_there_is_named_and_an_empty_one_holds_nothing(
    container: ContainerClient, azure_account: str, settings: Settings
) -> None:
    assert listed(source(f"az://{container.container_name}", azure_account), settings) == []
    with pytest.raises(PermanentError, match="no bucket renamed-films at Azure"):
        listed(source("az://renamed-films", azure_account), settings)


def test_a_key_that_azure_takes_for_a_folder_is_refused_and_not_taken_for_another(
    settings: Settings, tmp_path: Path
) -> None:
    found = FoundObject(key="a/../b.mp4", size_bytes=4)
    with pytest.raises(PermanentError, match="rename it"):
        buckets.fetch(source("az://films", "http://127.0.0.1:9"), found, tmp_path / "b", settings)


def test_an_account_that_is_none_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wrong in ("evil.example/", "a.b"):
        with pytest.raises(PermanentError, match="no name of an Azure storage account"):
            listed(source("az://films", None, account=wrong), settings)
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME")
    with pytest.raises(PermanentError, match="names no storage account"):
        listed(source("az://films", None), settings)
    with pytest.raises(PermanentError, match="no host of an Azure"):
        listed(source("abfss://films@evil.example/in", None), settings)


@pytest.mark.parametrize(
    ("status", "code", "kind", "says"),
    [
        (401, "", PermanentError, "does not accept the credentials"),
        (403, "AuthenticationFailed", PermanentError, "does not accept the credentials"),
        (403, "AuthorizationPermissionMismatch", PermanentError, "Storage Blob Data Reader"),
        (404, "ContainerNotFound", PermanentError, "no bucket films"),
        (409, "ContainerBeingDeleted", PermanentError, "no bucket films"),
        (503, "ServerBusy", ThrottledError, "fewer requests"),
        (500, "InternalError", RetryableError, "answered 500"),
        (200, "", RetryableError, "Azure"),
    ],
)
def test_a_refused_listing_says_what_to_do(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str,
    kind: type[Exception],
    says: str,
) -> None:
    monkeypatch.setattr("utils.sources.bucket_azure._RETRIES", 0)
    headers = {"x-ms-error-code": code, "Content-Type": "application/xml"}
    with serving(lambda _: Answer(status, b"<html>log in", headers)) as server:
        with pytest.raises(kind, match=says):
            listed(source("az://films", f"{server.url}/{ACCOUNT}"), settings)
