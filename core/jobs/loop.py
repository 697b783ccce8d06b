"""What a worker does: takes checks from the queue one by one, analyses them and puts the answers into the log.

Every claim has a lease, prolonged while the analysis runs. A worker that dies stops prolonging, and the check goes
back to the queue. All changes of a row name the claim, so that a check is answered once whatever happens.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from core import logs
from core.errors import CancelledError, MediaStoreError, StoreError
from core.jobs.running import RunningAnalysis
from core.services import analysis, evidence
from core.services.analysis import Answer, Engine
from core.services.clock import Clock
from core.services.evidence import EvidenceFolder
from core.services.folders import Folders
from core.services.operations import FRESH_FOR
from core.settings import VideoLimits
from core.store import Check, CheckStatus, Store
from core.types import Progress

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
DEAD_LETTER_FOR = timedelta(days=3)
"""So long the clip of a check that was given up is kept, for a person to have it tried again."""
GAVE_UP = "The analysis of this clip stopped three times without an answer, so it was given up."


@dataclass(frozen=True, slots=True)
class Timing:
    """How often a worker looks and how long it waits, in seconds."""

    lease_s: float = 30.0
    tick_s: float = 0.25
    """Between looks at the queue when idle, and between writes of progress when busy."""
    grace_s: float = 5.0
    """How long an analysis may take to stop when the worker stops."""
    sweep_s: float = 60.0
    """Between looks for files that nobody needs any more."""
    again_s: float = 1.0
    """Between tries to reach a log that is away."""
    outlast_s: float = 120.0
    """How long what came of an analysis is kept for a log that is away, before another worker must do it again."""


class Worker:
    """One worker over one open store; `name` is unique among the workers of a database.

    It takes checks of `queues`, of all when none are named.
    """

    def __init__(
        self,
        store: Store,
        *,
        engine: Engine,
        folders: Folders,
        limits: VideoLimits,
        keep_figures_s: float,
        name: str,
        timing: Timing,
        clock: Clock,
        queues: Collection[str] | None = None,
    ) -> None:
        self._queues = queues
        self._store = store
        self._engine = engine
        self._folders = folders
        self._limits = limits
        self._keep_figures_s = keep_figures_s
        self._name = name
        self._timing = timing
        self._clock = clock
        self._lease = timedelta(seconds=timing.lease_s)
        self._away_s = -float("inf")
        """When the log could last not be reached, by the monotonic clock."""

    async def run(self, stop: asyncio.Event, hand_over: asyncio.Event | None = None) -> None:
        """Answer checks until `stop` is set; a check in work goes back to the queue when `hand_over` is.

        Without `hand_over` that is when `stop` is set.
        """
        swept_at = -float("inf")
        while not stop.is_set():
            try:
                if time.monotonic() - swept_at >= self._timing.sweep_s:
                    await self.sweep()
                    swept_at = time.monotonic()
                idle = not await self.work_once(hand_over or stop)
            except StoreError:
                self._log_was_away("the log failed; trying again")
                await _either(stop, self._timing.again_s)
                continue
            if idle:
                await _either(stop, self._timing.tick_s)

    async def work_once(self, stop: asyncio.Event) -> bool:
        """Take the next check, if there is one, and answer it; say whether there was one."""
        await self.take_from_the_dead()
        claim = await self._store.queue.claim(self._name, self._clock(), self._lease, self._queues)
        if claim is None:
            return False
        await self._work(claim, stop)
        return True

    async def work_on(self, check_id: int, stop: asyncio.Event) -> bool:
        """Answer this check; False when it does not wait any more."""
        claim = await self._store.queue.claim_one(check_id, self._name, self._clock(), self._lease)
        if claim is None:
            return False
        await self._work(claim, stop)
        return True

    async def _work(self, claim: Check, stop: asyncio.Event) -> None:
        with logs.about(check=claim.id, request=logs.request_of(claim.incoming_name)):
            await self._answer(claim, stop)

    async def _answer(self, claim: Check, stop: asyncio.Event) -> None:
        logger.info("check %d: started, attempt %d", claim.id, claim.attempts)
        try:
            if not await analysis.repeat_if_known(self._store, claim, self._clock):
                await self._analyse(claim, stop)
        finally:
            try:
                await self._clean_up(claim)
            except StoreError:  # the sweep deletes what was left
                self._log_was_away(f"check {claim.id}: its files cannot be looked after now")

    def _log_was_away(self, what: str) -> None:
        """Note it in the log of the process: with its cause, unless that was said a moment ago."""
        now_s = time.monotonic()
        logger.error(what, exc_info=now_s - self._away_s > self._timing.lease_s)
        self._away_s = now_s

    async def take_from_the_dead(self) -> int:
        """Put the checks of workers that fell silent back in the queue; return how many.

        Who could not reach the log cannot tell who is dead: the others could not write that they live either.
        """
        if time.monotonic() - self._away_s < self._timing.lease_s:
            return 0
        return await self._store.queue.requeue_expired(self._clock(), MAX_ATTEMPTS, GAVE_UP)

    async def call_again(self) -> int:
        """Have waiting checks handed out again whose turn got lost; return how many."""
        return await self._store.queue.ring_again(self._clock())

    async def sweep(self) -> None:
        """Delete clips that no check needs, figures whose time is over, and what this machine left in work.

        Of workers that share one place for media the first by name does it for all: asking it what lies there costs.
        """
        if self._folders.media.shared and not await self._is_first():
            await asyncio.to_thread(self._folders.tidy, self._clock().timestamp())
            return
        needed = await self._store.checks.incoming_names(self._clock() - DEAD_LETTER_FOR)
        await asyncio.to_thread(self._folders.sweep, needed, self._clock().timestamp(), self._keep_figures_s)

    async def _is_first(self) -> bool:
        living = await self._store.workers.seen(self._clock() - FRESH_FOR)
        return all(self._name <= other.name for other in living)

    async def _analyse(self, claim: Check, stop: asyncio.Event) -> None:
        running = RunningAnalysis(
            lambda tell: analysis.analyse_and_draw(self._engine, claim, self._folders, self._limits, tell)
        )
        try:
            held = await self._keep_alive(claim, running, stop)
        finally:
            running.cancel()
        if not await running.ended(0 if held and not stop.is_set() else self._timing.grace_s):
            logger.warning("check %d: its analysis does not stop; leaving it behind", claim.id)
            await self._store.queue.release(claim)
            return
        until_s = time.monotonic() + self._timing.outlast_s
        while not await self._is_settled(claim, running, insist=time.monotonic() < until_s and not stop.is_set()):
            await _either(stop, self._timing.again_s)

    async def _is_settled(self, claim: Check, running: RunningAnalysis[Answer], *, insist: bool) -> bool:
        """Write down what came of an analysis; False while the log is away, an error for who does not insist."""
        try:
            await self._settle(claim, running)
        except StoreError:
            if not insist:
                raise
            self._log_was_away(f"check {claim.id}: what came of it cannot be stored; trying again")
            return False
        return True

    async def _keep_alive(self, claim: Check, running: RunningAnalysis[Answer], stop: asyncio.Event) -> bool:
        """Watch an analysis to its end, or until it must stop; False when the claim was lost."""
        told, beaten_at = None, time.monotonic()
        while not await running.ended(self._timing.tick_s) and not stop.is_set():
            progress = running.progress
            if progress is told and time.monotonic() - beaten_at < self._timing.lease_s / 3:
                if not await self._is_ours(claim):
                    return False
                continue
            if not await self._beat(claim, progress):
                return False
            told, beaten_at = progress, time.monotonic()
        return True

    async def _beat(self, claim: Check, progress: Progress | None) -> bool:
        try:
            return await self._store.queue.heartbeat(claim, self._clock(), self._lease, progress)
        except StoreError:
            # The lease may outlast a short trouble of the database; if not, the answer is refused later.
            self._log_was_away(f"check {claim.id}: its lease could not be prolonged")
            return True

    async def _is_ours(self, claim: Check) -> bool:
        try:
            check = await self._store.checks.get(claim.id)
        except StoreError:
            self._log_was_away(f"check {claim.id}: it cannot be looked at")
            return True
        held = (CheckStatus.RUNNING, claim.worker, claim.attempts)
        return check is not None and (check.status, check.worker, check.attempts) == held

    async def _settle(self, claim: Check, running: RunningAnalysis[Answer]) -> None:
        try:
            answer = running.result()
        except CancelledError:
            # Asked to stop: the check waits for the next worker, unless it was the asker who took it back.
            released = await self._store.queue.release(claim)
            logger.info("check %d: %s", claim.id, "put back" if released else "cancelled")
        except Exception as error:
            code, sentence = analysis.failure_of(error)
            log = logger.exception if code == analysis.INTERNAL_CODE else logger.info
            log("check %d: failed: %s", claim.id, sentence)
            if analysis.may_pass(error) and claim.attempts < MAX_ATTEMPTS:
                await analysis.retry_later(self._store, claim, error, self._clock)
                return
            await analysis.store_failure(self._store, claim, error, self._clock)
        else:
            # Before the answer: whoever reads it may delete the message with the clip.
            await evidence.keep_if_wanted(self._store, self._folders, claim)
            await analysis.remember_look(self._store, self._engine.eye, claim, answer.look)
            answered = await analysis.store_report(self._store, claim, answer.report, self._clock)
            verdict = answer.report.verdict.label
            logger.info("check %d: %s", claim.id, verdict if answered else "answered by another worker")

    async def _clean_up(self, claim: Check) -> None:
        check = await self._store.checks.get(claim.id)
        if check is None or check.status in {CheckStatus.CANCELLED, CheckStatus.FAILED}:
            await asyncio.to_thread(self._forget_files, claim)
        elif check.is_final and check.repeats_check_id is not None:
            await evidence.keep_if_wanted(self._store, self._folders, claim)
        if check is None or (check.is_final and check.incoming_name is None):
            await asyncio.to_thread(self._folders.discard, claim.incoming_name)

    def _forget_files(self, claim: Check) -> None:
        self._folders.discard_figures(claim.id)
        guild_id = claim.asker.guild_id
        try:
            if guild_id is not None:
                EvidenceFolder(self._folders.media).delete(guild_id, [claim.id])
        except MediaStoreError:
            # `retention` deletes the kept clips of checks without an answer.
            logger.exception("check %d: its kept clip cannot be deleted yet", claim.id)


async def _either(stop: asyncio.Event, timeout_s: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), timeout_s)
    except TimeoutError:
        return
