"""What a bucket tells by itself: its notifications, of all shapes, through a queue."""

import json
import uuid
from typing import Any, NamedTuple
from urllib.parse import quote_plus

import boto3
import pytest

from tests.servers.loopback import Answer, Asked, serving
from utils.config import Settings
from utils.errors import PermanentError
from utils.models.source import SourceDefinition, SourceKind
from utils.sources import bucket_events, buckets
from utils.sources.bucket_events import keys_of
from utils.sources.bucket_place import Place, Service

HERE = Place(Service.S3, "films", "in/", "s3://films/in")


class Notifying(NamedTuple):
    """A bucket that notifies a queue, with clients of another."""

    s3: Any
    sqs: Any
    bucket: str
    queue: str
    source: SourceDefinition

    def send(self, told: Any) -> None:
        body = told if isinstance(told, str) else json.dumps(told)
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=body)

    def waiting(self) -> int:
        """How many messages are in the queue, in work or not."""
        wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=wanted)
        return sum(map(int, told["Attributes"].values()))


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setattr(bucket_events, "_WAIT_SECONDS", 0)


@pytest.fixture
def notifying(s3_server: str) -> Notifying:
    name = f"films-{uuid.uuid4().hex[:12]}"
    s3, sqs = (boto3.client(one, endpoint_url=s3_server, region_name="us-east-1")
               for one in ("s3", "sqs"))  # fmt: skip
    s3.create_bucket(Bucket=name)
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    s3.put_bucket_notification_configuration(
        Bucket=name,
        NotificationConfiguration={
            "QueueConfigurations": [
                {
                    "QueueArn": arn["Attributes"]["QueueArn"],
                    "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
                }
            ]
        },
    )
    source = SourceDefinition(
        name="films", kind=SourceKind.BUCKET, url=f"s3://{name}/in",
        options={"endpoint_url": s3_server, "events_url": queue},
    )  # fmt: skip
    return Notifying(s3, sqs, name, queue, source)


def record(key: str, event: str = "ObjectCreated:Put", bucket: str = "films") -> dict[str, Any]:
    return {
        "eventName": event,
        "s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key), "sequencer": "0A"}},
    }


def bridged(key: str, kind: str = "Object Created", bucket: str = "films") -> dict[str, Any]:
    return {
        "detail-type": kind, "source": "aws.s3",
        "detail": {"bucket": {"name": bucket}, "object": {"key": key}},
    }  # fmt: skip


def test_what_was_put_and_removed_is_found_as_a_listing_has_it(
    notifying: Notifying, settings: Settings
) -> None:
    for key in ("in/a + ü.mp4", "in/sub/", "in/b.mp4", "elsewhere.mp4"):
        notifying.s3.put_object(
            Bucket=notifying.bucket, Key=key, Body=b"film"[: 4 * (key[-1] != "/")]
        )
    notifying.s3.delete_object(Bucket=notifying.bucket, Key="in/b.mp4")
    found, removed = [], set()
    for batch in bucket_events.received(notifying.source, settings):
        found += batch.found
        removed |= set(batch.removed)
        assert (batch.unreadable, batch.foreign) == (0, 0)
        batch.acknowledge()
    (listed,) = buckets.list_pages(notifying.source, settings)
    assert found == listed
    assert removed == {"b.mp4"}
    assert notifying.waiting() == 0


