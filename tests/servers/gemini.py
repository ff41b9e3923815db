"""Gemini on loopback: speaks its protocol, Files API included, and misbehaves on request."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.servers.loopback import Answer, Asked, Server, serving

UNDERSTANDING = {
    "language": "km",
    "summary": "A song about rain on the river.",
    "topics": ["rain", "river"],
    "keywords": ["rain"],
    "translation": "Rain falls on the river.",
    "romanisation": "phlieng thleak",
    "romanisation_standard": "UNGEGN (1972)",
    "vocabulary": [{"word": "ភ្លៀង", "definition": "rain", "romanisation": "phlieng"}],
    "mood": "calm",
    "era": "1960s",
    "cultural_context": "Rain is a picture of longing.",
    "content_warnings": [],
}

WATCHED = {
    "summary": "A lighthouse at dusk.",
    "shots": [
        {
            "start": "00:00.000",
            "end": "00:02.000",
            "description": "The coast from above.",
            "shot_type": "wide",
            "camera_movement": "pan",
        },
        {"start": "2s", "end": "4s", "description": "The lamp.", "shot_type": "close-up"},
    ],
    "technical_quality": {"focus": "sharp", "exposure": "a little dark"},
    "text_and_logos": [{"what": "NORTH PIER", "time": "0:01"}],
    "speakers": [{"label": "Speaker 1", "description": "an old man"}],
    "sound_events": [{"what": "gulls", "time": "3s500ms"}],
    "people": ["the keeper"],
    "places": ["a pier"],
    "activities": ["lighting the lamp"],
    "content_warnings": [],
    "keywords": ["lighthouse", "dusk"],
    "thumbnails": [
        {"time": "2s600ms", "reason": "the lamp is lit"},
        {"time": "00:00:01.200", "reason": "the whole coast"},
        {"time": "3.5", "reason": "gulls"},
    ],
}


def reply(text: str, finish: str = "STOP", **counted: object) -> Answer:
    """An answer of the model; ``counted`` goes into its usageMetadata."""
    usage = {"promptTokenCount": 321, "candidatesTokenCount": 45, "totalTokenCount": 366}
    return Answer.of_json(
        {
            "candidates": [
                {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finish}
            ],
            "usageMetadata": usage | counted,
        }
    )


def understood() -> Answer:
    return reply(json.dumps(UNDERSTANDING))


def watched(**changes: object) -> Answer:
    """The answer about a video, with some of its fields changed."""
    return reply(
        json.dumps(WATCHED | changes),
        promptTokenCount=1000,
        candidatesTokenCount=200,
        thoughtsTokenCount=50,
        promptTokensDetails=[
            {"modality": "TEXT", "tokenCount": 500},
            {"modality": "VIDEO", "tokenCount": 372},
            {"modality": "AUDIO", "tokenCount": 128},
        ],
    )


def refused(status: int, name: str, message: str, retry: str | None = None) -> Answer:
    details = (
        [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": retry}]
        if retry
        else []
    )
    error = {"code": status, "message": message, "status": name, "details": details}
    return Answer.of_json({"error": error}, status)


def cut_short(answer: Answer) -> Answer:
    """Half of an answer's body, then the line is closed."""
    return Answer(answer.status, answer.body, answer.headers, cut_to=len(answer.body) // 2)


class Silence:
    """No answer for as long as the server lives."""


@dataclass
class Files:
    """The Files API: how it behaves, and what it came to hold."""

    polls: int = 0  # answers PROCESSING before the state below
    state: str = "ACTIVE"
    start: Answer | None = None  # instead of a place to send to
    chunk: Answer | None = None  # instead of taking what is sent
    get: Answer | None = None
    delete: Answer | None = None
    sent: dict[str, bytes] = field(default_factory=dict)
    chunks: int = 0
    deleted: list[str] = field(default_factory=list)

    def described(self, name: str, state: str) -> dict[str, object]:
        return {
            "name": name,
            "uri": f"https://files.example/v1/{name}",
            "mimeType": "video/mp4",
            "sizeBytes": str(len(self.sent[name])),
            "state": state,
            "error": {"code": 3, "message": "no video in it"} if state == "FAILED" else None,
        }

    def answer(self, asked: Asked) -> Answer:
        headers = {name.lower(): value for name, value in asked.headers.items()}
        if asked.path.startswith("/upload/"):
            return self._taken(asked, headers)
        name = asked.path.split("/v1/")[1]
        if asked.method == "DELETE":
            self.deleted.append(name)
            return self.delete or Answer.of_json({})
        if name not in self.sent:
            return refused(404, "NOT_FOUND", "no such file")
        self.polls -= 1
        state = "PROCESSING" if self.polls >= 0 else self.state
        return self.get or Answer.of_json(self.described(name, state))

    def _taken(self, asked: Asked, headers: dict[str, str]) -> Answer:
        command = headers["x-goog-upload-command"]
        if command == "start":
            name = json.loads(asked.body)["file"]["name"]
            url = f"http://{headers['host']}/upload/session?{name}"
            taken = {"X-Goog-Upload-Url": url, "X-Goog-Upload-Status": "active"}
            return self.start or Answer.of_json({}, 200, **taken)
        if self.chunk:
            return self.chunk
        name = asked.path.split("?")[1]
        assert int(headers["x-goog-upload-offset"]) == len(self.sent.get(name, b""))
        self.sent[name] = self.sent.get(name, b"") + asked.body
        self.chunks += 1
        if "finalize" not in command:
            return Answer.of_json({}, 200, **{"X-Goog-Upload-Status": "active"})
        state = "PROCESSING" if self.polls else self.state
        file = {"file": self.described(name, state)}
        return Answer.of_json(file, 200, **{"X-Goog-Upload-Status": "final"})


# What a question is answered with: given, never, or made of the question.
Given = Answer | Silence | Callable[[dict[str, Any]], Answer]


@contextmanager
def gemini(*answers: Given, files: Files | None = None) -> Iterator[Server]:
    """Give ``answers`` one after another; the last one for ever."""
    left = list(answers)
    store = files or Files()
    over = threading.Event()

    def answer(asked: Asked) -> Answer:
        if "/files/" in asked.path or asked.path.startswith("/upload/"):
            return store.answer(asked)
        if not asked.path.endswith(":generateContent"):
            return Answer(404)
        given = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(given, Silence):
            over.wait(60)
            return Answer(500)
        return given if isinstance(given, Answer) else given(json.loads(asked.body))

    with serving(answer) as server:
        try:
            yield server
        finally:
            over.set()
