"""Pictures by a ComfyUI server: one job, from the values of a workflow to the picture's bytes.

Its websocket tells how far a job is; where that fails, its queue and its history are asked. What
ends the wait (Ctrl-C, a time limit, an error) ends the job there too, and no job of others.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from websockets.sync.client import ClientConnection

from utils import clock
from utils.config import Settings
from utils.errors import NightShiftError, PermanentError, RetryableError
from utils.models.sanitize import text, visible
from utils.models.visual_templates import Value, WorkflowTemplate
from utils.processes import deadline
from utils.visuals import comfyui_client, comfyui_nodes
from utils.visuals.comfyui_channel import ConnectionClosed, Progress, next_message, opened
from utils.visuals.comfyui_client import AwayError, GoneError, Server

Hear = Callable[[float], None]
# Chosen: a restart takes a minute with many custom nodes; a job is lost with it.
PATIENCE_SECONDS = 90.0
_JOBS = 3  # of one picture, where the server forgot it
_FILES = 2  # of one picture, where the server lost its file
_LISTEN_SECONDS = 0.5  # for a message, before the end of the run is looked for again
_LOOK_SECONDS = 5.0  # between two looks into the queue while the websocket tells
_POLL_SECONDS = 1.0  # the same without it
_DOING = "Making pictures"


class Made(NamedTuple):
    """The bytes of a picture, and the values that it was made from."""

    picture: bytes
    values: Mapping[str, Value]


class _Wait(NamedTuple):
    """A job that is waited for; ``end``: when it is too late (clock.monotonic)."""

    server: Server
    job: str
    progress: Progress
    end: float
    hear: Hear


def generate(
    server: Server,
    template: WorkflowTemplate,
    values: Mapping[str, Value],
    settings: Settings,
    hear: Hear = lambda _share: None,
) -> Made:
    """A picture by a workflow; ``hear`` is told how far it is (0–1).

    Args:
        server: Where.
        template: The workflow.
        values: Of its inputs; ``prefix`` is made here, anew for each job, so that no answer comes
            from the server's cache under the name of an older file.
        settings: The time that it may take.
        hear: Told of progress.

    Raises:
        PermanentError: the server refuses the workflow, a node fails, or its files get lost.
        RetryableError: it does not answer, is restarted again and again, or takes too long.
        StoppedError: the run is to end.
    """
    end = clock.monotonic() + settings.comfyui.timeout_seconds
    gone = lost = 0
    while True:
        told = _varied(template, values, gone + lost)
        graph = comfyui_nodes.fitted(server, comfyui_nodes.filled(template, told))
        try:
            result = _result(server, graph, end, hear)
        except GoneError as error:
            gone += 1
            if gone == _JOBS:
                raise RetryableError(
                    f"{error} It was given to it {_JOBS} times. Is it restarted all the time?"
                ) from error
            continue
        try:
            return Made(_picture(server, template, result), told)
        except GoneError as error:
            lost += 1
            if lost == _FILES:
                raise PermanentError(f"{error} Look at its folder output.") from error


def _varied(
    template: WorkflowTemplate, values: Mapping[str, Value], tries: int
) -> Mapping[str, Value]:
    """The values of one job: with a prefix of its own, where there is none with another seed."""
    if "prefix" in template.inputs:
        return {**values, "prefix": f"nightshift/{uuid.uuid4().hex}"}
    return {**values, "seed": int(values["seed"]) + tries}


def _result(
    server: Server, graph: comfyui_nodes.Graph, end: float, hear: Hear
) -> Mapping[str, Any]:
    """What the server says of a job that it has made."""
    client_id = uuid.uuid4().hex
    with opened(server, client_id) as channel:  # before the job: it may take a moment only
        job = str(uuid.uuid4())
        try:  # with the submission: it may have the job though its answer is lost
            job, refused = comfyui_client.submit(server, graph, job, client_id)
            wait = _Wait(server, job, Progress(job, len(graph)), end, hear)
            if refused:  # it would make a part of the graph only
                told = comfyui_client.refusal({"node_errors": refused})
                raise PermanentError(f"ComfyUI refuses a part of the workflow: {told}")
            return _waited(wait, channel)
        except GoneError:
            raise
        except BaseException:
            with suppress(NightShiftError):
                comfyui_client.cancel(server, job)
            raise


def _waited(wait: _Wait, channel: ClientConnection | None) -> Mapping[str, Any]:
    """What the server's history says of the job, once it is there."""
    answered = clock.monotonic()
    look_at = answered + _LOOK_SECONDS
    while True:
        deadline.check(_DOING)
        if clock.monotonic() > wait.end:
            raise _too_late(wait)
        channel, has_ended = _listened(wait, channel)
        if channel is not None and not has_ended and clock.monotonic() < look_at:
            continue
        look_at = clock.monotonic() + _LOOK_SECONDS
        try:
            found = _ended(wait)
        except AwayError:
            if clock.monotonic() - answered > PATIENCE_SECONDS:
                raise
            deadline.pause(_POLL_SECONDS)
            continue
        answered = clock.monotonic()
        if found is not None:
            return found


