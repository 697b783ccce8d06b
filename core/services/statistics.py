"""How much a server checks and what comes of it: counts only."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.services.clock import Clock, utc_now
from core.store import CaseState, CheckStatus, DayTally, Store
from core.types import VerdictLabel

LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many checks ended how."""

    likely_fake: int
    likely_real: int
    inconclusive: int
    declared_synthetic: int
    failed: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.likely_fake + self.likely_real + self.inconclusive + self.declared_synthetic + self.failed


@dataclass(frozen=True, slots=True)
class DayCount(Counts):
    """The checks that were asked for on one day (UTC)."""

    day: date


@dataclass(frozen=True, slots=True)
class GuildStatistics:
    """A server since some moment. `days` has every day, oldest first, also empty ones.

    `median_wait_s` is from question to answer over the newest 1000 answers that were not repeated, None without any;
    `open_cases` are open now, `upheld` and `dismissed` were decided since.
    """

    days: tuple[DayCount, ...]
    totals: Counts
    median_wait_s: float | None
    open_cases: int
    upheld: int
    dismissed: int


class Statistics:
    """Counts over the log of checks; expired ones count on."""

    def __init__(self, store: Store, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    async def of_guild(self, guild_id: int, since: datetime) -> GuildStatistics:
        """Return the counts of a server since `since`, of the last 366 days at most.

        Raises:
            StoreError: the log cannot be read.
        """
        now = self._clock()
        since = max(since, now - LONGEST)
        # A check of this very moment counts.
        tallies = await self._store.counts.days(guild_id, since, now + timedelta(microseconds=1))
        days = tuple(DayCount(*_numbers(tally), tally.day) for tally in tallies)
        waits = await self._store.counts.waits_s(guild_id, since)
        cases = await self._store.counts.cases(guild_id, since)
        return GuildStatistics(
            days=days,
            totals=Counts(*(sum(column) for column in zip(*map(_numbers, tallies), strict=True)))
            if tallies
            else Counts(0, 0, 0, 0, 0),
            median_wait_s=statistics.median(waits) if waits else None,
            open_cases=cases[CaseState.OPEN],
            upheld=cases[CaseState.UPHELD],
            dismissed=cases[CaseState.DISMISSED],
        )


def _numbers(tally: DayTally) -> tuple[int, int, int, int, int]:
    """Return the numbers of a day in the order of `Counts`."""
    done = {label: tally.ended.get((CheckStatus.DONE.value, label.value), 0) for label in VerdictLabel}
    failed = sum(number for (status, _), number in tally.ended.items() if status == CheckStatus.FAILED)
    return (
        done[VerdictLabel.LIKELY_FAKE],
        done[VerdictLabel.LIKELY_REAL],
        done[VerdictLabel.INCONCLUSIVE],
        done[VerdictLabel.DECLARED_SYNTHETIC],
        failed,
    )
