"""S3, and servers that speak like it, through boto3.

fsspec's own listing (s3fs) holds all of a bucket in memory before it says anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from utils.config import Settings
from utils.errors import NightShiftError, PermanentError
from utils.models.found_object import FoundObject
from utils.sources import bucket_errors as errors
from utils.sources.bucket_place import Place, Service, Way, way_to
from utils.sources.bucket_sink import Said, Sink, moment

PAGE = 1_000  # the most that S3 gives
_BLOCK_BYTES = 1 << 20
_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 10, 60, 3
_MISSING = {"NoSuchBucket", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}
_GONE = {"NoSuchKey", "404", "NoSuchVersion", "NotFound"}
_CHANGED = {"PreconditionFailed", "412"}
_UNKNOWN_LOGIN = {
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
    "TokenRefreshRequired", "InvalidClientTokenId", "UnrecognizedClientException",
    "InvalidSecurity", "RequestTimeTooSkewed",
}  # fmt: skip
_THROTTLED = {"SlowDown", "Throttling", "ThrottlingException", "TooManyRequests", "429",
              "RequestLimitExceeded", "BandwidthLimitExceeded", "503"}  # fmt: skip
_ELSEWHERE = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraint"}
_REGION = re.compile(r"\b(?:sqs|queue|s3)[.-]([a-z]{2}(?:-[a-z]+)+-\d)\.")
_MD5 = re.compile(r"[0-9a-f]{32}")


def pages(place: Place, settings: Settings, after: str | None) -> Iterator[list[FoundObject]]:
    """A bucket's objects below its prefix, by UTF-8, from the first key after ``after`` on."""
    asked: dict[str, Any] = {"Bucket": place.bucket, "Prefix": place.prefix, "MaxKeys": PAGE}
    if after is not None:
        asked["StartAfter"] = place.prefix + after
    with way_to(place.endpoint, settings) as way, translated(place, None, way):
        s3 = client("s3", place, way)
        while True:
            answer = s3.list_objects_v2(**asked)
            yield [_found(place, one) for one in answer.get("Contents", ())]
            if not answer.get("IsTruncated"):
                return
            asked["ContinuationToken"] = _next(place, asked, answer)


def read(place: Place, found: FoundObject, settings: Settings, sink: Sink) -> Said:
    """An object as it was listed, block by block into ``sink``."""
    asked = {"Bucket": place.bucket, "Key": place.prefix + found.key}
    if found.etag is not None:
        asked["IfMatch"] = f'"{found.etag}"'
    with way_to(place.endpoint, settings) as way, translated(place, found.key, way):
        answer = client("s3", place, way).get_object(**asked)
        for block in answer["Body"].iter_chunks(_BLOCK_BYTES):
            sink.write(block)
    etag = answer.get("ETag", "").strip('"')
    # What is encrypted by somebody's own key has a digest of something else for an ETag.
    is_digest = _MD5.fullmatch(etag) and not (
        answer.get("SSECustomerAlgorithm") or "kms" in (answer.get("ServerSideEncryption") or "")
    )
    return Said(answer.get("ContentLength"), etag or None, etag if is_digest else None)


def look(place: Place, s3: Any, way: Way, key: str) -> FoundObject | None:
    """An object as it is now; None if it is not there."""
    try:
        with translated(place, key, way):
            answer = s3.head_object(Bucket=place.bucket, Key=place.prefix + key)
    except errors.Gone:
        return None
    return FoundObject(
        key=key,
        size_bytes=answer.get("ContentLength"),
        etag=answer.get("ETag", "").strip('"') or None,
        modified_at=moment(answer.get("LastModified")),
    )


def client(name: str, place: Place, way: Way) -> Any:
    """A client of a service of AWS, with time-outs; credentials as boto3 finds them.

    Args:
        name: ``s3`` or ``sqs``.
        place: Its region, its credentials, and whether it is asked without any.
        way: Through which proxy.
    """
    import boto3.session
    import botocore.session
    from botocore import UNSIGNED
    from botocore.config import Config

    session = botocore.session.Session()
    session.register_component("data_loader", _loader())
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_instant)
    endpoint = place.endpoint
    region = place.region or _region(endpoint) or session.get_config_variable("region")
    login = {} if place.secret is None else {
        "aws_access_key_id": place.user,
        "aws_secret_access_key": place.secret.get_secret_value(),
    }  # fmt: skip
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
        signature_version=UNSIGNED if place.is_anonymous else None,
        proxies={"http": way.proxy, "https": way.proxy} if way.proxy else None,
        s3={"addressing_style": "path"} if endpoint and not place.is_own else None,
    )
    return boto3.session.Session(botocore_session=session).client(
        name, region_name=region or "us-east-1", endpoint_url=endpoint, config=config, **login
    )


