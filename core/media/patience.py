"""Trying again while the place of the media does not answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from core.errors import MediaStoreError

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 2.0
"""Between tries; twice as long after each. Short, so that somebody who waits for the end of it does not wait long."""
WITHIN_S = 120.0


def patiently(
    act: Callable[[], T],
    tell: Callable[[], None],
    within_s: float = WITHIN_S,
    pause: Callable[[float], None] = time.sleep,
    clock_s: Callable[[], float] = time.monotonic,
) -> T:
    """Return what `act` gives; as long as it raises `MediaStoreError` try again, for about `within_s`.

    Args:
        act: what is to be done.
        tell: called before every try; it may raise to end the waiting.
        within_s: when this is over, the next failure is raised.
        pause: waits for so many seconds.
        clock_s: seconds since any fixed moment.

    Raises:
        MediaStoreError: it did not answer within that time.
    """
    ends_s, pause_s = clock_s() + within_s, FIRST_PAUSE_S
    while True:
        tell()
        try:
            return act()
        except MediaStoreError as error:
            if clock_s() + pause_s > ends_s:
                raise
            logger.warning("the place of the media does not answer; trying again: %s", error.__cause__ or error)
        pause(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
