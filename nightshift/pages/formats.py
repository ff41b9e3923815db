"""Moments, lengths, sizes and money as people write them, in their language and zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_compact_decimal, format_currency, format_decimal, format_percent

from utils import clock

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


class Formats(NamedTuple):
    """How one person reads figures. What is unknown (None) is a dash.

    ``locale``: a language, with a country if one is known: days are written otherwise in en-GB.
    """

    locale: str
    zone: ZoneInfo

    def moment(self, value: datetime | str | None) -> str:
        """Day and time, in the person's zone."""
        found = _moment(value)
        return "–" if found is None else format_datetime(
            found, "medium", tzinfo=self.zone, locale=self.locale
        )  # fmt: skip

    def day(self, value: datetime | date | str | None) -> str:
        """The day alone."""
        found = value if type(value) is date else _moment(value)  # type: ignore[arg-type]
        if isinstance(found, datetime):
            found = found.astimezone(self.zone).date()
        return "–" if found is None else format_date(found, "medium", locale=self.locale)

    def hour(self, value: datetime | str | None) -> str:
        """The time of day alone, to the minute."""
        found = _moment(value)
        return "–" if found is None else format_time(
            found, "short", tzinfo=self.zone, locale=self.locale
        )  # fmt: skip

    def ago(self, value: datetime | str | None) -> str:
        """How long ago, or in how long: "3 hours ago"."""
        found = _moment(value)
        return "–" if found is None else format_timedelta(
            found - clock.now(), add_direction=True, locale=self.locale
        )  # fmt: skip

    def length(self, seconds: float | None) -> str:
        """A length as players show it: 1:02:03, 4:05."""
        if seconds is None:
            return "–"
        minutes, rest = divmod(int(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

    def took(self, seconds: float | None) -> str:
        """A time that something took: "3 hours"."""
        return "–" if seconds is None else format_timedelta(
            timedelta(seconds=seconds), granularity="second", threshold=1.5, locale=self.locale
        )  # fmt: skip

    def size(self, size_bytes: float | None) -> str:
        """Bytes in units of 1,000, with three digits."""
        if size_bytes is None:
            return "–"
        value, unit = float(size_bytes), 0
        while abs(value) >= 999.5 and unit < len(_UNITS) - 1:
            value, unit = value / 1000, unit + 1
        return f"{self.number(value, 0 if unit == 0 or value >= 99.5 else 1)} {_UNITS[unit]}"

    def number(self, value: float | None, digits: int | None = None) -> str:
        """A number with its separators; ``digits`` behind the point at most."""
        if value is None:
            return "–"
        places = "" if digits == 0 else "." + "#" * (3 if digits is None else digits)
        return format_decimal(value, f"#,##0{places}", locale=self.locale)

    def short(self, value: float) -> str:
        """A large number in little room: 12K."""
        return format_compact_decimal(value, fraction_digits=1, locale=self.locale)

    def money(self, usd: float | None) -> str:
        """US dollars; below a dime to the hundredth of a cent."""
        if usd is None:
            return "–"
        pattern = "¤#,##0.0000" if 0 < abs(usd) < 0.1 else "¤#,##0.00"
        return format_currency(usd, "USD", pattern, locale=self.locale, currency_digits=False)

    def share(self, value: float | None) -> str:
        """A part of one, in percent."""
        return "–" if value is None else format_percent(value, locale=self.locale)


def iso(value: datetime | str | None) -> str:
    """A moment for machines, in ``<time datetime>``; nothing of none."""
    found = _moment(value)
    return found.isoformat() if found else ""


def _moment(value: datetime | str | None) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
