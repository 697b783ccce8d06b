"""Reports, evidence and progress as JSON and back, without loss."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from core.errors import StoreError
from core.types import Measurement, Progress, Report, Stage


class UnreadableReportError(StoreError):
    """A report is in the log that this version cannot read; trying again does not help."""


@cache
def _reports() -> TypeAdapter[Report]:
    return TypeAdapter(Report)


def dump_report(report: Report) -> str:
    """Return the report as one JSON object."""
    return _reports().dump_json(report).decode()


def load_report(text: str) -> Report:
    """Return the report that `dump_report` wrote.

    Raises:
        UnreadableReportError: it was written by a version whose reports were different.
    """
    try:
        return _reports().validate_json(text)
    except ValidationError as error:
        raise UnreadableReportError(
            "The stored report of this check is from another version and cannot be read."
        ) from error


def dump_progress(progress: Progress) -> dict[str, Any]:
    """Return the progress as a JSON object."""
    return {
        "stage": progress.stage.value,
        "done": progress.done,
        "total": progress.total,
        "left_s": progress.left_s,
    }


def load_progress(stored: dict[str, Any] | None) -> Progress | None:
    """Return the progress that `dump_progress` wrote; None stays None."""
    if stored is None:
        return None
    return Progress(Stage(stored["stage"]), stored["done"], stored["total"], stored["left_s"])


def dump_measurements(measurements: tuple[Measurement, ...]) -> list[dict[str, Any]]:
    """Return measurements as JSON objects."""
    return [{"name": m.name, "value": m.value, "unit": m.unit} for m in measurements]


def load_measurements(stored: list[dict[str, Any]]) -> tuple[Measurement, ...]:
    """Return the measurements that `dump_measurements` wrote."""
    return tuple(Measurement(m["name"], m["value"], m["unit"]) for m in stored)