def test_what_was_not_recorded_comes_again(
    notifying: Notifying, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    notifying.s3.put_object(Bucket=notifying.bucket, Key="in/a.mp4", Body=b"film")
    monkeypatch.setattr(bucket_events, "_HIDDEN_SECONDS", 0)
    for _ in range(2):
        batch = next(bucket_events.received(notifying.source, settings))
        assert [one.key for one in batch.found] == ["a.mp4"]
    batch.acknowledge()
    assert list(bucket_events.received(notifying.source, settings)) == []


def test_doubled_and_late_notifications_say_what_is_there_now(
    notifying: Notifying, settings: Settings
) -> None:
    notifying.s3.put_object(Bucket=notifying.bucket, Key="in/a.mp4", Body=b"the newest")
    notifying.s3.put_object(Bucket=notifying.bucket, Key="in/b.mp4", Body=b"film")
    for event in ("ObjectRemoved:Delete", "ObjectCreated:Put", "ObjectRemoved:Delete"):
        notifying.send({"Records": [record("in/a.mp4", event, notifying.bucket)] * 2})
    (batch,) = bucket_events.received(notifying.source, settings)
    assert {one.key: one.size_bytes for one in batch.found} == {"a.mp4": 10, "b.mp4": 4}
    assert batch.removed == []


def test_messages_that_are_none_are_counted_stay_and_are_not_read_for_ever(
    notifying: Notifying, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = [
        "no JSON", "[1]", "{}", '{"Records": [{"eventName": 1}]}', '{"detail": 3}', "[" * 100_000,
        {"Type": "Notification", "Message": "no JSON"},
    ]  # fmt: skip
    for told in (*strange, {"Records": [record("in/a.mp4", bucket="another")]}):
        notifying.send(told)
    monkeypatch.setattr(bucket_events, "_HIDDEN_SECONDS", 0)  # they come at once again
    batches = list(bucket_events.received(notifying.source, settings))
    for batch in batches:
        batch.acknowledge()
    assert sum(batch.unreadable for batch in batches) >= len(strange)
    assert sum(batch.foreign for batch in batches) >= 1
    assert not any(batch.found or batch.removed for batch in batches)
    assert notifying.waiting() == len(strange) + 1


def test_a_source_without_a_queue_is_told_nothing(notifying: Notifying, settings: Settings) -> None:
    options = notifying.source.options.model_copy(update={"events_url": None})
    source = notifying.source.model_copy(update={"options": options})
    assert list(bucket_events.received(source, settings)) == []


@pytest.mark.parametrize(
    ("told", "keys"),
    [
        ({"Records": [record("in/a b+ü.mp4"), record("in/c.mp4", "s3:ObjectRemoved:Delete")]},
         ["a b+ü.mp4", "c.mp4"]),
        ({"Records": [record("in/a.mp4", "LifecycleExpiration:Delete")]}, ["a.mp4"]),
        ({"Records": [record("in/a.mp4", "ObjectTagging:Put")]}, []),
        ({"Records": [record("in/folder/"), record("other/a.mp4")]}, ["folder/"]),
        ({"Records": [record("in/a.mp4", bucket="another")]}, None),
        (bridged("in/a+b%20.mp4"), ["a+b%20.mp4"]),
        (bridged("in/a.mp4", "Object Deleted"), ["a.mp4"]),
        (bridged("in/a.mp4", "Object Tags Added"), []),
        (bridged("in/a.mp4", bucket="another"), None),
        ({"Event": "s3:TestEvent", "Bucket": "films", "Service": "Amazon S3"}, []),
        ({"Type": "Notification", "Message": json.dumps({"Records": [record("in/a.mp4")]})},
         ["a.mp4"]),
    ],
)  # fmt: skip
def test_notifications_of_each_shape_name_their_keys(told: Any, keys: Any) -> None:
    assert keys_of(json.dumps(told), HERE) == keys


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (400, "AWS.SimpleQueueService.NonExistentQueue", "no queue http://.*events_url"),
        (403, "AccessDenied", "sqs:ReceiveMessage and sqs:DeleteMessage"),
    ],
)
def test_a_queue_that_is_not_there_or_forbidden_says_what_to_do(
    settings: Settings, status: int, code: str, says: str
) -> None:
    def answer(asked: Asked) -> Answer:
        return Answer.of_json({"__type": f"com.amazonaws.sqs#{code}", "message": "No"}, status)

    with serving(answer) as server, pytest.raises(PermanentError, match=says):
        options: Any = {"endpoint_url": server.url, "events_url": f"{server.url}/1/films"}
        source = SourceDefinition(
            name="films", kind=SourceKind.BUCKET, url="s3://films", options=options
        )
        list(bucket_events.received(source, settings))


def test_only_buckets_of_s3_notify(settings: Settings) -> None:
    options: Any = {"events_url": "https://sqs.eu-west-1.amazonaws.com/1/films"}
    source = SourceDefinition(
        name="films", kind=SourceKind.BUCKET, url="gs://films", options=options
    )
    with pytest.raises(PermanentError, match="no bucket of S3"):
        list(bucket_events.received(source, settings))
