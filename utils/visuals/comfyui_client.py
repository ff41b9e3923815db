"""The requests to a ComfyUI server: bounded in bytes and time, errors translated.

The address is a person's own setting, so any network will do; redirects are not followed, so that
its token goes nowhere else. All that the server says is bounded, and none of it is a path here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import httpx

from utils import clock
from utils.config import Settings
from utils.errors import PermanentError, RetryableError, SettingsError
from utils.models.sanitize import text, visible
from utils.privacy.redaction import bare, redacted

SETTING = "NIGHTSHIFT_COMFYUI__URL"
MOST_BYTES = 64 * 2**20  # of one answer: a picture of 16 megapixels as PNG has up to 50
_SECONDS = 60.0  # for one answer, however slowly it drips
_TIMEOUT = httpx.Timeout(20.0, connect=10.0)
_TRIES = 3  # of one file that comes cut short
_SAID = 400  # characters of what it says that go into an error


class Server(NamedTuple):
    """A ComfyUI server: an open client, its address, what opens a proxy before it."""

    client: httpx.Client
    url: str
    headers: Mapping[str, str]


class Reply(NamedTuple):
    """What it answered: ``document`` is its JSON, None where it is none."""

    status: int
    body: bytes
    document: Any


class GoneError(RetryableError):
    """A file or a job that it no longer has."""


class AwayError(RetryableError):
    """It does not answer, or not to the end: it may be starting."""


@contextmanager
def connected(settings: Settings) -> Iterator[Server]:
    """The server of the settings; nothing is asked of it yet.

    Raises:
        SettingsError: there is no address, or it is none of http or https.
    """
    url = address(settings)
    token = settings.comfyui.token
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
    with httpx.Client(base_url=url + "/", headers=headers, timeout=_TIMEOUT) as client:
        yield Server(client, url, headers)


def address(settings: Settings) -> str:
    """The server's address, without a slash at its end; the errors of ``connected``."""
    url = (settings.comfyui.url or "").rstrip("/")
    if not url:
        raise SettingsError(f"No ComfyUI is set: set {SETTING}, such as http://127.0.0.1:8188.")
    try:
        parts = urlsplit(url)
        is_right = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right or parts.query or parts.fragment:
        raise SettingsError(f"{SETTING} is no http(s) address: {redacted(url)}.")
    return url


def version(server: Server) -> str:
    """The version that it says it is; "unknown" where it says none."""
    told = ask(server, "GET", "system_stats").document
    system = told.get("system") if isinstance(told, dict) else None
    said = system.get("comfyui_version") if isinstance(system, dict) else None
    return visible(str(said or "unknown"))[:40]


def class_of(server: Server, name: str) -> dict[str, Any] | None:
    """What it says of a class of nodes; None if it has none of that name."""
    told = ask(server, "GET", f"object_info/{quote(name, safe='')}").document
    found = told.get(name) if isinstance(told, dict) else None
    return found if isinstance(found, dict) else None


def submit(
    server: Server, graph: Mapping[str, Any], job: str, client_id: str
) -> tuple[str, Mapping[str, Any]]:
    """Have it make a graph; returns the job's id, and what it said against parts of the graph.

    An older server takes no id of ours and gives one of its own.

    Raises:
        PermanentError: it refuses the graph; says which nodes, and why.
    """
    given = {"prompt": graph, "client_id": client_id, "prompt_id": job}
    reply = ask(server, "POST", "prompt", json=given, allowed=(400,))
    told = reply.document if isinstance(reply.document, dict) else {}
    if reply.status == httpx.codes.BAD_REQUEST:
        raise PermanentError(f"ComfyUI refuses the workflow: {refusal(told)}")
    taken = told.get("prompt_id")
    if not isinstance(taken, str) or not taken:
        raise _no_json("prompt", reply)
    errors = told.get("node_errors")
    return taken, errors if isinstance(errors, dict) else {}


def refusal(told: Mapping[str, Any]) -> str:
    """What is wrong with a graph, in words: each node with its class and what it says."""
    nodes = told.get("node_errors")
    found = [
        f"node {node} ({fault.get('class_type')}): "
        + "; ".join(_reason(one) for one in _listed(fault.get("errors")))
        for node, fault in (nodes.items() if isinstance(nodes, dict) else ())
        if isinstance(fault, dict)
    ]
    error = told.get("error")
    whole = _reason(error) if isinstance(error, dict) else str(error or "without a reason")
    return _short(". ".join(found) or whole)


