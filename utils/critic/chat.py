"""A server that speaks OpenAI's protocol: one question, one answer (llama.cpp, Ollama, vLLM, …).

No redirect is followed, an answer is bounded in bytes and time. What a server refuses to
understand (a schema, a temperature, a limit) is left out and asked again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import httpx

from utils import clock
from utils.config import Settings
from utils.critic.prompt import Question
from utils.errors import (
    NightShiftError,
    PermanentError,
    RetryableError,
    SettingsError,
    ThrottledError,
)
from utils.models.analysis import TokenUsage
from utils.music import service
from utils.privacy.redaction import bare, redacted
from utils.processes import deadline, retry_after

_FORMATS = ("json_schema", "json_object", "none")
_MOST_REFUSALS = 6  # what can be left out: a schema, JSON, a temperature, a limit's name, a role
_TOO_LONG = (
    "context size", "context length", "context window", "context_length", "n_ctx",
    "exceed_context", "too many tokens", "maximum context", "prompt is too long",
)  # fmt: skip


class TooLongError(PermanentError):
    """The question does not fit the model's context."""


class Said(NamedTuple):
    """What a model said, whether to its end, and what it was billed for."""

    text: str
    is_whole: bool
    usage: TokenUsage | None


def model_name(model: str | None, settings: Settings) -> str:
    """The model's name at the server: the one that is set, else the only one that it has.

    Raises:
        SettingsError: it has several.
        RetryableError: it does not answer.
    """
    wanted = model or settings.critic.model
    if wanted:
        return wanted
    with _client(settings) as client:
        reply = _send(client, "GET", "models", None, settings)
    listed = reply.document.get("data") if isinstance(reply.document, dict) else None
    names = [one["id"] for one in listed or () if isinstance(one, dict) and "id" in one]
    if len(names) > 1:
        raise SettingsError(
            f"The critic's server has several models: set NIGHTSHIFT_CRITIC__MODEL to one of "
            f"{', '.join(map(str, names[:10]))}."
        )
    return str(names[0]) if names else "default"


def ask(question: Question, model: str, settings: Settings) -> Said:
    """Put one question.

    Raises:
        TooLongError: it does not fit the model's context.
        ThrottledError: 429, or 503 with a delay.
        RetryableError: a 5xx, no answer, half of one.
        PermanentError: the server refuses the key, the model or the question.
    """
    server = f"{settings.critic.base_url} {model}"
    wish = _understood.get(server, _Wish())
    with _client(settings) as client:
        for _ in range(_MOST_REFUSALS):
            reply = _send(client, "POST", "chat/completions",
                          _body(question, model, wish, settings), settings)  # fmt: skip
            if reply.status == httpx.codes.OK:
                _understood[server] = wish
                return _said(reply)
            other = _other_wish(reply, wish)
            if other is None:
                raise _refused(reply)
            wish = other
    raise PermanentError(f"The critic's server refuses every form of the question: {reply.said}.")


class _Wish(NamedTuple):
    """What is asked of a server that it may not know."""

    format: str = "json_schema"
    has_temperature: bool = True
    limit: str = "max_tokens"
    has_system: bool = True


_understood: dict[str, _Wish] = {}  # by server and model: it is not refused again each time


def _body(question: Question, model: str, wish: _Wish, settings: Settings) -> dict[str, Any]:
    messages = [{"role": "system", "content": question.told}] if wish.has_system else []
    data = question.data if wish.has_system else f"{question.told}\n\n{question.data}"
    body: dict[str, Any] = {
        "model": model,
        "messages": [*messages, {"role": "user", "content": data}],
        wish.limit: settings.critic.max_response_tokens,
        "stream": False,
    }
    if wish.has_temperature:
        body["temperature"] = 0
    if wish.format == "json_schema":
        schema = {"name": "critique", "schema": question.form.model_json_schema()}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif wish.format == "json_object":
        body["response_format"] = {"type": "json_object"}
    return body


def _other_wish(reply: service.Reply, wish: _Wish) -> _Wish | None:
    """What to ask for instead, where a server says that it does not know something."""
    if reply.status not in {400, 404, 413, 415, 422, 500, 501}:
        return None
    said = reply.text.casefold()
    if any(word in said for word in _TOO_LONG):
        raise TooLongError(f"The question is too long for the critic's model: {reply.said}")
    if "max_tokens" in said and wish.limit == "max_tokens":
        return wish._replace(limit="max_completion_tokens")
    if "temperature" in said and wish.has_temperature:
        return wish._replace(has_temperature=False)
    if "system" in said and "role" in said and wish.has_system:
        return wish._replace(has_system=False)
    is_known = reply.status in {400, 422} or any(
        word in said for word in ("response_format", "schema", "grammar", "json")
    )
    if is_known and wish.format != _FORMATS[-1]:
        return wish._replace(format=_FORMATS[_FORMATS.index(wish.format) + 1])
    return None


