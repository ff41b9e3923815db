"""Ceilings of cost hold on SQLite and on Postgres, however many reserve at once."""

import threading
from datetime import date

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from utils.analysis.gemini import prices as gemini_prices
from utils.config import Settings, load_settings
from utils.db import spending
from utils.db.schema import Spending
from utils.db.session import session
from utils.db.spending import RELEASED, RESERVED, SETTLED
from utils.errors import DeferredError, PermanentError, RetryableError, SettingsError
from utils.models.analysis import TokenUsage
from utils.models.spending import Ceilings, Estimate, Reservation, Spent, TokenPrice

DOLLAR = TokenPrice(input_usd=1.0, output_usd=1.0)  # a million tokens cost a dollar
ITEM = "a" * 64


def estimate(usd: float, price: TokenPrice | None = DOLLAR) -> Estimate:
    tokens = round(usd * 1e6)
    return Estimate(engine="gemini x", prompt_tokens=tokens, response_tokens=0, price=price)


def reserve(
    usd: float,
    item: str = ITEM,
    run: str = "r1",
    item_usd: float | None = None,
    shift_usd: float | None = None,
) -> Reservation:
    with session() as s:
        limits = Ceilings(item_usd, shift_usd)
        return spending.reserve(s, run, item, "ai_video_analysis", estimate(usd), limits)


def rows() -> list[Spending]:
    with session() as s:
        return list(s.scalars(select(Spending).order_by(Spending.id)))


def in_run(run: str = "r1", item: str | None = None) -> Spent:
    with session() as s:
        return spending.spent_in(s, run, item)


def test_what_does_not_fit_the_items_ceiling_is_deferred_and_leaves_no_row(database: str) -> None:
    reserve(0.3, item_usd=0.5)
    with pytest.raises(DeferredError, match="NIGHTSHIFT_AI_ITEM_CEILING_USD") as caught:
        reserve(0.3, item_usd=0.5)
    assert "0.3000 of the 0.5 USD" in str(caught.value)
    assert not isinstance(caught.value, (PermanentError, RetryableError))
    assert len(rows()) == 1


def test_another_item_has_its_own_ceiling_but_the_run_has_one(database: str) -> None:
    reserve(0.4, item_usd=0.5, shift_usd=1.0)
    reserve(0.4, item="b" * 64, item_usd=0.5, shift_usd=1.0)
    with pytest.raises(DeferredError, match="NIGHTSHIFT_AI_SHIFT_CEILING_USD"):
        reserve(0.4, item="c" * 64, item_usd=0.5, shift_usd=1.0)
    reserve(0.2, item="c" * 64, item_usd=0.5, shift_usd=1.0)
    assert in_run().microusd == 1_000_000


def test_the_next_run_begins_with_a_full_purse(database: str) -> None:
    reserve(1.0, shift_usd=1.0)
    reserve(1.0, run="r2", shift_usd=1.0)
    assert (in_run("r1").calls, in_run("r2").calls) == (1, 1)


def test_what_was_not_used_is_free_again_after_settling(database: str) -> None:
    held = reserve(0.9, shift_usd=1.0)
    with session() as s:
        spending.settle(s, held, TokenUsage(prompt_tokens=100_000, response_tokens=100_000))
    assert in_run() == (200_000, 0, 200_000, 1, 0)
    reserve(0.8, shift_usd=1.0)
    (first, _) = rows()
    assert (first.status, first.actual_tokens, first.actual_microusd) == (SETTLED, 200_000, 200_000)
    assert first.reserved_microusd == 900_000


def test_a_call_of_unknown_cost_stays_counted_in_full(database: str) -> None:
    held = reserve(0.9, shift_usd=1.0)
    with session() as s:
        spending.settle(s, held, None)
    assert in_run().open_microusd == 900_000
    with pytest.raises(DeferredError):
        reserve(0.2, shift_usd=1.0)


def test_what_was_released_costs_nothing(database: str) -> None:
    held = reserve(0.9, shift_usd=1.0)
    with session() as s:
        spending.release(s, held)
    assert in_run() == (0, 0, 0, 0, 0)
    reserve(1.0, shift_usd=1.0)


