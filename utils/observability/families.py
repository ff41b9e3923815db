"""Metrics as Prometheus has them: a name, what it says, and samples with labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

Rows = Iterable[tuple[Sequence[str], float]]


def gauge(name: str, says: str, value: float) -> Metric:
    """A gauge without labels."""
    return GaugeMetricFamily(f"nightshift_{name}", says, value=value)


def gauges(name: str, says: str, labels: Sequence[str], rows: Rows) -> Metric:
    """A gauge with a sample for each row: the labels' values, and its own."""
    family = GaugeMetricFamily(f"nightshift_{name}", says, labels=labels)
    for values, value in rows:
        family.add_metric(values, value)
    return family


def counters(name: str, says: str, labels: Sequence[str], rows: Rows) -> Metric:
    """A counter with a sample for each row."""
    family = CounterMetricFamily(f"nightshift_{name}", says, labels=labels)
    for values, value in rows:
        family.add_metric(values, value)
    return family
