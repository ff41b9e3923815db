"""What is secret in an address, encrypted: fit for rows and parameters, opened for a request.

``https://site/feed?token=T`` is kept as ``https://site/feed?token=sealed~…``. The key is a file
of the home that only its owner reads, or a setting. The same secret at the same site has the same
sealed form, so that addresses can be compared; at another site it does not open, so that nobody
who has seen one can have it sent elsewhere (AES-SIV, docs/decisions/0024).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import secrets
import uuid
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from utils.config import Settings
from utils.errors import PermanentError, from_os_error
from utils.models.source import SourceDefinition
from utils.privacy import redaction
from utils.privacy.redaction import SEALED

_KEY_FILE = "secret.key"
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")
_SEALED = re.compile(rf"{SEALED}([A-Za-z0-9_-]+)")


def sealed(address: str, settings: Settings) -> str:
    """``address`` with its secrets encrypted; one without secrets, or a path, as it is.

    Raises:
        NightShiftError: the key can't be read or made.
    """
    if not _SCHEME.match(address):
        return address

    def put(secret: str) -> str:
        made = _cipher(settings).encrypt(secret.encode(), [_site(address)])
        return SEALED + base64.urlsafe_b64encode(made).decode().rstrip("=")

    return redaction.replaced(address, put)


def sealed_source(wanted: SourceDefinition, settings: Settings) -> SourceDefinition:
    """A source's definition with the secrets of its address and of its options encrypted.

    Raises:
        NightShiftError: the key can't be read or made.
    """
    closed = {
        name: sealed(value, settings) for name, value in wanted.options if isinstance(value, str)
    }
    options = wanted.options.model_copy(update=closed)
    return wanted.model_copy(update={"url": sealed(wanted.url, settings), "options": options})


def opened(address: str, settings: Settings) -> str:
    """``address`` as it was before it was sealed.

    Raises:
        PermanentError: another home sealed it, or for another site.
        NightShiftError: the key can't be read.
    """

    def put(found: re.Match[str]) -> str:
        text = found[1] + "=" * (-len(found[1]) % 4)
        try:
            known = _cipher(settings).decrypt(base64.urlsafe_b64decode(text), [_site(address)])
            return known.decode()
        except (InvalidTag, ValueError, binascii.Error):
            raise PermanentError(
                f"The secret in {address} was sealed in another home. Add the address here again "
                "as it was, or give both homes one NIGHTSHIFT_SECRET_KEY "
                f"(or {_KEY_FILE} of that home)."
            ) from None

    return _SEALED.sub(put, address)


def sealed_secret(secret: str, purpose: str, settings: Settings) -> str:
    """A secret that is no part of an address, encrypted; it opens for the same purpose alone.

    Raises:
        NightShiftError: the key can't be read or made.
    """
    made = _cipher(settings).encrypt(secret.encode(), [purpose.encode()])
    return SEALED + base64.urlsafe_b64encode(made).decode().rstrip("=")


def opened_secret(sealed: str, purpose: str, settings: Settings) -> str:
    """What ``sealed_secret`` was given.

    Raises:
        PermanentError: another home sealed it, or for another purpose.
        NightShiftError: the key can't be read.
    """
    text = sealed.removeprefix(SEALED)
    try:
        made = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return _cipher(settings).decrypt(made, [purpose.encode()]).decode()
    except (InvalidTag, ValueError, binascii.Error):
        raise PermanentError(
            f"A secret for {purpose} was sealed in another home, or for another address. Give it "
            f"again, or give both homes one NIGHTSHIFT_SECRET_KEY (or {_KEY_FILE} of that home)."
        ) from None


def _site(address: str) -> bytes:
    # Without its secrets: a key of S3 may hold a slash, which would end the host's part.
    parts = urlsplit(redaction.replaced(address, lambda _: redaction.HIDDEN))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower().encode()


def _cipher(settings: Settings) -> AESSIV:
    given = settings.secret_key
    text = given.get_secret_value() if given else _key_of(settings.home)
    return AESSIV(hashlib.sha512(text.strip().encode()).digest())


def _key_of(home: Path) -> str:
    """The key of a home; made at its first use, whole, and for its owner only."""
    path = home / _KEY_FILE
    try:
        with suppress(FileNotFoundError):
            return path.read_text()
        home.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{_KEY_FILE}.{uuid.uuid4().hex}")
        opened = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
        with suppress(FileExistsError):  # another process was faster: its key counts
            os.link(temporary, path)
        temporary.unlink()
        return path.read_text()
    except OSError as error:
        raise from_os_error(error, f"reading or making {path}") from error
