"""The terminal: answers on standard output and nothing else there, progress and messages on standard error."""

from __future__ import annotations

import getpass
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click

from core.errors import FacepulseError, OutputError
from core.types import Progress, ProgressCallback

DEBUG_SWITCH = "FACEPULSE_DEBUG"


@contextmanager
def answers() -> Iterator[TextIO]:
    """Yield where answers go, and send everything else that is written to standard output to standard error.

    Native libraries write notes to file descriptor 1 whatever Python does, so the descriptor itself is turned round.

    Raises:
        OutputError: standard output is closed.
    """
    if sys.stdout is None:
        raise OutputError("Standard output is closed, so there is nowhere to write the answers.")
    if not _is_descriptor(sys.stdout, 1):
        yield sys.stdout  # redirected within this process: native code does not write there
        return
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(kept), "w", encoding=sys.stdout.encoding, errors="backslashreplace") as out:
            yield out
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


@contextmanager
def native_notes_hidden() -> Iterator[None]:
    """Drop what native libraries write to standard error meanwhile, unless debugging; Python's errors are raised.

    They greet while they load, and nobody who checks a clip wants to read about delegates.
    """
    if debugging() or not _is_descriptor(sys.stderr, 2):
        yield
        return
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def debugging() -> bool:
    """Whether tracebacks and native notes are wanted."""
    return os.environ.get(DEBUG_SWITCH, "") not in {"", "0"}


def say(sentence: str) -> None:
    """Write one sentence to standard error."""
    click.echo(printable(sentence), err=True)


def say_error(error: BaseException, about: str | None = None) -> None:
    """Write what went wrong, and with which clip, to standard error: a sentence; the traceback only if asked for."""
    if isinstance(error, FacepulseError):
        sentence = str(error)
    else:
        sentence = (
            f"Something unexpected went wrong ({type(error).__name__}); run with {DEBUG_SWITCH}=1 for the traceback."
        )
    say(sentence if about is None else f"{about}: {sentence}")
    if debugging():
        traceback.print_exception(error, file=sys.stderr)


def printable(text: str) -> str:
    """Return text without the control characters by which a file's name could steer a terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def user_name() -> str:
    """Return the name of who runs this, as the system knows it; "Facepulse" where it knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "Facepulse"


def may_colour(stream: TextIO) -> bool:
    """Whether colours are wanted on this stream (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


@contextmanager
def progress_bar(name: str, *, wanted: bool = True) -> Iterator[ProgressCallback]:
    """Yield a progress callback: a bar on standard error while that is a terminal, else nothing."""
    if not wanted or not sys.stderr.isatty():
        yield _silent
        return
    # Only here: without a terminal nobody should wait for rich to load.
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415
    from rich.progress import BarColumn, TextColumn  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415

    from bot import words  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=28), TextColumn("{task.fields[state]}"))
    # A descriptor of its own, which stays on the terminal while native notes are hidden.
    with (
        os.fdopen(os.dup(2), "w", encoding=sys.stderr.encoding, errors="replace") as own,
        Bar(*columns, console=Console(file=own), transient=True) as bar,
    ):
        task = bar.add_task(escape(printable(name)), total=None, state="")

        def show(progress: Progress) -> None:
            parts = [words.stage_words(progress)]
            if progress.total:
                parts.append(f"{progress.done}/{progress.total} frames")
            if progress.left_s is not None and progress.left_s >= 1:
                parts.append(f"about {words.duration(progress.left_s)} left")
            total = progress.total or None
            bar.update(task, completed=progress.done, total=total, state=escape(" · ".join(parts)))

        yield show


def _silent(progress: Progress) -> None:
    """Show nothing."""


def _is_descriptor(stream: TextIO, number: int) -> bool:
    try:
        return stream.fileno() == number
    except (OSError, ValueError):
        return False
