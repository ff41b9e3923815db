"""What a bucket of S3 tells by itself: its notifications in a queue of SQS, beside its listing.

A notification says at which key to look; what is there is asked of the bucket. So it does no harm
if one comes twice, late, or before an older one, and nobody has to keep sequencers: whatever they
say, the newest is what the bucket has now. Only what was recorded is taken out of the queue:

    for batch in bucket_events.received(definition, settings):
        ...            # record batch.found and batch.removed, in one transaction
        batch.acknowledge()

Notifications get lost where the queue is full of days, or was set up later than the bucket: a
listing now and then stays necessary (docs/operating.md, "Buckets").
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote_plus, urlsplit

from utils.config import Settings
from utils.errors import PermanentError
from utils.models.found_object import FoundObject
from utils.models.source import SourceDefinition
from utils.processes import deadline
from utils.sources import address, bucket_place, bucket_s3
from utils.sources.bucket_place import Place, Service, Way, is_own_host, way_to
from utils.sources.buckets import is_file

# All chosen.
_MESSAGES = 10  # the most that SQS gives
_BATCHES = 10_000  # in one look; the next goes on
_WAIT_SECONDS = 1  # for a first message; less would pass over messages that are there (SQS)
_HIDDEN_SECONDS = 900  # from others, while they are recorded
# Of S3's own notifications and of EventBridge's: after which of them is an object another?
_NAMES = ("ObjectCreated:", "ObjectRemoved:", "ObjectRestore:Completed", "LifecycleExpiration:")
_DETAIL_TYPES = ("Object Created", "Object Deleted", "Object Restore Completed")


class Batch(NamedTuple):
    """Some notifications of a queue, once their keys were looked at.

    ``found`` is there now, ``removed`` is not; each key once. ``acknowledge`` takes the messages
    out of the queue, when the rest was recorded. ``unreadable``: messages that are no
    notifications of S3, ``foreign``: of another bucket; both stay in the queue, which gives them
    to its dead-letter queue if it has one.
    """

    found: list[FoundObject]
    removed: list[str]
    acknowledge: Callable[[], None]
    unreadable: int = 0
    foreign: int = 0


class _Read(NamedTuple):
    """What the messages of a batch say: keys to look at, and what can be taken out afterwards."""

    keys: list[str]
    receipts: list[dict[str, str]]
    unreadable: int
    foreign: int


def received(definition: SourceDefinition, settings: Settings) -> Iterator[Batch]:
    """What the queue of a source's bucket holds, until it is empty; nothing without a queue.

    Raises:
        PermanentError: the bucket is none of S3, there is no such queue, or it is forbidden.
        RetryableError: the queue or the bucket does not answer.
    """
    queue = definition.options.events_url
    if queue is None:
        return
    place = bucket_place.of(definition, settings)
    if place.service is not Service.S3:
        raise PermanentError(f"{place.shown} is no bucket of S3: only those notify a queue of SQS.")
    address.check(queue)
    endpoint = f"{urlsplit(queue).scheme}://{urlsplit(queue).netloc}"
    with way_to(endpoint, settings) as to_queue, way_to(place.endpoint, settings) as to_bucket:
        at_queue = _queue_as_place(place, queue, endpoint)
        with bucket_s3.translated(at_queue, None, to_queue):
            sqs = bucket_s3.client("sqs", at_queue, to_queue)
        with bucket_s3.translated(place, None, to_bucket):
            s3 = bucket_s3.client("s3", place, to_bucket)
        left: set[str] = set()  # messages that stay in the queue, and were seen in this look
        for _ in range(_BATCHES):
            deadline.check(f"The queue {queue}")
            messages = _received(sqs, at_queue, to_queue)
            if all(one["MessageId"] in left for one in messages):
                return
            left |= {one["MessageId"] for one in messages}
            read = _read(place, messages)
            looked = {key: bucket_s3.look(place, s3, to_bucket, key) for key in read.keys}
            yield Batch(
                found=[one for one in looked.values() if one is not None and is_file(one)],
                removed=[key for key, one in looked.items() if one is None],
                acknowledge=_acknowledging(sqs, at_queue, to_queue, read.receipts),
                unreadable=read.unreadable,
                foreign=read.foreign,
            )


def keys_of(body: str, place: Place) -> list[str] | None:
    """The keys of a source that a message is about; None if it is about another bucket.

    Raises:
        ValueError: it is no notification of S3.
    """
    told = json.loads(body)
    if isinstance(told, dict) and told.get("Type") == "Notification":  # by way of SNS
        told = json.loads(str(told.get("Message")))
    if not isinstance(told, dict):
        raise ValueError("no object")
    if told.get("Event") == "s3:TestEvent":
        return [] if told.get("Bucket") == place.bucket else None
    try:
        named = _by_eventbridge(told) if "detail" in told else _by_s3(told)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"no notification of S3: {error!r}") from error
    if any(bucket != place.bucket for bucket, _ in named):
        return None
    ours = (key for _, key in named if key.startswith(place.prefix) and "\0" not in key)
    return [place.relative(key) for key in ours]


def _by_s3(told: dict[str, Any]) -> list[tuple[str, str]]:
    """Bucket and key of each record; S3 encodes keys as forms do."""
    return [
        (record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"]))
        for record in told["Records"]
        if record["eventName"].removeprefix("s3:").startswith(_NAMES)
    ]


def _by_eventbridge(told: dict[str, Any]) -> list[tuple[str, str]]:
    """Bucket and key; EventBridge tells keys as they are."""
    detail = told["detail"]
    pair = (str(detail["bucket"]["name"]), str(detail["object"]["key"]))
    return [pair] if told["detail-type"] in _DETAIL_TYPES else []


def _read(place: Place, messages: Sequence[dict[str, Any]]) -> _Read:
    keys: dict[str, None] = {}
    receipts, unreadable, foreign = list[dict[str, str]](), 0, 0
    for message in messages:
        try:
            named = keys_of(message["Body"], place)
        except (ValueError, RecursionError):
            unreadable += 1
            continue
        if named is None:
            foreign += 1
            continue
        keys |= dict.fromkeys(named)
        receipts.append({"Id": str(len(receipts)), "ReceiptHandle": message["ReceiptHandle"]})
    return _Read(list(keys), receipts, unreadable, foreign)


def _queue_as_place(place: Place, queue: str, endpoint: str) -> Place:
    """A queue, asked with the credentials of its bucket; its region is in its address."""
    return place._replace(
        service=Service.SQS, bucket=queue, shown=queue, endpoint=endpoint,
        region=None if is_own_host(endpoint) else place.region, is_anonymous=False,
    )  # fmt: skip


def _received(sqs: Any, queue: Place, way: Way) -> list[dict[str, Any]]:
    with bucket_s3.translated(queue, None, way):
        answer = sqs.receive_message(
            QueueUrl=queue.bucket, MaxNumberOfMessages=_MESSAGES,
            WaitTimeSeconds=_WAIT_SECONDS, VisibilityTimeout=_HIDDEN_SECONDS,
        )  # fmt: skip
    return list(answer.get("Messages", ()))


def _acknowledging(
    sqs: Any, queue: Place, way: Way, receipts: list[dict[str, str]]
) -> Callable[[], None]:
    def acknowledge() -> None:
        """Take the messages out of the queue; one that stays comes again, which does no harm."""
        if receipts:
            with bucket_s3.translated(queue, None, way):
                sqs.delete_message_batch(QueueUrl=queue.bucket, Entries=receipts)

    return acknowledge