def test_many_at_once_never_exceed_the_ceilings(database: str) -> None:
    """8 threads reserve 0.07 USD each for 4 items: 1.00 USD in all, 0.30 USD an item."""
    kept, deferred, errors = [], [], []
    start = threading.Barrier(8)

    def worker(number: int) -> None:
        start.wait()
        for turn in range(8):
            try:
                item = str((number + turn) % 4) * 64
                kept.append(reserve(0.07, item=item, item_usd=0.30, shift_usd=1.0))
            except DeferredError as error:
                deferred.append(error)
            except Exception as error:  # noqa: BLE001
                errors.append(error)

    threads = [threading.Thread(target=worker, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(kept) == 14  # 0.98 of 1.00; alone each item could have had four
    assert len(kept) + len(deferred) == 64
    assert in_run().microusd == 980_000
    assert all(in_run("r1", str(n) * 64).microusd <= 300_000 for n in range(4))
    assert len({held.spending_id for held in kept}) == 14


def test_a_good_call_is_settled_by_its_bill(database: str) -> None:
    with spending.spent("r1", ITEM, "a_step", estimate(0.4), load_settings()) as bill:
        assert [row.status for row in rows()] == [RESERVED]
        bill.usage = TokenUsage(prompt_tokens=1000)
    (row,) = rows()
    assert (row.status, row.actual_microusd) == (SETTLED, 1000)
    assert row.closed_at >= row.created_at


@pytest.mark.parametrize(
    ("billed", "usage", "status", "counted"),
    [
        (False, None, RELEASED, 0),
        (True, TokenUsage(prompt_tokens=5), SETTLED, 5),
        (True, None, SETTLED, 400_000),
    ],
)
def test_a_failed_call_counts_as_far_as_it_was_billed(
    settings: Settings, billed: bool, usage: TokenUsage | None, status: str, counted: int
) -> None:
    error = RetryableError("no")
    error.billed, error.usage = billed, usage
    with pytest.raises(RetryableError, match="no"):
        with spending.spent("r1", ITEM, "a_step", estimate(0.4), settings):
            raise error
    assert [row.status for row in rows()] == [status]
    assert in_run().microusd == counted


def test_a_call_that_was_broken_off_stays_reserved(settings: Settings) -> None:
    with pytest.raises(KeyboardInterrupt):
        with spending.spent("r1", ITEM, "a_step", estimate(0.4), settings):
            raise KeyboardInterrupt
    assert [row.status for row in rows()] == [RESERVED]
    assert in_run().open_microusd == 400_000


def test_a_free_engine_leaves_no_row(settings: Settings) -> None:
    with spending.spent("r1", ITEM, "a_step", None, settings):
        pass
    assert rows() == []


def test_by_default_there_are_ceilings(settings: Settings) -> None:
    with pytest.raises(DeferredError, match=r"0\.5 USD for this item"):
        with spending.spent("r1", ITEM, "a_step", estimate(0.51), settings):
            raise AssertionError("the call was made")


def test_a_ceiling_without_a_price_is_an_error_and_no_ceiling_needs_none(
    settings: Settings,
) -> None:
    unknown = estimate(0.1, price=None)
    with pytest.raises(SettingsError, match="NIGHTSHIFT_AI_PRICE__INPUT_USD"):
        with spending.spent("r1", ITEM, "a_step", unknown, settings):
            raise AssertionError("the call was made")
    free = settings.model_copy(update={"ai_item_ceiling_usd": None, "ai_shift_ceiling_usd": None})
    with spending.spent("r1", ITEM, "a_step", unknown, free) as bill:
        bill.usage = TokenUsage(prompt_tokens=7)
    assert in_run() == (0, 0, 7, 1, 1)


def test_ceilings_and_a_price_can_be_set_and_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTSHIFT_AI_ITEM_CEILING_USD", "none")
    monkeypatch.setenv("NIGHTSHIFT_AI_SHIFT_CEILING_USD", "2.5")
    monkeypatch.setenv("NIGHTSHIFT_AI_PRICE__INPUT_USD", "0.1")
    monkeypatch.setenv("NIGHTSHIFT_AI_PRICE__OUTPUT_USD", "0.4")
    found = Settings()
    assert spending.ceilings(found) == (None, 2.5)
    assert found.ai_price == TokenPrice(input_usd=0.1, output_usd=0.4)
    monkeypatch.setenv("NIGHTSHIFT_AI_SHIFT_CEILING_USD", "-1")
    with pytest.raises(ValidationError):
        Settings()


def test_a_price_holds_from_its_day_on() -> None:
    before = gemini_prices.price_on("gemini-3.8-flash", date(2026, 12, 31))
    after = gemini_prices.price_on("models/gemini-3.8-flash", date(2027, 1, 1))
    assert (before.input_usd, after.input_usd) == (0.75, 1.5)
    assert gemini_prices.price_on("gemini-3.8-flash", date(2026, 1, 1)) is None
    assert gemini_prices.price_on("gemini-9", date(2030, 1, 1)) is None


def test_the_default_model_has_a_price(settings: Settings) -> None:
    assert gemini_prices.price(settings.pipeline.analysis.gemini_model)


def test_a_long_prompt_and_sound_have_their_own_prices() -> None:
    price = TokenPrice(
        input_usd=2, output_usd=12, audio_usd=3, long_input_usd=4, long_output_usd=18
    )
    assert price.cost_microusd(TokenUsage(prompt_tokens=100, audio_tokens=40)) == 60 * 2 + 40 * 3
    long = TokenUsage(prompt_tokens=200_001, response_tokens=1)
    assert price.cost_microusd(long) == 200_001 * 4 + 18
    assert TokenPrice(input_usd=0.3, output_usd=0).cost_microusd(TokenUsage(prompt_tokens=1)) == 1


def test_sound_that_was_not_counted_is_charged_as_estimated() -> None:
    price = TokenPrice(input_usd=1, output_usd=1, audio_usd=10)
    asked = Estimate(engine="x", prompt_tokens=100, audio_tokens=30, response_tokens=0, price=price)
    assert asked.cost_of(TokenUsage(prompt_tokens=100)) == 70 + 300
    assert asked.cost_of(TokenUsage(prompt_tokens=100, audio_tokens=0)) == 100


def test_text_of_other_scripts_is_estimated_by_the_character() -> None:
    assert gemini_prices.text_tokens("a" * 300) == 100
    assert gemini_prices.text_tokens("ភ្លៀងធ្លាក់") == len("ភ្លៀងធ្លាក់")
