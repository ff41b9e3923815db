"""A file of definitions: which program's it is, and what it describes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from utils.errors import PermanentError, UsageError
from utils.models.sanitize import visible
from utils.sources.definitions import n8n, n8n_mapping, own, subscriptions
from utils.sources.definitions.found import Found
from utils.sources.definitions.n8n_mapping import NodeMapping

MAX_BYTES = 16 * 2**20
_MAX_VALUES = 200_000  # also of YAML whose anchors stand for many
_LISTS = ("sources", "ingestions", "definitions", "items", "data", "results")
_URL_LINE = re.compile(r"(https?://|UC[\w-]{22}\b|@[\w.-]{3,60}$|[#;\]])")


class Definitions(NamedTuple):
    """What a file describes, and in which form."""

    form: str
    found: list[Found]


def read(path: Path) -> Definitions:
    """The sources that a file describes, in the order in which it does.

    Raises:
        UsageError: it does not exist.
        PermanentError: it can't be read, or is of no form that is known.
    """
    body = _body(path)
    try:
        return _recognised(body, path.suffix.lower())
    except RecursionError:
        raise PermanentError(f"{path.name} is nested too deeply to be read.") from None
    except PermanentError as error:
        raise PermanentError(f"{path.name} can't be read. {error}") from None


def nodes(path: Path) -> list[NodeMapping]:
    """What each node of a workflow of n8n becomes here; of several workflows, one after another.

    Raises:
        UsageError: the file does not exist.
        PermanentError: it can't be read, or is no workflow.
    """
    body = _body(path)
    try:
        given = _json(body.decode("utf-8-sig", errors="strict"))
    except (UnicodeDecodeError, RecursionError):
        raise PermanentError(f"{path.name} is no JSON in UTF-8: no workflow of n8n.") from None
    except PermanentError as error:
        raise PermanentError(f"{path.name} can't be read. {error}") from None
    flows = given if isinstance(given, list) else [given]
    known = [one for one in flows if n8n.is_workflow(one)]
    if not known:
        raise PermanentError(f"{path.name} is no workflow of n8n: it has no list of nodes.")
    return [node for one in known for node in n8n_mapping.mapped(one)]


def _body(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist. Check the spelling.") from None
    except OSError as error:
        raise PermanentError(f"{path} can't be read: {error.strerror}.") from None
    if len(body) > MAX_BYTES:
        raise PermanentError(f"{path.name} has more than {MAX_BYTES >> 20} MiB: no definitions.")
    return body


def _recognised(body: bytes, suffix: str) -> Definitions:
    if suffix == ".opml" or body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return Definitions("OPML", subscriptions.opml(body))
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PermanentError(f"It is no UTF-8 text (byte {error.start}).") from None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if suffix == ".csv":
        return Definitions("subscriptions as CSV", subscriptions.takeout(text))
    is_json = suffix == ".json" or text.lstrip()[:1] in {"{", "["}
    if not is_json and suffix not in {".yaml", ".yml"} and (
        suffix in {".txt", ".list"} or all(_URL_LINE.match(line) for line in lines)
    ):  # fmt: skip
        return Definitions("list of addresses", subscriptions.text(lines))
    return _document(_json(text) if is_json else _yaml(text))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        where = (
            f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise PermanentError(f"It is no JSON ({where}).") from None


def _yaml(text: str) -> Any:
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: {error.problem}" if mark else "a value is none"  # type: ignore[union-attr]
        raise PermanentError(f"It is no YAML ({visible(where)}).") from None
    _count(found, 0)
    return found


def _count(value: Any, sofar: int) -> int:
    """How many values there are, each anchor counted wherever it is used.

    Raises:
        PermanentError: too many.
    """
    sofar += 1
    if sofar > _MAX_VALUES:
        raise PermanentError(f"It stands for more than {_MAX_VALUES:,} values: no definitions.")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        sofar = _count(one, sofar)
    return sofar


def _document(given: Any) -> Definitions:
    if n8n.is_workflow(given):
        return Definitions("n8n workflow", n8n.read(given))
    if isinstance(given, Mapping):
        if isinstance(given.get("subscriptions"), list):
            return Definitions(
                "exported subscriptions", subscriptions.exported(given["subscriptions"])
            )
        inner = next((given[name] for name in _LISTS if isinstance(given.get(name), list)), None)
        given = [given] if inner is None else inner
    if not isinstance(given, list) or not given:
        raise PermanentError(
            "It is none of: a list of definitions, OPML, a list of addresses, subscriptions of "
            "TubeArchivist or NewPipe, a workflow of n8n."
        )
    if any(n8n.is_workflow(one) for one in given):
        flows = [one for one in given if n8n.is_workflow(one)]
        return Definitions("n8n workflows", [one for flow in flows for one in n8n.read(flow)])
    if all(isinstance(one, str) for one in given):
        return Definitions("list of addresses", subscriptions.text(given))
    if any(subscriptions.is_exported(one) for one in given):
        return Definitions("exported subscriptions", subscriptions.exported(given))
    return Definitions("definitions", [_one(one) for one in given])


def _one(given: Any) -> Found:
    if not isinstance(given, Mapping):
        return Found(name=str(given)[:80], why_not="it is no definition, but a single value")
    return own.read(given)
