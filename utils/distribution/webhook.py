"""A signed POST of JSON that an item is published, or taken back (standardwebhooks.com).

``webhook-id`` is the same in every try of one publication, so that who gets it twice can tell.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from utils.clock import now
from utils.distribution.call import Call
from utils.distribution.other_addresses import addresses
from utils.errors import PermanentError, RetryableError, ThrottledError
from utils.models.publishing import Package, Published
from utils.models.targets import WebhookTarget
from utils.processes import deadline
from utils.processes.retry_after import seconds as retry_after_seconds

_SECONDS = 15.0
_PREFIX = "whsec_"


def publish(package: Package, target: WebhookTarget, call: Call) -> Published:
    """Tell that the item is published."""
    told = _told(package) | {"addresses": addresses(package.item_id, call.name)}
    _send(target, call, "item.published", told)
    return Published(address=_shown(target))


def retract(row: Published, target: WebhookTarget, call: Call) -> None:
    """Tell that it is taken back."""
    _send(target, call, "item.retracted", {"item_id": call.item_id})


def verify(row: Published, target: WebhookTarget, call: Call) -> tuple[str, ...]:
    """Nothing: who took it has it."""
    return ()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """What ``webhook-signature`` holds: HMAC-SHA256 in base64, behind its version.

    A secret that begins with ``whsec_`` is base64, as Standard Webhooks has it; any other is taken
    as it is.
    """
    key = secret.encode()
    if secret.startswith(_PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            raise PermanentError("The secret begins with whsec_, but is no base64.") from None
    signed = f"{message_id}.{timestamp}.".encode() + body
    made = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(made).decode()}"


def _told(package: Package) -> dict[str, Any]:
    told = package.model_dump(mode="json", exclude={"files", "segments"})
    files = [file.model_dump(mode="json", exclude={"path"}) for file in package.files]
    return told | {"files": files}


def _send(target: WebhookTarget, call: Call, event: str, told: Mapping[str, Any]) -> None:
    message = call.state.get(event)
    if message is None:  # kept before it is sent: the same in every try, also after kill -9
        message = {"id": f"msg_{uuid.uuid4().hex}", "at": now().isoformat()}
        call.save({**call.state, event: message})
    document = {"type": event, "timestamp": message["at"], "data": told}
    body = json.dumps(document, ensure_ascii=False, default=str).encode()
    Retrying(
        retry=retry_if_exception_type(RetryableError),
        stop=stop_after_attempt(3),
        wait=wait_exponential_jitter(initial=0.5, max=5),
        sleep=deadline.pause,
        reraise=True,
    )(_post, target, message["id"], body)


def _post(target: WebhookTarget, message_id: str, body: bytes) -> None:
    timestamp = int(now().timestamp())
    headers = {name: value.get_secret_value() for name, value in target.headers.items()}
    headers |= {
        "content-type": "application/json", "user-agent": "nightshift", "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
    }  # fmt: skip
    if target.secret:
        secret = target.secret.get_secret_value()
        headers["webhook-signature"] = signature(secret, message_id, timestamp, body)
    where = _shown(target)
    try:
        # No redirect is followed: it would carry what is signed for one to another.
        with (
            httpx.Client(timeout=_SECONDS, follow_redirects=False) as client,
            client.stream(
                "POST", target.url.get_secret_value(), content=body, headers=headers
            ) as answer,
        ):
            _judge(answer, where)
    except httpx.InvalidURL:
        raise PermanentError(f"The url of the webhook at {where} is none.") from None
    except httpx.HTTPError as error:  # its text may hold the address
        raise RetryableError(f"{where} does not answer: {type(error).__name__}") from None


def _judge(answer: httpx.Response, where: str) -> None:
    status = answer.status_code
    if answer.is_success:
        return
    if answer.is_redirect:
        raise PermanentError(f"{where} answered {status}: redirects are not followed. Set its url.")
    if status in {408, 425, 429} or status >= 500:
        asked = retry_after_seconds(answer.headers.get("retry-after"))
        raise ThrottledError(f"{where} answered {status}.", asked)
    raise PermanentError(f"{where} answered {status}: it does not take this.")


def _shown(target: WebhookTarget) -> str:
    """Its host alone: paths of webhooks are secrets."""
    parts = urlsplit(target.url.get_secret_value())
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}/…"