@contextmanager
def translated(place: Place, key: str | None, way: Way) -> Iterator[None]:
    """Errors of boto3 as ours; ``key``: what is read, None for a listing."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
        from botocore.parsers import ResponseParserError
    except ImportError:
        raise errors.not_installed(Service.S3) from None
    try:
        yield
    except ClientError as error:
        raise _refusal(place, key, error.response, way) from None
    except NoCredentialsError:
        raise errors.no_credentials(place) from None
    except (BotoCoreError, ResponseParserError) as error:
        raise _failure(place, key, error, way) from None


@cache
def _loader() -> Any:
    """The descriptions of AWS's services, read once: a client then costs 20 ms, not 100."""
    from botocore.loaders import create_loader

    return create_loader(None)


def _instant(told: Any) -> datetime:
    """A time as S3 writes it; botocore's own reading takes most of the time of a listing."""
    from botocore.utils import parse_timestamp

    if isinstance(told, str) and told.endswith("Z"):
        with suppress(ValueError):
            return datetime.fromisoformat(told)
    return parse_timestamp(told)  # type: ignore[no-any-return]


def _region(endpoint: str | None) -> str | None:
    found = _REGION.search(urlsplit(endpoint or "").hostname or "")
    return found[1] if found else None


def _next(place: Place, asked: dict[str, Any], answer: dict[str, Any]) -> str:
    token = answer.get("NextContinuationToken")
    if not token or token == asked.get("ContinuationToken"):
        raise errors.stuck(place, "the server does not say where it goes on")
    return str(token)


def _found(place: Place, one: dict[str, Any]) -> FoundObject:
    return FoundObject(
        key=place.relative(one["Key"]),
        size_bytes=one.get("Size"),
        etag=one.get("ETag", "").strip('"') or None,
        modified_at=moment(one.get("LastModified")),
    )


def _refusal(place: Place, key: str | None, answer: Any, way: Way) -> NightShiftError:
    code = str(answer.get("Error", {}).get("Code", ""))
    said = str(answer.get("Error", {}).get("Message", ""))[:300] or code
    http = answer.get("ResponseMetadata", {})
    status, headers = http.get("HTTPStatusCode"), http.get("HTTPHeaders", {})
    if way.refused or way.unreachable:
        return errors.no_answer(place, said, way)
    if code in _MISSING:
        return errors.missing(place)
    if code in _UNKNOWN_LOGIN:
        return errors.refused_credentials(place, f"{code}: {said}")
    if code in _THROTTLED or status == 429:
        return errors.throttled(place, headers.get("retry-after"))
    if code in _CHANGED and key is not None:
        return errors.changed(place, key)
    if code in _GONE and key is not None:
        return errors.gone(place, key)
    if code == "InvalidObjectState" and key is not None:
        return PermanentError(
            f"{errors.short(key)} in {place.shown} is archived (Glacier): restore it first."
        )
    if code in _ELSEWHERE:
        region = headers.get("x-amz-bucket-region") or answer.get("Error", {}).get("Region")
        return PermanentError(
            f"The bucket {place.bucket} lies in another region ({region or 'not said which'}). Set "
            "the source's option region."
        )
    if status in {401, 403}:
        return errors.forbidden(place, key, f"{code}: {said}")
    return errors.answered(place, status, f"{code}: {said}")


def _failure(place: Place, key: str | None, error: Exception, way: Way) -> NightShiftError:
    """What befell a request that was not answered, or whose answer makes no sense."""
    from botocore import exceptions as boto

    said = str(error)[:300]
    if isinstance(error, (boto.ParamValidationError, boto.InvalidRegionError)):
        return PermanentError(f"{place.shown} can't be asked for: {said}")
    if isinstance(error, (boto.CredentialRetrievalError, boto.PartialCredentialsError,
                          boto.ProfileNotFound, boto.TokenRetrievalError)):  # fmt: skip
        return errors.refused_credentials(place, said)
    if isinstance(error, (boto.ResponseStreamingError, boto.IncompleteReadError)) and key:
        return errors.cut(place, key, said)
    return errors.no_answer(place, said, way)
