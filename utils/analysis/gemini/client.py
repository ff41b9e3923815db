"""Gemini by google-genai: one question with a schema, one answer in its form.

The client retries nothing by itself and reads no delay; both are left to the step's policy,
which gets the server's delay in a ``ThrottledError``. An error says whether its call may have
been billed: a refusal by status is not, silence and an answer of no use may be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from google import genai
from google.genai import errors, types
from httpx2 import ConnectError, ConnectTimeout, HTTPError
from pydantic import BaseModel, ValidationError

from utils.analysis import question
from utils.analysis.gemini import prices as gemini_prices
from utils.config import Settings
from utils.errors import (
    NightShiftError,
    PermanentError,
    RetryableError,
    SettingsError,
    ThrottledError,
)
from utils.models.analysis import Analysis, AskedUnderstanding, TokenUsage, Understanding
from utils.models.spending import Estimate
from utils.models.transcript import Transcript
from utils.processes import deadline, retry_after

Answer = TypeVar("Answer", bound=BaseModel)

_TIMEOUT_MS = 300_000  # an hour of video takes minutes
_MAX_RESPONSE_TOKENS = 65_536  # of the models of 2025 and 2026
# Chosen: room for the summary and the lists, and for a translation and a romanisation of all.
_LEAST_RESPONSE_TOKENS = 8_192
_RESPONSE_PER_PROMPT = 3


def analyze(
    transcript: Transcript, title: str, model: str, settings: Settings, standard: str | None = None
) -> Analysis:
    """Ask ``model`` to understand a transcript; ``standard``: the house's, of romanisation.

    Raises:
        ThrottledError: 429, with the server's delay.
        RetryableError: a 5xx, a time-out, or an answer that is cut short or not in form.
        PermanentError: the content was refused, or its answer is too long.
        SettingsError: the key or the model was refused.
    """
    asked = Question(
        [question.question(transcript, title, standard)],
        "this transcript",
        _response_tokens(transcript),
    )
    form = question.form(question.language_of(transcript))
    answer, usage = ask(connect(settings), model, asked, form, settings)
    expected = estimate(transcript, title, model, settings, standard)
    return Analysis(
        engine=f"gemini {model}",
        understanding=_understood(answer, f"gemini {model}", standard),
        usage=usage,
        cost_microusd=expected.cost_of(usage) if usage else None,
    )


def _understood(answer: AskedUnderstanding, engine: str, standard: str | None) -> Understanding:
    """The answer, with who romanised; without a romanisation where the house wants none."""
    told = answer.model_dump() | {"romanised_by": engine if answer.romanisation else None}
    if standard == "none":
        told |= dict.fromkeys(("romanisation", "romanisation_standard", "romanised_by"))
    return Understanding.model_validate(told)


def estimate(
    transcript: Transcript, title: str, model: str, settings: Settings, standard: str | None = None
) -> Estimate:
    """The most that ``analyze`` may use."""
    form = question.form(question.language_of(transcript))
    asked = question.question(transcript, title, standard) + schema_text(form)
    return gemini_prices.text_estimate(
        asked, _response_tokens(transcript), model, settings.ai_price
    )


def connect(settings: Settings) -> genai.Client:
    """A client; keep a reference to it while it works.

    Raises:
        SettingsError: no key is set.
    """
    if settings.gemini_api_key is None:
        raise SettingsError("Gemini needs a key: set NIGHTSHIFT_GEMINI_API_KEY in .env.")
    left = deadline.left()
    limit = _TIMEOUT_MS if left is None else min(_TIMEOUT_MS, max(1, round(left * 1000)))
    return genai.Client(
        api_key=settings.gemini_api_key.get_secret_value(),
        http_options=types.HttpOptions(base_url=settings.gemini_base_url, timeout=limit),
    )


class Question(NamedTuple):
    """What a model is asked; ``about`` names the material in the text of an error.

    ``system``: what it is told apart from the material.
    """

    contents: list[types.PartUnionDict]
    about: str
    max_output_tokens: int
    media_resolution: types.MediaResolution | None = None
    system: str | None = None


def ask(
    client: genai.Client, model: str, question: Question, form: type[Answer], settings: Settings
) -> tuple[Answer, TokenUsage | None]:
    """One question, answered in ``form``, with the tokens that it was billed for.

    Raises:
        NightShiftError: as ``analyze``.
    """
    response = _response(client, model, question, form, settings)
    usage = _usage(response)
    try:
        return _read(response, form, question.about), usage
    except NightShiftError as error:
        error.billed, error.usage = True, usage
        raise


def ask_plain(
    client: genai.Client, model: str, question: Question, form: type[BaseModel], settings: Settings
) -> tuple[str, TokenUsage | None]:
    """One question, answered in words that should be in ``form``; empty where it was refused.

    Raises:
        NightShiftError: as ``analyze``, but for the form of the answer.
    """
    response = _response(client, model, question, form, settings)
    reason = response.candidates[0].finish_reason if response.candidates else None
    is_whole = reason in {None, types.FinishReason.STOP}
    return (response.text or "") if is_whole else "", _usage(response)


def _response(
    client: genai.Client, model: str, question: Question, form: type[BaseModel], settings: Settings
) -> types.GenerateContentResponse:
    config = types.GenerateContentConfig(
        system_instruction=question.system,
        response_mime_type="application/json",
        response_schema=form,
        max_output_tokens=question.max_output_tokens,
        media_resolution=question.media_resolution,
        temperature=0.0 if _second_generation(model) else None,
        thinking_config=_thinking(model),
    )
    with translated(settings, may_be_billed=True):
        return client.models.generate_content(
            model=model, contents=question.contents, config=config
        )


@contextmanager
def translated(
    settings: Settings, *, may_be_billed: bool = False, missing: NightShiftError | None = None
) -> Iterator[None]:
    """Turn what the client raises into our errors; the key is in none of them.

    Args:
        settings: Hold the key.
        may_be_billed: Whether the call costs money, so that one without an answer may have.
        missing: What a 404 means; without it, that there is no such model.
    """
    try:
        yield
    except errors.APIError as error:
        if missing is not None and error.code == 404:
            raise missing from error
        key = settings.gemini_api_key
        secret = key.get_secret_value() if key else ""
        if secret and secret in str(error):  # the service says it back
            raise _translated(error, secret) from None
        raise _translated(error, secret) from error
    except (ConnectError, ConnectTimeout) as error:
        raise RetryableError(f"Gemini did not answer: {type(error).__name__}.") from error
    except HTTPError as error:
        silent = RetryableError(f"Gemini did not answer: {type(error).__name__}.")
        silent.billed = may_be_billed
        raise silent from error
    except (ValueError, KeyError) as error:  # a body that is no JSON, a header that lacks
        cut = RetryableError("Gemini answered with half a body.")
        cut.billed = may_be_billed
        raise cut from error


def schema_text(form: type[BaseModel]) -> str:
    """The schema of an answer, which is part of the prompt."""
    return json.dumps(form.model_json_schema())


def _response_tokens(transcript: Transcript) -> int:
    read = gemini_prices.text_tokens(question.material(transcript))
    return min(_MAX_RESPONSE_TOKENS, _LEAST_RESPONSE_TOKENS + _RESPONSE_PER_PROMPT * read)


def _second_generation(model: str) -> bool:
    return model.removeprefix("models/").startswith("gemini-2")


def _thinking(model: str) -> types.ThinkingConfig | None:
    """As little thought as the model can do: it counts against the response's limit.

    The third generation is not to be given a temperature (its guide), and takes levels where
    the second takes a budget, which only its flash models allow to be zero. Of any other
    model nothing is assumed.
    """
    name = model.removeprefix("models/")
    if name.startswith("gemini-2.5-flash"):
        return types.ThinkingConfig(thinking_budget=0)
    if name.startswith("gemini-3"):
        return types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW)
    return None


def _read(response: types.GenerateContentResponse, form: type[Answer], about: str) -> Answer:
    blocked = response.prompt_feedback.block_reason if response.prompt_feedback else None
    reason = response.candidates[0].finish_reason if response.candidates else None
    if blocked or reason not in {None, types.FinishReason.STOP}:
        raise PermanentError(f"Gemini gave no full answer to {about} ({blocked or reason}).")
    try:
        return form.model_validate_json(response.text or "")
    except ValidationError as error:
        raise RetryableError(
            f"Gemini's answer is not in the form asked for ({error.error_count()} faults)."
        ) from error


def _usage(response: types.GenerateContentResponse) -> TokenUsage | None:
    used = response.usage_metadata
    if used is None:
        return None
    heard = [
        part.token_count or 0
        for part in used.prompt_tokens_details or ()
        if part.modality is types.MediaModality.AUDIO
    ]
    return TokenUsage(
        prompt_tokens=used.prompt_token_count or 0,
        response_tokens=(used.candidates_token_count or 0) + (used.thoughts_token_count or 0),
        audio_tokens=sum(heard) if used.prompt_tokens_details else None,
    )


def _translated(error: errors.APIError, secret: str) -> NightShiftError:
    said = f"Gemini answered {error.code} {error.status or ''}: {error.message or ''}".strip()
    said = said.replace(secret, "…") if secret else said
    if error.code == 429 or (error.code == 503 and _delay(error) is not None):
        return ThrottledError(said, _delay(error))
    if error.code == 408 or error.code >= 500:
        return RetryableError(said)
    if error.code in {401, 403} or "API key" in said:
        return SettingsError(f"{said}. Check NIGHTSHIFT_GEMINI_API_KEY.")
    if error.code == 402:
        return SettingsError(f"{said}. Add credit to the account of NIGHTSHIFT_GEMINI_API_KEY.")
    if error.code == 404:
        return SettingsError(f"{said}. Check NIGHTSHIFT_PIPELINE__ANALYSIS__GEMINI_MODEL.")
    return PermanentError(said)


def _delay(error: errors.APIError) -> float | None:
    """The pause that the server asks for: Retry-After, or RetryInfo in the error's details."""
    headers: Any = getattr(error.response, "headers", None) or {}
    if "retry-after" in headers:
        return retry_after.seconds(headers["retry-after"])
    try:
        details = (error.details or {}).get("error", {}).get("details", [])
        told = next(d["retryDelay"].rstrip("s") for d in details if "retryDelay" in d)
    except (StopIteration, AttributeError):
        return None
    return retry_after.seconds(told)
