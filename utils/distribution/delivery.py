"""A message to one address of apprise: mail, chat, push and a hundred other services.

Addresses hold passwords: nothing that is said of a delivery names one.
"""

from __future__ import annotations

import logging
import re
import threading
from typing import TYPE_CHECKING, ClassVar

from pydantic import SecretStr

from utils.models.notice import Notice

if TYPE_CHECKING:
    from apprise import Apprise


def deliver(message: Notice, url: SecretStr) -> str | None:
    """Send a message; returns what went wrong in words, None if it was taken."""
    _Mute.statuses.pop(threading.get_ident(), None)  # of a thread that had this number before
    try:
        service = _service(url)
        if not service:
            return "apprise does not understand it"
        taken = service.notify(
            message.text,
            title=message.title,
            notify_type="warning" if message.bad else "success",
            body_format="text",
        )
    except Exception as error:  # noqa: BLE001 (of any plugin, and its text may hold the address)
        return f"its plugin broke off with {type(error).__name__}"
    status = _Mute.statuses.pop(threading.get_ident(), None)
    why = f"it answered {status}" if status else "it refused, or did not answer"
    return None if taken else why


def is_understood(url: SecretStr) -> bool:
    """True if apprise knows a service for the address; nothing is sent."""
    return bool(_service(url))


def _service(url: SecretStr) -> Apprise:
    """apprise with this one address; empty if it understands it not."""
    import apprise  # 0.18 s: only where there is something to send

    for name in ("apprise", "urllib3.connectionpool"):
        log = logging.getLogger(name)
        if not any(isinstance(known, _Mute) for known in log.filters):
            log.addFilter(_Mute())
    service = apprise.Apprise(asset=apprise.AppriseAsset(async_mode=False, app_id="Night Shift"))
    service.add(url.get_secret_value())
    return service


class _Mute(logging.Filter):
    """Lets nothing through that apprise logs: there are addresses in it, or parts of them.

    Of a refusal it keeps the status that the service answered with, by thread.
    """

    statuses: ClassVar[dict[int, str]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Nothing is logged."""
        found = re.search(r"error=(\d{3})\b", record.getMessage())
        if found:
            self.statuses[threading.get_ident()] = found[1]
        return False
