"""Rows are read one by one; of what is cut or damaged all that is whole is read."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from utils.music.history import decoding, json_records
from utils.music.history.json_records import Record, records

ROWS = [{"ts": number, "name": f"ü {number}", "in": {"a": [1, {"b": None}]}} for number in range(5)]


@pytest.fixture(autouse=True)
def few_bytes_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "PIECE", 7)


def of(text: str | bytes) -> list[Record]:
    raw = text.encode() if isinstance(text, str) else text
    return list(records(io.BytesIO(raw)))


def values(text: str | bytes) -> list[Any]:
    return [record.value for record in of(text)]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        json.dumps(ROWS, ensure_ascii=False).replace("}, {", "},\r\n\r\n{"),
        "\n".join(json.dumps(row) for row in ROWS),
        "\n\n".join(json.dumps(row) for row in ROWS) + "\n",
        json.dumps([ROWS[:2], ROWS[2:]]),
        json.dumps({"scrobbles": ROWS, "username": "x"}),
        json.dumps({"count": 5, "payload": {"listens": ROWS, "user_id": "x"}}),
        json.dumps(ROWS[:3]) + "\n" + json.dumps(ROWS[3:]),
    ],
)
def test_rows_are_found_however_they_are_laid_out(text: str) -> None:
    assert values(text) == ROWS
    assert [record.number for record in of(text)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_rows_are_read_in_the_encoding_that_they_have(encoding: str) -> None:
    assert values(json.dumps(ROWS, ensure_ascii=False).encode(encoding)) == ROWS


def test_a_page_is_given_whole() -> None:
    page = {"recenttracks": {"track": ROWS, "@attr": {"user": "x"}}}
    assert values(json.dumps(page)) == [page["recenttracks"]]
    assert values(json.dumps([page, page])) == [page, page]


@pytest.mark.parametrize("layout", [json.dumps(ROWS), json.dumps(ROWS, indent=1),
                                    "\n".join(map(json.dumps, ROWS))])  # fmt: skip
def test_of_a_file_that_is_cut_anywhere_all_before_the_cut_is_read(layout: str) -> None:
    ends = [layout.index(f'"ts": {number}') for number in range(5)]
    for cut in range(1, len(layout), 5):
        whole = sum(1 for number in range(4) if ends[number + 1] <= cut)
        found = [one for one in values(layout[:cut]) if one is not None]
        assert found[:whole] == ROWS[:whole]
        assert len([one for one in found if isinstance(one, dict) and "ts" in one]) <= whole + 1


def test_of_a_page_that_is_cut_the_whole_rows_are_read() -> None:
    page = json.dumps({"recenttracks": {"track": ROWS, "@attr": {}}})
    for text in (page, f"[{page}]"):
        cut = text[: text.index('"ts": 3')]
        assert [one for one in values(cut) if isinstance(one, dict) and "ts" in one] == ROWS[:3]
        assert None in values(cut)


def test_reading_goes_on_behind_what_is_damaged() -> None:
    text = json.dumps(ROWS).replace('"ts": 2', '"ts" 2')
    found = of(text)
    assert [one.value for one in found if isinstance(one.value, dict) and "ts" in one.value] == [
        ROWS[0], ROWS[1], ROWS[3], ROWS[4],
    ]  # fmt: skip
    damaged = next(one for one in found if one.value is None)
    assert damaged.number == 3
    assert all(one.is_found for one in found if one.number > 3)


@pytest.mark.parametrize(
    "text",
    ["[" * 5000, '[{"a":' * 3000, "{" * 5000, '["a', "[1e999, NaN, -]", "nul", "[" + "9" * 5000,
     '{"scrobbles": [', '{"a" "b"}', "[}", "]" * 50, "\x00" * 50],
)  # fmt: skip
def test_what_is_no_json_gives_no_row(text: str) -> None:
    assert [one for one in of(text) if isinstance(one.value, dict)] == []


def test_a_file_of_nothing_but_damage_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_records, "_MOST_FAULTS", 20)
    found = of('[{"a" 1},\n' * 100 + json.dumps(ROWS)[1:])
    assert [one.is_damaged for one in found] == [True, True]


def test_a_row_that_is_longer_than_any_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "LONGEST", 500)
    text = json.dumps([ROWS[0], {"ts": 9, "name": "x" * 5000}, ROWS[1]])
    found = values(text)
    assert found[0] == ROWS[0] and found[-1] == ROWS[1] and found[1] is None
