"""What is secret in an address, and addresses shown without it: the one place that knows.

Secret are a password (or a lone user name, which may be a token), parameters whose name or look
says so, and JSON web tokens wherever they stand. A secret that is a plain part of the path can't
be told from a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus, urlsplit, urlunsplit

HIDDEN = "***"
SEALED = "sealed~"  # what follows is encrypted (utils/storage/sealing.py): fit to be seen

# Texts come from strangers too: no pattern looks back far, however long they are.
# One slash: what became of an address that was taken for a path.
_ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{1,30}:/{1,2}[^\s\"<>`\\]+")
# People write passwords with / and #, too; a port before the first / is none.
_USER = re.compile(
    r"^([a-zA-Z][a-zA-Z0-9+.-]{1,30}:/{1,2})(?!\[)(?:([^:@/?#]*):(?!\d*[/?#])([^@]*)|([^:@/?#]+))@"
)
_NAME = re.compile(r"[?&;#]([^=&;#?/\s]+)=")
_VALUE, _PART = re.compile(r"[^&#\s]*"), re.compile(r"[^?&;#\s]*")
_WEB_TOKEN = re.compile(r"\beyJ[\w-]{8,400}\.[\w-]{8,8000}(?:\.[\w-]{0,800})?")
_SEALED_FORM = re.compile(re.escape(SEALED) + r"[\w-]*")
_SHORTEST = 3  # characters that are looked for in a text: fewer stand anywhere
_WORDS = {
    "apikey", "auth", "authorization", "bearer", "cookie", "credential", "credentials", "hash",
    "hdnea", "hdntl", "hdnts", "hmac", "jwt", "key", "md5", "otp", "pass", "passcode", "passphrase",
    "passwd", "password", "policy", "pw", "pwd", "secret", "session", "sessionid", "sid", "sig",
    "sign", "signature", "ticket", "token",
}  # fmt: skip
_END = re.compile(r"((access|api|app|auth|private|secret)key|password|secret|signature|token)$")
# Of no human's making: 32 hex digits and more, or 40 characters with all that keys have.
_RANDOM = re.compile(r"[0-9a-fA-F-]{32,}|(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9_+/=%.~-]{40,}")


def redacted(text: str) -> str:
    """``text`` with ``***`` for what is secret in the addresses in it."""
    if ":/" not in text:
        return text
    return _ADDRESS.sub(lambda found: replaced(found[0], lambda _: HIDDEN), text)


def shown(text: str) -> str:
    """``text`` with ``***`` for what is secret and for what was sealed: for people alone.

    What is sealed can be given to a command again; three stars can't.
    """
    return _SEALED_FORM.sub(HIDDEN, redacted(text))


def shown_within(document: Any) -> Any:
    """The same for every text in a JSON document."""
    if isinstance(document, str):
        return shown(document) if ":/" in document or SEALED in document else document
    if isinstance(document, dict):
        return {name: shown_within(part) for name, part in document.items()}
    if isinstance(document, (list, tuple)):
        return [shown_within(part) for part in document]
    return document


def replaced(address: str, put: Callable[[str], str]) -> str:
    """``address`` with ``put(secret)`` for each secret in it, as it is spelled there."""
    return _replaced(address, put, look_inside=True)


def secrets_of(address: str) -> list[str]:
    """What is secret in an address, as it is spelled there."""
    return _secrets_of(address, look_inside=True)


def hidden(text: str, address: str) -> str:
    """``text`` with ``***`` for each secret of ``address``, in any spelling.

    For what others say of an address: they quote parts of it.
    """
    found = {form for one in secrets_of(address) for form in (one, unquote(one), unquote_plus(one))}
    spelled = found | {kind(one, safe="") for one in found for kind in (quote, quote_plus)}
    for form in sorted(spelled, key=len, reverse=True):
        if len(form) >= _SHORTEST:
            text = text.replace(form, HIDDEN)
    return redacted(text)


def bare(address: str) -> str:
    """An address without user, password, query and fragment: where published files are shown."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def without_user(address: str) -> tuple[str, str]:
    """An address without its user, and that user, ``user:password``; empty if it has none."""
    parts = urlsplit(address)
    user, _, place = parts.netloc.rpartition("@")
    return parts._replace(netloc=place).geturl(), unquote(user)


def _replaced(address: str, put: Callable[[str], str], look_inside: bool) -> str:
    def swap(secret: str) -> str:
        known = not secret or secret == HIDDEN or secret.startswith(SEALED)
        return secret if known else put(secret)

    def user(found: re.Match[str]) -> str:
        scheme, name, password, alone = found.groups()
        if alone is not None:
            return f"{scheme}{swap(alone)}@"
        return f"{scheme}{name}:{swap(password)}@" if password else f"{scheme}{swap(name)}:@"

    address, made, at = _USER.sub(user, address), list[str](), 0
    while found := _NAME.search(address, at):
        made.append(address[at : found.end()])
        at = found.end()
        if _is_secret_name(found[1]):
            value, at = _taken(_VALUE, address, at)
            made.append(swap(value))
            continue
        value, at = _taken(_PART, address, at)
        if _RANDOM.fullmatch(value) or (look_inside and _holds_secret(value)):
            made.append(swap(value))
        else:  # what follows in it, such as an address with parameters, is looked at next
            made.append(_USER.sub(user, value))
    return _WEB_TOKEN.sub(lambda found: swap(found[0]), "".join((*made, address[at:])))


def _taken(kind: re.Pattern[str], address: str, at: int) -> tuple[str, int]:
    """What matches from ``at`` on, and where it ends."""
    found = kind.match(address, at)
    return (found[0], found.end()) if found else ("", at)


def _secrets_of(address: str, look_inside: bool) -> list[str]:
    found: list[str] = []

    def note(secret: str) -> str:
        found.append(secret)
        return HIDDEN

    _replaced(address, note, look_inside)
    return found


def _is_secret_name(name: str) -> bool:
    spelled = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", unquote(name))
    words = {word for word in re.split(r"[^a-z0-9]+", spelled.lower()) if word}
    return bool(words & _WORDS) or bool(_END.search(unquote(name).lower()))


def _holds_secret(value: str) -> bool:
    """True for a value in which an address is spelled, with a secret in it."""
    plain = unquote(value)
    return plain != value and any(
        _secrets_of(inner[0], look_inside=False) for inner in _ADDRESS.finditer(plain)
    )
