"""The metrics in Prometheus' text format; docs/operations.md lists them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core.services.operations import Snapshot
from core.store import GpuUse

STAGE_BUCKETS_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0)
WHOLE = "whole"
"""The stage that stands for all stages of one analysis together."""


class Metrics:
    """Turns snapshots into pages of metrics; one for each process, since a histogram counts on."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._latest = _Latest()
        self._registry.register(self._latest)
        self._stages = Histogram(
            "facepulse_stage_seconds",
            "Time of one stage of one analysis.",
            ["stage"],
            buckets=STAGE_BUCKETS_S,
            registry=self._registry,
        )

    def page(self, snapshot: Snapshot) -> bytes:
        """Return the metrics of a snapshot; each snapshot is to be shown once."""
        if snapshot.counted is not None:
            for times_s in snapshot.counted.new_times_s:
                self._observe(times_s)
        self._latest.snapshot = snapshot
        return generate_latest(self._registry)

    def _observe(self, times_s: Mapping[str, float]) -> None:
        for stage, seconds in times_s.items():
            self._stages.labels(stage).observe(seconds)
        if times_s:
            self._stages.labels(WHOLE).observe(sum(times_s.values()))


class _Latest(Collector):
    """The metrics that are read off one snapshot."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of the latest snapshot; none before the first."""
        if self.snapshot is not None:
            yield from _of(self.snapshot)


def _of(snapshot: Snapshot) -> Iterator[Metric]:
    answers = snapshot.queue is not None
    yield GaugeMetricFamily("facepulse_database_up", "1 while the database answers.", float(answers))
    if snapshot.discord is not None:
        yield GaugeMetricFamily("facepulse_discord_joined", "1 while Discord is joined.", float(snapshot.discord))
    yield from _media(snapshot)
    if snapshot.queue is None or snapshot.counted is None:
        return
    yield from _queue(snapshot)
    yield from _ends(snapshot)
    yield GaugeMetricFamily("facepulse_workers", "Workers that said lately that they live.", len(snapshot.workers))
    yield from _gpus({worker.name: worker.gpu for worker in snapshot.workers if worker.gpu is not None})


def _queue(snapshot: Snapshot) -> Iterator[Metric]:
    if snapshot.queue is None:
        return
    depth = GaugeMetricFamily("facepulse_checks", "Checks that are not over.", labels=["status"])
    depth.add_metric(["queued"], snapshot.queue.queued)
    depth.add_metric(["running"], snapshot.queue.running)
    yield depth
    oldest = snapshot.queue.oldest_at
    age_s = 0.0 if oldest is None else max(0.0, (snapshot.at - oldest).total_seconds())
    yield GaugeMetricFamily("facepulse_oldest_queued_seconds", "Since when the oldest check waits; 0: none.", age_s)


def _media(snapshot: Snapshot) -> Iterator[Metric]:
    if snapshot.media is None:
        return
    yield GaugeMetricFamily("facepulse_media_up", "1 while clips can be kept and fetched.", float(snapshot.media))
    failures = CounterMetricFamily(
        "facepulse_media_failures", "What the media store did not do, in this process.", labels=["verb"]
    )
    for verb, number in sorted(snapshot.media_failures.items()):
        failures.add_metric([verb], number)
    yield failures


def _ends(snapshot: Snapshot) -> Iterator[Metric]:
    if snapshot.counted is None:
        return
    verdicts = CounterMetricFamily("facepulse_verdicts", "Answers by verdict.", labels=["verdict", "from_log"])
    errors = CounterMetricFamily("facepulse_errors", "Checks that failed, by the code of the error.", labels=["code"])
    cancelled = CounterMetricFamily("facepulse_cancelled", "Checks that were taken back.", value=0)
    for (end, kind), number in sorted(snapshot.counted.ended.items()):
        if end in {"done", "repeated"}:
            verdicts.add_metric([kind, "true" if end == "repeated" else "false"], number)
        elif end == "failed":
            errors.add_metric([kind], number)
        else:
            cancelled = CounterMetricFamily("facepulse_cancelled", "Checks that were taken back.", value=number)
    yield from (verdicts, errors, cancelled)


def _gpus(gpus: Mapping[str, GpuUse]) -> Iterator[Metric]:
    if not gpus:
        return
    busy = GaugeMetricFamily("facepulse_gpu_busy", "How busy a worker's GPU is, 0 to 1.", labels=["worker"])
    used = GaugeMetricFamily("facepulse_gpu_memory_used_bytes", "GPU memory that is used.", labels=["worker"])
    total = GaugeMetricFamily("facepulse_gpu_memory_bytes", "GPU memory that there is.", labels=["worker"])
    for worker, gpu in gpus.items():
        busy.add_metric([worker], gpu.busy)
        used.add_metric([worker], gpu.used_bytes)
        total.add_metric([worker], gpu.total_bytes)
    yield from (busy, used, total)