def _client(settings: Settings) -> httpx.Client:
    url = settings.critic.base_url
    if not url:
        raise SettingsError("The critic's server is not set: NIGHTSHIFT_CRITIC__BASE_URL.")
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise SettingsError(f"NIGHTSHIFT_CRITIC__BASE_URL is no address: {error}.") from None
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise SettingsError(f"NIGHTSHIFT_CRITIC__BASE_URL is no http(s) address: {redacted(url)}.")
    key = settings.critic.api_key
    headers = {"User-Agent": service.user_agent(None), "Accept": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key.get_secret_value()}"
    seconds = min(settings.critic.timeout_seconds, deadline.left() or float("inf"))
    return httpx.Client(
        base_url=url.rstrip("/") + "/", headers=headers, follow_redirects=False,
        timeout=httpx.Timeout(seconds, connect=min(10.0, seconds)),
        verify=parts.scheme == "https",  # certificates take 50 ms to read, and http has none
    )  # fmt: skip


def _send(
    client: httpx.Client, method: str, path: str, body: dict[str, Any] | None, settings: Settings
) -> service.Reply:
    deadline.check("the critic")
    end = clock.monotonic() + settings.critic.timeout_seconds
    try:
        with client.stream(method, path, json=body) as answer:
            read = service.read(answer, "The critic's server", end)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise RetryableError(
            f"The critic's server does not answer at {bare(str(client.base_url))}: "
            f"{type(error).__name__}. Is it running? Its address is NIGHTSHIFT_CRITIC__BASE_URL."
        ) from error
    except httpx.HTTPError as error:
        cut = RetryableError(
            f"The critic's server gave no whole answer: {type(error).__name__}. A slow model "
            "needs a larger NIGHTSHIFT_CRITIC__TIMEOUT_SECONDS."
        )
        cut.billed = method == "POST"
        raise cut from error
    except RetryableError as error:  # dripped for too long
        error.billed = method == "POST"
        raise
    text, key = read.decode("utf-8", "replace"), settings.critic.api_key
    if key:  # a server says it back in what it refuses
        text = text.replace(key.get_secret_value(), "…")
    document = service.parsed(text.encode())
    return service.Reply(answer.status_code, answer.headers, document, text)


def _said(reply: service.Reply) -> Said:
    """The answer in a reply; whatever form it has, it was made and may be billed."""
    document = reply.document if isinstance(reply.document, dict) else {}
    choices = document.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    choice: dict[str, Any] = first if isinstance(first, dict) else {}
    message = choice.get("message")
    if not isinstance(message, dict):
        odd = RetryableError(
            "The critic's server answered with something else than a chat completion: "
            f"{redacted(reply.text[:80])!r}. Does NIGHTSHIFT_CRITIC__BASE_URL end in /v1?"
        )
        odd.billed = True
        raise odd
    content = message.get("content")
    if isinstance(content, list):  # in parts
        content = "".join(str(p.get("text", "")) for p in content if isinstance(p, dict))
    is_whole = choice.get("finish_reason") != "length"
    return Said(content if isinstance(content, str) else "", is_whole, _usage(document))


def _usage(document: dict[str, Any]) -> TokenUsage | None:
    used = document.get("usage")
    if not isinstance(used, dict):
        return None
    read, made = used.get("prompt_tokens"), used.get("completion_tokens")
    if not isinstance(read, int) or not isinstance(made, int) or read < 0 or made < 0:
        return None
    return TokenUsage(prompt_tokens=read, response_tokens=made, audio_tokens=0)


def _refused(reply: service.Reply) -> NightShiftError:
    says = f"The critic's server answers {reply.status}: {reply.said}"
    delay = retry_after.seconds(reply.headers.get("retry-after"))
    if reply.status == 429 or (reply.status == 503 and delay is not None):
        return ThrottledError(says, delay)
    if reply.status == 408 or reply.status >= 500:
        return RetryableError(says)
    if reply.status in {401, 403}:
        return PermanentError(f"{says}. Check NIGHTSHIFT_CRITIC__API_KEY.")
    if reply.status == 402:
        return PermanentError(f"{says}. Add credit to the account of NIGHTSHIFT_CRITIC__API_KEY.")
    if reply.status == 404:
        return PermanentError(
            f"{says}. Check NIGHTSHIFT_CRITIC__MODEL, and that NIGHTSHIFT_CRITIC__BASE_URL ends "
            "as the server's page says (often in /v1)."
        )
    if 300 <= reply.status < 400:
        return PermanentError(
            f"{says}. It redirects elsewhere, which is not followed: set "
            "NIGHTSHIFT_CRITIC__BASE_URL to the address that it has now."
        )
    return PermanentError(f"{says}.")
