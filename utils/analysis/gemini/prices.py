"""What Gemini charges: tokens of video, sound and text, and USD for each model.

Rates (the service's pages on media resolution and tokens, read in November 2026): a frame a
second; 70 tokens a frame at low and 280 at high resolution for the third generation, 64–66
and 256–258 before it; 7 for each frame's time; 32 for a second of sound; a token is about
four characters of English. An estimate is to be an upper bound, so the larger rate is taken.
"""

from __future__ import annotations

import math
from datetime import date

from utils import clock
from utils.models.options import AnalysisOptions
from utils.models.spending import Estimate, TokenPrice

_FRAME_TOKENS = {"low": 70, "high": 280}
_TIMESTAMP_TOKENS = 7
_AUDIO_TOKENS = 32
_CONTEXT_TOKENS = 1_000_000  # of the models below (1,048,576), less room for the question
_FRAMES_BESIDE = 2  # chosen: the frames at both ends

# Chosen, so that the estimate stays above the truth: three ASCII characters a token where the
# service says four, and a whole token for each other character.
_ASCII_PER_TOKEN = 3

# USD for a million tokens of standard paid use, as of a day
# (https://ai.google.dev/gemini-api/docs/pricing, as transcribed on 2026-10-07; the output
# price of the 2.5 models by several price lists of 2026). The 2.5 models but Flash-Lite are
# switched off on 2026-12-01; Gemini 3.8 Flash doubles on 2027-01-01.
_PRICES: tuple[tuple[str, date, TokenPrice], ...] = (
    ("gemini-3.5-flash-lite", date(2026, 7, 21), TokenPrice(input_usd=0.30, output_usd=2.50)),
    ("gemini-3.8-flash", date(2026, 9, 2), TokenPrice(input_usd=0.75, output_usd=3.75)),
    ("gemini-3.8-flash", date(2027, 1, 1), TokenPrice(input_usd=1.50, output_usd=7.50)),
    ("gemini-3.5-flash", date(2026, 5, 19), TokenPrice(input_usd=1.50, output_usd=9.00)),
    (
        "gemini-3.1-pro-preview",
        date(2026, 2, 19),
        TokenPrice(input_usd=2.0, output_usd=12.0, long_input_usd=4.0, long_output_usd=18.0),
    ),
    (
        "gemini-2.5-flash",
        date(2025, 6, 17),
        TokenPrice(input_usd=0.30, output_usd=2.50, audio_usd=1.00),
    ),
    (
        "gemini-2.5-flash-lite",
        date(2025, 7, 22),
        TokenPrice(input_usd=0.10, output_usd=0.40, audio_usd=0.30),
    ),
)


def price(model: str, override: TokenPrice | None = None) -> TokenPrice | None:
    """The price of ``model`` today; None if it is not known."""
    today = clock.now().date()
    return override or price_on(model, today)


def price_on(model: str, day: date) -> TokenPrice | None:
    """The price of ``model`` on a day; None if the table has none."""
    name = model.removeprefix("models/")
    rows = [(since, found) for row, since, found in _PRICES if row == name and since <= day]
    return max(rows, key=lambda row: row[0])[1] if rows else None


def text_tokens(text: str) -> int:
    """The most tokens that ``text`` is likely to have."""
    plain = sum(map(str.isascii, text))
    return math.ceil(plain / _ASCII_PER_TOKEN) + len(text) - plain


def longest_video_seconds(options: AnalysisOptions) -> int:
    """How much video fits the models' context: 2 h 32 min at low resolution, 52 min at high."""
    return _CONTEXT_TOKENS // (_frame_tokens(options) + _AUDIO_TOKENS) - _FRAMES_BESIDE


def video_estimate(
    watched_seconds: float,
    prompt: str,
    max_response_tokens: int,
    options: AnalysisOptions,
    override: TokenPrice | None = None,
) -> Estimate:
    """The most that watching ``watched_seconds`` of a video with sound may take."""
    length = math.ceil(max(0.0, watched_seconds))
    frame = _frame_tokens(options)
    audio = _AUDIO_TOKENS * (length + 1)
    return Estimate(
        engine=f"gemini {options.gemini_model}",
        prompt_tokens=frame * (length + _FRAMES_BESIDE) + audio + text_tokens(prompt),
        audio_tokens=audio,
        response_tokens=max_response_tokens,
        price=price(options.gemini_model, override),
    )


def text_estimate(
    prompt: str, max_response_tokens: int, model: str, override: TokenPrice | None = None
) -> Estimate:
    """The most that reading ``prompt`` may take."""
    return Estimate(
        engine=f"gemini {model}",
        prompt_tokens=text_tokens(prompt),
        response_tokens=max_response_tokens,
        price=price(model, override),
    )


def _frame_tokens(options: AnalysisOptions) -> int:
    return _FRAME_TOKENS[options.media_resolution] + _TIMESTAMP_TOKENS
