"""A server that speaks OpenAI's chat protocol, with a model behind it that can be taken in.

The model reads what it is asked as a small one does: the criteria and the code from the schema,
or from the form in the prompt, quotes from the material. It gives the same score to everything,
but for ``orders`` that it believes: where one reaches it, all is worth 1.
"""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.servers.loopback import Answer, Asked, Server, serving

_DATA = re.compile(r"^MATERIAL (\w+)\n(.*)\nEND OF MATERIAL \1$", re.S | re.M)
_LEAST_ORDER = 16  # letters of an order that is understood


class Silence:
    """No answer for as long as the server lives."""


@dataclass
class Model:
    """How the model judges, what it believes, and what its server does not know.

    ``believes``: orders anywhere in what it reads, or only outside of the material's lines.
    ``changes``, ``breaches``: what it says besides the scores. ``scores``: of single criteria.
    """

    score: float = 0.5
    scores: dict[str, float] = field(default_factory=dict)
    by_reading: list[float] = field(default_factory=list)  # the score of each reading in turn
    quote: str | None = None  # instead of one out of the material
    orders: tuple[str, ...] = ()
    believes: Literal["anywhere", "outside"] = "anywhere"
    changes: list[dict[str, Any]] = field(default_factory=list)
    breaches: list[dict[str, Any]] = field(default_factory=list)
    unknown: tuple[str, ...] = ()  # parts of a request that are refused: response_format, …
    context_characters: int | None = None
    wraps: str = "{}"  # what stands around the answer, such as a reasoning block
    has_usage: bool = True
    models: tuple[str, ...] = ("small-model",)
    questions: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, asked: dict[str, Any]) -> Answer:
        if refused := self._refusal(asked):
            return refused
        self.questions.append(asked)
        told, data = asked["messages"][0]["content"], asked["messages"][-1]["content"]
        code, names = _form(asked)
        score = self.by_reading.pop(0) if self.by_reading else self.score
        is_taken_in = self.is_taken_in(f"{told}\n{data}")
        quote = self.quote or _quote(data)
        given = {
            name: {
                "score": 1.0 if is_taken_in else self.scores.get(name, score),
                "reason": "as it says" if is_taken_in else "it is what it is",
                "evidence": [{"quote": quote, "start_seconds": None}],
            }
            for name in names
        }
        said = {"answer_code": code, "criteria": given, "breaches": self.breaches,
                "changes": self.changes}  # fmt: skip
        text = self.wraps.replace("{}", json.dumps(said, ensure_ascii=False))
        return completion(text, self.has_usage)

    def is_taken_in(self, text: str) -> bool:
        """True if an order reaches the model where it believes it."""
        if self.believes == "outside":
            text = _DATA.sub(lambda found: _outside(found[2]), text)
        read = letters("\n".join(map(_decoded, text.splitlines())))
        return any(part in read for order in self.orders for part in _parts(order))

    def _refusal(self, asked: dict[str, Any]) -> Answer | None:
        wanted = asked.get("response_format", {}).get("type")
        for part in self.unknown:
            if part in asked or part == wanted:
                return refused(400, f"Unsupported parameter: '{part}' is not supported")
        size = sum(len(message["content"]) for message in asked["messages"])
        if self.context_characters is not None and size > self.context_characters:
            says = "the request exceeds the available context size, try increasing it"
            error = {"code": 400, "type": "exceed_context_size_error", "message": says}
            return Answer.of_json({"error": error}, 400)
        return None


def completion(text: str, has_usage: bool = True, finish: str = "stop") -> Answer:
    """An answer in the protocol's form."""
    document: dict[str, Any] = {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "small-model",
        "choices": [{"index": 0, "finish_reason": finish,
                     "message": {"role": "assistant", "content": text}}],
    }  # fmt: skip
    if has_usage:
        document["usage"] = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    return Answer.of_json(document)


def refused(status: int, message: str, **headers: str) -> Answer:
    """An error in the protocol's form."""
    return Answer.of_json({"error": {"message": message, "type": "x"}}, status, **headers)


@contextmanager
def openai_chat(model: Model | None = None, *answers: Answer | Silence) -> Iterator[Server]:
    """A server; ``answers`` are given first, one after the other, then the model speaks."""
    judge, left, over, guard = model or Model(), list(answers), threading.Event(), threading.Lock()

    def answer(asked: Asked) -> Answer:
        if asked.path == "/v1/models":
            return Answer.of_json({"object": "list", "data": [{"id": n} for n in judge.models]})
        if asked.path != "/v1/chat/completions":
            return Answer(404, b"404 page not found", {"Content-Type": "text/plain"})
        with guard:
            given = left.pop(0) if left else None
        if isinstance(given, Silence):
            over.wait(60)
            return Answer(500)
        if given is not None:
            return given
        with guard:
            return judge.answer(json.loads(asked.body))

    with serving(answer) as server:
        try:
            yield server
        finally:
            over.set()


def letters(text: str) -> str:
    """A text as it is read: its letters alone, those that nobody sees too."""
    text = "".join(chr(ord(c) - 0xE0000) if 0xE0020 <= ord(c) < 0xE007F else c for c in text)
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in plain if unicodedata.category(c)[0] in "LMN")


def _parts(order: str) -> list[str]:
    parts = [letters(part) for part in re.split(r"(?<=[.!?។])\s|[\n\r\u2028]", order)]
    return [part for part in parts if len(part) >= _LEAST_ORDER]


def _decoded(line: str) -> str:
    """A line of the material as the model reads it."""
    try:
        document = json.loads(line)
    except ValueError:
        return line
    return str(document["text"]) if isinstance(document, dict) and "text" in document else line


def _outside(block: str) -> str:
    """What of the material is no line of JSON: it broke out."""
    broken = []
    for line in block.splitlines():
        try:
            json.loads(line)
        except ValueError:
            broken.append(line)
    return "\n".join(broken)


def _form(asked: dict[str, Any]) -> tuple[str, list[str]]:
    """The answer's code and the criteria: of the schema, else of the form in the prompt."""
    given = asked.get("response_format", {}).get("json_schema")
    if given:
        schema = given["schema"]
        return schema["properties"]["answer_code"]["const"], list(
            schema["$defs"]["Criteria"]["properties"]
        )
    told = asked["messages"][0]["content"]
    form = json.loads(re.search(r'^\{"answer_code".*$', told, re.M)[0])
    return form["answer_code"], list(form["criteria"])


def _quote(data: str) -> str:
    """The longest line of what was said, or of anything."""
    lines = [json.loads(line) for line in data.splitlines() if line.startswith('{"is"')]
    said = [one["text"] for one in lines if one["is"] == "transcript"]
    return max(said or [one["text"] for one in lines if one["is"] != "decided"], key=len)
