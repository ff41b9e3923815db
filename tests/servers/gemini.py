"""Gemini's generateContent on loopback: speaks its protocol, and misbehaves on request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.loopback import Answer, Asked, Server, serving

UNDERSTANDING = {
    "language": "km",
    "summary": "A song about rain on the river.",
    "topics": ["rain", "river"],
    "keywords": ["rain"],
    "translation": "Rain falls on the river.",
    "romanisation": "phlieng thleak",
    "vocabulary": [{"word": "ភ្លៀង", "definition": "rain", "romanisation": "phlieng"}],
    "mood": "calm",
    "content_warnings": [],
}


def reply(text: str, finish: str = "STOP") -> Answer:
    return Answer.of_json(
        {
            "candidates": [
                {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finish}
            ],
            "usageMetadata": {
                "promptTokenCount": 321,
                "candidatesTokenCount": 45,
                "totalTokenCount": 366,
            },
        }
    )


def understood() -> Answer:
    return reply(json.dumps(UNDERSTANDING))


def refused(status: int, name: str, message: str, retry: str | None = None) -> Answer:
    details = (
        [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": retry}]
        if retry
        else []
    )
    error = {"code": status, "message": message, "status": name, "details": details}
    return Answer.of_json({"error": error}, status)


@contextmanager
def gemini(*answers: Answer) -> Iterator[Server]:
    """Give ``answers`` one after another; the last one for ever."""
    left = list(answers)

    def answer(asked: Asked) -> Answer:
        if not asked.path.endswith(":generateContent"):
            return Answer(404)
        return left.pop(0) if len(left) > 1 else left[0]

    with serving(answer) as server:
        yield server