def queued(server: Server, job: str) -> str | None:
    """``running``, ``pending``, or None for a job that it does not have in its queue."""
    told = ask(server, "GET", "queue").document
    for state in ("running", "pending"):
        jobs = told.get(f"queue_{state}") if isinstance(told, dict) else None
        for one in jobs if isinstance(jobs, list) else ():
            if isinstance(one, list) and len(one) > 1 and one[1] == job:
                return state
    return None


def history(server: Server, job: str) -> dict[str, Any] | None:
    """What it says of a job that has ended; None of any other."""
    told = ask(server, "GET", f"history/{quote(job, safe='')}").document
    found = told.get(job) if isinstance(told, dict) else None
    return found if isinstance(found, dict) else None


def view(server: Server, file: Mapping[str, str]) -> bytes:
    """A file that a job made: ``filename``, ``subfolder`` and ``type``.

    Raises:
        GoneError: it has no such file.
        AwayError: it came cut short, again and again.
    """
    for left in reversed(range(_TRIES)):
        try:
            reply = ask(server, "GET", "view", params=dict(file), allowed=(404,))
            break
        except AwayError:
            if not left:
                raise
    if reply.status == httpx.codes.NOT_FOUND:
        name = visible(file["filename"])
        raise GoneError(f"ComfyUI made {name} and has lost it.")
    return reply.body


def upload(server: Server, name: str, picture: bytes) -> str:
    """Give it a picture to work with; returns the name that a ``LoadImage`` node knows it by."""
    reply = ask(
        server,
        "POST",
        "upload/image",
        data={"overwrite": "true", "subfolder": "nightshift", "type": "input"},
        files={"image": (name, picture)},
    )
    told = reply.document if isinstance(reply.document, dict) else {}
    if not isinstance(told.get("name"), str):
        raise _no_json("upload/image", reply)
    return "/".join(filter(None, (str(told.get("subfolder") or ""), told["name"])))


def cancel(server: Server, job: str) -> None:
    """End a job of ours, whether it waits or runs; of others nothing is touched.

    An older server interrupts whatever runs, so it is asked first whether that is ours.
    """
    ask(server, "POST", "queue", json={"delete": [job]})
    if queued(server, job) == "running":
        ask(server, "POST", "interrupt", json={"prompt_id": job})


def ask(
    server: Server, method: str, path: str, allowed: tuple[int, ...] = (), **given: Any
) -> Reply:
    """What it answers: 200, or one of ``allowed``.

    Raises:
        AwayError: it does not answer, or not to the end; or it is broken (5xx).
        PermanentError: it answers anything else, or too much.
    """
    begun = clock.monotonic()
    try:
        with server.client.stream(method, path, **given) as answer:
            body = _read(answer, begun + _SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise AwayError(
            f"ComfyUI does not answer at {bare(server.url)}: {type(error).__name__}. Is it "
            f"running? Its address is {SETTING}."
        ) from error
    reply = Reply(answer.status_code, body, _parsed(body))
    if answer.status_code != httpx.codes.OK and answer.status_code not in allowed:
        raise _refused(server, reply)
    return reply


def _read(answer: httpx.Response, end: float) -> bytes:
    body = bytearray()
    for piece in answer.iter_bytes():
        body += piece
        if len(body) > MOST_BYTES:
            raise PermanentError(f"ComfyUI sends more than {MOST_BYTES >> 20} MiB at once.")
        if clock.monotonic() > end:
            raise AwayError("ComfyUI has not answered to the end in time.")
    return bytes(body)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _refused(server: Server, reply: Reply) -> AwayError | PermanentError:
    told = f"ComfyUI at {bare(server.url)} answers {reply.status}"
    if reply.status >= 500:
        return AwayError(f"{told}: {_short(reply.body[:_SAID].decode('utf-8', 'replace'))}")
    if reply.status in {401, 403}:
        return PermanentError(
            f"{told}: set NIGHTSHIFT_COMFYUI__TOKEN to what the proxy before it wants."
        )
    if 300 <= reply.status < 400:
        return PermanentError(
            f"{told}, a redirection, which is not followed: set {SETTING} to its own address."
        )
    return PermanentError(f"{told}. Is {SETTING} the address of a ComfyUI?")


def _no_json(path: str, reply: Reply) -> PermanentError:
    said = _short(reply.body[:80].decode("utf-8", "replace"))
    return PermanentError(
        f"/{path} answers {said!r}, which is not ComfyUI's. Is {SETTING} its address?"
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _reason(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    parts = (str(error.get("message") or error.get("type") or ""), str(error.get("details") or ""))
    return ": ".join(" ".join(part.split()) for part in parts if part)


def _short(said: str) -> str:
    return visible(redacted(" ".join(text(said).split())))[:_SAID]
