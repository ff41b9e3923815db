"""The real google-genai client against a server that speaks Gemini's protocol."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from tests.conftest import Override
from tests.servers.gemini import UNDERSTANDING, gemini, refused, reply, understood
from tests.servers.loopback import Answer, Server
from utils.analysis import analyst
from utils.analysis.gemini.client import analyze, estimate
from utils.config import load_settings
from utils.errors import PermanentError, RetryableError, SettingsError, ThrottledError
from utils.models.analysis import Analysis
from utils.models.options import AnalysisOptions
from utils.models.transcript import Segment, Transcript

SPOKEN = Segment(start_seconds=0, end_seconds=2, text="ភ្លៀងធ្លាក់")
TRANSCRIPT = Transcript(engine="x", language="km", segments=(SPOKEN,))


def ask(server: Server, override: Callable[..., Any]) -> Analysis:
    override(gemini_api_key=SecretStr("the-key"), gemini_base_url=server.url)
    return analyze(TRANSCRIPT, "Rain", "gemini-2.5-flash", load_settings())


def test_an_answer_in_the_schema_is_understood_with_its_cost(override: Override) -> None:
    with gemini(understood()) as server:
        found = ask(server, override)
    told = UNDERSTANDING | {"romanised_by": "gemini gemini-2.5-flash"}
    assert found.understanding.model_dump(mode="json") == told
    assert (found.usage.prompt_tokens, found.usage.response_tokens) == (321, 45)
    assert found.engine == "gemini gemini-2.5-flash"


def test_the_question_carries_transcript_schema_and_key(override: Override) -> None:
    with gemini(understood()) as server:
        ask(server, override)
    asked = server.asked[0]
    body = json.loads(asked.body)
    headers = {name.lower(): value for name, value in asked.headers.items()}
    assert headers["x-goog-api-key"] == "the-key"
    assert "ភ្លៀងធ្លាក់" in body["contents"][0]["parts"][0]["text"]
    assert "summary" in body["generationConfig"]["responseSchema"]["properties"]
    assert "the-key" not in asked.path


@pytest.mark.parametrize(
    ("answer", "delay"),
    [
        (refused(429, "RESOURCE_EXHAUSTED", "slow down", retry="7s"), 7.0),
        (Answer.of_json({"error": {"code": 429, "message": "x"}}, 429, **{"Retry-After": "3"}), 3),
        (refused(429, "RESOURCE_EXHAUSTED", "slow down"), None),
    ],
)
def test_throttling_carries_the_servers_delay(
    override: Override, answer: Answer, delay: float | None
) -> None:
    with gemini(answer) as server, pytest.raises(ThrottledError) as caught:
        ask(server, override)
    assert caught.value.retry_after_seconds == delay
    assert len(server.asked) == 1


def test_a_5xx_may_pass(override: Override) -> None:
    with gemini(refused(503, "UNAVAILABLE", "overloaded")) as server:
        with pytest.raises(RetryableError, match="503"):
            ask(server, override)


def test_a_wrong_key_is_no_fault_of_the_item_and_says_what_to_check(override: Override) -> None:
    with gemini(refused(403, "PERMISSION_DENIED", "bad key")) as server:
        with pytest.raises(SettingsError, match="NIGHTSHIFT_GEMINI_API_KEY") as caught:
            ask(server, override)
    assert "the-key" not in str(caught.value)


def test_a_refusal_of_the_content_is_permanent(override: Override) -> None:
    with (
        gemini(reply("", finish="SAFETY")) as server,
        pytest.raises(PermanentError, match="SAFETY"),
    ):
        ask(server, override)


def test_an_answer_that_is_too_long_is_not_paid_for_again(override: Override) -> None:
    text = json.dumps(UNDERSTANDING)
    with gemini(reply(text[: len(text) // 2], finish="MAX_TOKENS")) as server:
        with pytest.raises(PermanentError, match="MAX_TOKENS"):
            ask(server, override)


def test_an_answer_that_is_not_in_form_may_pass(override: Override) -> None:
    with gemini(reply('{"summary": 3}')) as server:
        with pytest.raises(RetryableError, match="not in the form"):
            ask(server, override)


def test_half_a_body_may_pass(override: Override) -> None:
    whole = understood()
    with gemini(Answer(200, whole.body, whole.headers, cut_to=40)) as server:
        with pytest.raises(RetryableError):
            ask(server, override)


def test_nobody_there_may_pass(override: Override) -> None:
    with gemini(understood()) as server:
        pass
    with pytest.raises(RetryableError, match="did not answer"):
        ask(server, override)


def test_the_answer_is_bounded_by_the_length_of_the_transcript_and_so_is_its_estimate(
    override: Override,
) -> None:
    with gemini(understood()) as server:
        found = ask(server, override)
    config = json.loads(server.asked[0].body)["generationConfig"]
    expected = estimate(TRANSCRIPT, "Rain", "gemini-2.5-flash", load_settings())
    assert config["maxOutputTokens"] == expected.response_tokens
    assert config["temperature"] == 0
    assert found.cost_microusd == math.ceil(321 * 0.3 + 45 * 2.5)
    assert found.cost_microusd < expected.microusd

    long = TRANSCRIPT.model_copy(update={"segments": (SPOKEN,) * 100_000})
    whole = estimate(long, "Rain", "gemini-2.5-flash", load_settings())
    assert whole.response_tokens == 65_536
    assert whole.prompt_tokens < 210_000


def test_what_costs_nothing_has_no_estimate(override: Override) -> None:
    options = AnalysisOptions()
    assert analyst.estimate(TRANSCRIPT, "Rain", options, load_settings()) is None
    override(gemini_api_key=SecretStr("the-key"))
    assert analyst.estimate(TRANSCRIPT, "Rain", options, load_settings()).microusd > 0
    assert analyst.estimate(Transcript(engine="x"), "Rain", options, load_settings()) is None


def test_an_answer_of_no_use_says_what_it_cost(override: Override) -> None:
    with gemini(reply('{"summary": 3}')) as server:
        with pytest.raises(RetryableError) as caught:
            ask(server, override)
    assert caught.value.billed
    assert caught.value.usage.prompt_tokens == 321


def test_a_house_without_romanisation_asks_for_none_and_keeps_none(override: Override) -> None:
    with gemini(understood()) as server:
        override(gemini_api_key=SecretStr("the-key"), gemini_base_url=server.url)
        found = analyze(TRANSCRIPT, "Rain", "gemini-2.5-flash", load_settings(), "none")
    assert "Give no romanisation" in server.asked[0].body.decode()
    told = found.understanding
    assert (told.romanisation, told.romanisation_standard, told.romanised_by) == (None, None, None)


def test_a_khmer_song_is_asked_about_by_its_own_files(override: Override) -> None:
    with gemini(understood()) as server:
        ask(server, override)
    body = json.loads(server.asked[0].body)
    assert "by this standard: UNGEGN" in body["contents"][0]["parts"][0]["text"]
    fields = body["generationConfig"]["responseSchema"]["properties"]
    assert "Cambodia" in fields["cultural_context"]["description"]
    assert "romanised_by" not in fields