def _listened(
    wait: _Wait, channel: ClientConnection | None
) -> tuple[ClientConnection | None, bool]:
    """The websocket, None once it is closed, and whether it said that the job has ended."""
    if channel is None:
        deadline.pause(_POLL_SECONDS)
        return None, False
    try:
        has_ended = wait.progress.hear(next_message(channel, _LISTEN_SECONDS))
    except ConnectionClosed:
        return None, False
    wait.hear(wait.progress.share)
    return channel, has_ended


def _ended(wait: _Wait) -> Mapping[str, Any] | None:
    """What came of the job; None while the server has it still.

    Its queue is asked first: what ends between the two questions stands in its history.
    """
    if comfyui_client.queued(wait.server, wait.job):
        return None
    found = comfyui_client.history(wait.server, wait.job)
    if found is None:
        raise GoneError("ComfyUI does not know the job any more: it was restarted, or cleared.")
    status = found.get("status")
    if isinstance(status, dict) and status.get("status_str") == "error":
        raise _failed(_last_error(status) or wait.progress.error or {})
    if status is None and not found.get("outputs") and wait.progress.error:  # before 2024
        raise _failed(wait.progress.error)
    return found


def _last_error(status: Mapping[str, Any]) -> dict[str, Any] | None:
    messages = status.get("messages")
    for message in reversed(messages if isinstance(messages, list) else []):
        if isinstance(message, list) and len(message) == 2 and isinstance(message[1], dict):
            kind, data = message
            if kind in {"execution_error", "execution_interrupted"}:
                return {**data, "event": kind}
    return None


def _failed(error: Mapping[str, Any]) -> PermanentError | RetryableError:
    """The error of a node: which, of what class, and what it said."""
    node = f"node {error.get('node_id', '?')} ({error.get('node_type', 'unknown')})"
    if error.get("event") == "execution_interrupted":
        return PermanentError(visible(f"The job was interrupted at ComfyUI, in {node}."))
    said = " ".join(text(str(error.get("exception_message") or "without a reason")).split())
    kind = str(error.get("exception_type") or "an error")
    told = visible(f"ComfyUI failed in {node}: {kind}: {said}")[:600]
    if "OutOfMemory" in kind:
        return RetryableError(f"{told} Another program may have its memory.")
    return PermanentError(told)


def _too_late(wait: _Wait) -> RetryableError:
    with suppress(NightShiftError):
        if comfyui_client.queued(wait.server, wait.job) == "pending":
            return _late("it waits in its queue behind other jobs")
    return _late(f"it was at node {wait.progress.at}" if wait.progress.at else "it said nothing")


def _late(where: str) -> RetryableError:
    return RetryableError(
        f"ComfyUI did not end a picture in time ({visible(where)}); the job was cancelled there. "
        "Look at the server, or raise NIGHTSHIFT_COMFYUI__TIMEOUT_SECONDS."
    )


def _picture(server: Server, template: WorkflowTemplate, result: Mapping[str, Any]) -> bytes:
    """The first picture of the template's output node.

    Raises:
        PermanentError: it made none.
    """
    outputs = result.get("outputs")
    output = outputs.get(template.output) if isinstance(outputs, dict) else None
    images = output.get("images") if isinstance(output, dict) else None
    for image in images if isinstance(images, list) else ():
        if isinstance(image, dict) and isinstance(image.get("filename"), str):
            place = {name: str(image.get(name) or "") for name in ("filename", "subfolder")}
            kind = "temp" if image.get("type") == "temp" else "output"
            return comfyui_client.view(server, {**place, "type": kind})
    raise PermanentError(
        f"ComfyUI ended the job without a picture from node {template.output} "
        f"({template.graph[template.output]['class_type']})."
    )
