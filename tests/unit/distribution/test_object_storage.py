"""The same in a bucket: each object once, whole, with its type; what is full or gone says so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.unit.distribution import known
from utils.config import load_settings
from utils.distribution import requests
from utils.distribution.requests import Order
from utils.models.publishing import PublicationResult as Result

pytestmark = pytest.mark.usefixtures("settings")


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty bucket, that the target ``public`` is."""
    monkeypatch.setenv("BUCKET_SECRET", "testing-secret")
    client = boto3.client(
        "s3", endpoint_url=s3_server, region_name="us-east-1", aws_access_key_id="testing",
        aws_secret_access_key="testing-secret",
    )  # fmt: skip
    client.create_bucket(Bucket="media")
    known.targets(
        "targets:\n  public:\n    kind: folder\n    url: s3://media/published\n    options:\n"
        f"      endpoint_url: {s3_server}\n      key: testing\n      secret: ${{BUCKET_SECRET}}\n"
    )
    yield client
    for one in client.list_objects_v2(Bucket="media").get("Contents", ()):
        client.delete_object(Bucket="media", Key=one["Key"])
    client.delete_bucket(Bucket="media")


def test_an_item_lies_in_a_bucket_once_with_types_and_is_taken_back(
    bucket: Any, tmp_path: Path
) -> None:
    item_id, settings = known.item(tmp_path / "song.mp3"), load_settings()
    order = Order((item_id,), ("public",))
    (done,) = requests.publish(order, settings).outcomes
    assert done.result is Result.PUBLISHED, done.error
    objects = bucket.list_objects_v2(Bucket="media")["Contents"]
    assert len(objects) == 5
    place = f"published/song-{item_id[:12]}"
    subtitles = bucket.head_object(Bucket="media", Key=f"{place}/media.km.vtt")
    assert subtitles["ContentType"] == "text/vtt"
    (again,) = requests.publish(order, settings).outcomes
    assert again.result is Result.UNCHANGED
    now = bucket.list_objects_v2(Bucket="media")["Contents"]
    assert [one["LastModified"] for one in now] == [one["LastModified"] for one in objects]
    bucket.put_object(Bucket="media", Key=f"{place}/media.mp3", Body=b"sound of sang")
    (seen,) = requests.verify([done.publication_id or 0], settings)
    assert seen.wrong == (f"song-{item_id[:12]}/media.mp3 has another content than was sent",)
    requests.unpublish([item_id], (), settings)
    assert "Contents" not in bucket.list_objects_v2(Bucket="media")


def test_a_bucket_that_is_gone_fails_in_words_without_its_secret(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("utils.processes.deadline.pause", lambda _: None)
    item_id, settings = known.item(tmp_path / "song.mp3"), load_settings()
    text = settings.targets_file.read_text().replace("s3://media", "s3://no-such-bucket")
    settings.targets_file.write_text(text)
    (failed,) = requests.publish(Order((item_id,), ("public",)), settings).outcomes
    assert failed.result is Result.FAILED
    assert "s3://no-such-bucket/published" in (failed.error or "")
    assert "testing-secret" not in (failed.error or "")
