"""A message by any of apprise's services that an item is published.

A message can't be taken back, nor asked after. After kill -9 in the middle of sending it is not
sent again: it may have arrived. What was sent once is sent again only if a person forces it
(``publishing``), whatever became of the text or the item.
"""

from __future__ import annotations

import re

from utils.distribution import delivery
from utils.distribution.call import Call
from utils.distribution.other_addresses import addresses
from utils.errors import PermanentError, RetryableError
from utils.models.notice import Notice
from utils.models.publishing import Package, Published
from utils.models.targets import MessageTarget

_SENDING = "sending"
_FIELD = re.compile(r"\{(\w+)\}")
FIELDS = frozenset(
    {"title", "summary", "description", "artist", "album", "kind", "language", "keywords",
     "address", "source_url"}
)  # fmt: skip


def publish(package: Package, target: MessageTarget, call: Call) -> Published:
    """Send the message, once."""
    scheme = target.url.get_secret_value().partition("://")[0]
    address = f"{scheme}://…"
    if call.state.get(_SENDING):
        told = {"note": "the process ended while it was sent: it may not have arrived"}
        return Published(address=address, extra=told)
    if not delivery.is_understood(target.url):
        raise PermanentError("apprise does not understand the url")
    call.save({_SENDING: True})
    message = Notice(title=package.title, text=text(package, target, call), bad=False)
    if error := delivery.deliver(message, target.url):
        call.save({})
        raise RetryableError(f"The message was not taken: {error}")
    return Published(address=address)


def retract(row: Published, target: MessageTarget, call: Call) -> None:
    """Nothing: what was sent is read."""


def verify(row: Published, target: MessageTarget, call: Call) -> tuple[str, ...]:
    """Nothing but what is known not to be sure."""
    note = row.extra.get("note")
    return (str(note),) if note else ()


def text(package: Package, target: MessageTarget, call: Call) -> str:
    """The message with the item's facts put in; what is not known is empty."""
    facts = {name: getattr(package, name) for name in FIELDS - {"address"}}
    facts["address"] = next(iter(addresses(package.item_id, call.name).values()), None)

    def put(found: re.Match[str]) -> str:
        value = facts.get(found[1])
        return ", ".join(value) if isinstance(value, tuple) else str(value or "")

    return _FIELD.sub(put, target.text).strip().removesuffix(":")


def unknown_fields(template: str) -> list[str]:
    """What a person wrote in braces and no item has."""
    return sorted({name for name in _FIELD.findall(template) if name not in FIELDS})
