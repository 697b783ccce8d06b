"""Log lines that can be followed: each names the check and the request that it is about, as text or as JSON.

The two are bound to what runs at the moment (a context variable), so that a line written deep inside of the analysis
carries them without being handed them. Used by both processes; the request goes from one to the other in the name of
the waiting clip (`tagged`, `request_of`).
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, TextIO

LogFormat = Literal["text", "json"]

REQUEST_ID = re.compile(r"[0-9a-f]{12}")
OURS = ("bot", "core")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a log line is about: a check, by its case number, and the request that it came with."""

    check: int | None = None
    request: str | None = None


_SUBJECT: ContextVar[Subject] = ContextVar("facepulse_log_subject")
_NOTHING = Subject()


def subject() -> Subject:
    """Return what runs at the moment is about."""
    return _SUBJECT.get(_NOTHING)


@contextmanager
def about(*, check: int | None = None, request: str | None = None) -> Iterator[Subject]:
    """Let every line of the block carry these ids; what is None stays as it was outside."""
    given = {name: value for name, value in (("check", check), ("request", request)) if value is not None}
    token = _SUBJECT.set(replace(subject(), **given))  # type: ignore[arg-type]
    try:
        yield subject()
    finally:
        _SUBJECT.reset(token)


def new_request() -> str:
    """Return a new request id: twelve hexadecimal digits."""
    return secrets.token_hex(6)


def begin_request() -> None:
    """Let every line that the current task writes from now on carry a new request id."""
    _SUBJECT.set(replace(subject(), request=new_request()))


def tagged(token: str) -> str:
    """Return `token` with the request id of the moment before it, where there is one."""
    request = subject().request
    return token if request is None else f"{request}-{token}"


def request_of(name: str | None) -> str | None:
    """Return the request id that `tagged` put before a name, or None."""
    request, separator, _ = (name or "").partition("-")
    return request if separator and REQUEST_ID.fullmatch(request) else None


def set_up(style: LogFormat, process: str, stream: TextIO | None = None) -> None:
    """Write the log of this process to `stream` (standard error by default): our own lines from INFO on.

    Args:
        style: "text" for people, "json" for one object a line.
        process: what this process is, for example "service" or "worker".
        stream: where the lines go.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(process) if style == "json" else TextLines(process))
    handler.addFilter(add_subject)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for ours in OURS:
        logging.getLogger(ours).setLevel(logging.INFO)


def add_subject(record: logging.LogRecord) -> bool:
    """Put what the line is about into the record; never drops one."""
    if not hasattr(record, "subject"):
        record.subject = subject()
    return True


class TextLines(logging.Formatter):
    """One line a record, with `[case 12 request 0123456789ab]` where it is about a check."""

    def __init__(self, process: str) -> None:
        super().__init__(f"%(asctime)s %(levelname)s {process} %(process)d %(name)s:%(ids)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        about = _subject_of(record)
        parts = [] if about.check is None else [f"case {about.check}"]
        parts += [] if about.request is None else [f"request {about.request}"]
        record.ids = f" [{' '.join(parts)}]" if parts else ""
        return super().format(record)


class JsonLines(logging.Formatter):
    """One JSON object a record, on one line: time, level, process, pid, logger, message, check, request, error."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        about = _subject_of(record)
        values: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "process": self._process,
            "pid": record.process,
            "logger": record.name,
            "message": record.getMessage(),
            "check": about.check,
            "request": about.request,
        }
        if record.exc_info:
            values["error"] = self.formatException(record.exc_info)
        return json.dumps({name: value for name, value in values.items() if value is not None}, ensure_ascii=False)


def _subject_of(record: logging.LogRecord) -> Subject:
    found = getattr(record, "subject", None)
    return found if isinstance(found, Subject) else _NOTHING
