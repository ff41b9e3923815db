"""Buckets of Google Cloud Storage, on fake-gcs-server, which heeds no condition of a read."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from tests.servers.loopback import Answer, serving
from utils.config import Settings
from utils.errors import PermanentError, RetryableError, ThrottledError
from utils.models.found_object import FoundObject
from utils.models.source import SourceDefinition, SourceKind
from utils.sources import buckets

KEYS = ["a.mp4", "back\\slash.mp4", "new\nline.mp4", "q?x=1#f&%41+ .mp4", "sub/b.mp4", "ü 😀.mp4"]


@pytest.fixture
def bucket(gcs_server: str) -> Any:
    client = storage.Client(
        project="none", credentials=AnonymousCredentials(),
        client_options={"api_endpoint": gcs_server}, use_auth_w_custom_endpoint=False,
    )  # fmt: skip
    return client.create_bucket(f"films-{uuid.uuid4().hex[:12]}")


def source(url: str, endpoint: str) -> SourceDefinition:
    options: Any = {"endpoint_url": endpoint}
    return SourceDefinition(name="films", kind=SourceKind.BUCKET, url=url, options=options)


def listed(
    definition: SourceDefinition, settings: Settings, after: str | None = None
) -> list[FoundObject]:
    return [one for page in buckets.list_pages(definition, settings, after) for one in page]


def test_a_bucket_is_listed_goes_on_after_a_key_and_is_read(
    bucket: Any, gcs_server: str, settings: Settings, tmp_path: Path
) -> None:
    for key in KEYS:
        bucket.blob(f"in/{key}").upload_from_string(key.encode())
    bucket.blob("inside").upload_from_string(b"film")
    definition = source(f"gs://{bucket.name}/in/", gcs_server)
    found = listed(definition, settings)
    assert [one.key for one in found] == sorted(KEYS)
    assert [one.key for one in listed(definition, settings, "new")] == sorted(KEYS)[2:]
    assert [one.key for one in listed(definition, settings, "sub/b.mp4")] == ["ü 😀.mp4"]
    for one in found:
        target = tmp_path / buckets.local_name(one.key)
        buckets.fetch(definition, one, target, settings)
        assert target.read_bytes() == one.key.encode()


def test_an_object_that_changed_or_vanished_since_it_was_listed_is_not_taken(
    bucket: Any, gcs_server: str, settings: Settings, tmp_path: Path
) -> None:
    blob = bucket.blob("a.mp4")
    blob.upload_from_string(b"the one")
    definition = source(f"gs://{bucket.name}", gcs_server)
    (found,) = listed(definition, settings)
    blob.upload_from_string(b"another")
    with pytest.raises(RetryableError, match="changed while it was read"):
        buckets.fetch(definition, found, tmp_path / "a.mp4", settings)
    blob.delete()
    with pytest.raises(RetryableError, match="vanished from gs://"):
        buckets.fetch(definition, found, tmp_path / "a.mp4", settings)
    assert not (tmp_path / "a.mp4").exists()


def test_a_bucket_that_is_not_there_is_named_and_an_empty_one_holds_nothing(
    bucket: Any, gcs_server: str, settings: Settings
) -> None:
    assert listed(source(f"gs://{bucket.name}", gcs_server), settings) == []
    with pytest.raises(PermanentError, match="no bucket renamed-films at Google"):
        listed(source("gs://renamed-films", gcs_server), settings)


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (401, PermanentError, "no credentials for gs://films"),
        (403, PermanentError, "storage.objects.list"),
        (429, ThrottledError, "fewer requests"),
    ],
)
def test_a_refused_listing_says_what_to_do(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    kind: type[Exception],
    says: str,
) -> None:
    monkeypatch.setattr("utils.sources.bucket_gcs._RETRY_SECONDS", 0.0)
    answer = Answer.of_json({"error": {"code": status, "message": "No"}}, status)
    with serving(lambda _: answer) as server, pytest.raises(kind, match=says):
        listed(source("gs://films", server.url), settings)


def test_a_read_is_conditional_on_the_generation_and_sends_nothing_that_opens_other_doors(
    settings: Settings, tmp_path: Path
) -> None:
    found = FoundObject(key="a/../b.mp4", size_bytes=4, etag="17")
    with serving(lambda _: Answer(412)) as server:
        with pytest.raises(RetryableError, match="changed while it was read"):
            buckets.fetch(source("gs://films", server.url), found, tmp_path / "b.mp4", settings)
        (asked,) = server.asked
    assert "ifGenerationMatch=17" in asked.path
    assert "/o/a%2F..%2Fb.mp4?" in asked.path
    assert "Authorization" not in asked.headers


def test_what_is_no_answer_of_google_is_an_error_of_ours(settings: Settings) -> None:
    with serving(lambda _: Answer(body=b"<html>log in")) as server:
        with pytest.raises(RetryableError):
            listed(source("gs://films", server.url), settings)
