"""An analysis in its own thread is watched, stopped, and never holds up the loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from core.errors import CancelledError, UnreadableClipError
from core.jobs.running import RunningAnalysis
from core.types import Progress, ProgressCallback, Report, Stage
from tests.synth.logs import make_report

WAIT_S = 20.0


async def test_the_report_and_the_last_progress_come_out() -> None:
    last = Progress(Stage.FRAMES, 2, 2, 0.0)

    def work(tell: ProgressCallback) -> Report:
        tell(Progress(Stage.OPENING, 0, None, None))
        tell(last)
        return make_report()

    running = RunningAnalysis(work)

    assert await running.ended(WAIT_S)
    assert (running.result(), running.progress) == (make_report(), last)


async def test_an_error_comes_out_as_it_was_raised() -> None:
    def work(tell: ProgressCallback) -> Report:
        raise UnreadableClipError("This is not a video.")

    running = RunningAnalysis(work)

    assert await running.ended(WAIT_S)
    with pytest.raises(UnreadableClipError, match="not a video"):
        running.result()


async def test_a_cancelled_analysis_stops_where_it_tells_its_progress() -> None:
    go, told = threading.Event(), []

    def work(tell: ProgressCallback) -> Report:
        go.wait(WAIT_S)
        tell(Progress(Stage.FRAMES, 1, 2, None))
        told.append("went on")
        return make_report()

    running = RunningAnalysis(work)
    assert not await running.ended(0)
    running.cancel()
    go.set()

    assert await running.ended(WAIT_S)
    with pytest.raises(CancelledError):
        running.result()
    assert (told, running.progress) == ([], None)


def test_a_thread_that_outlives_its_loop_ends_quietly() -> None:
    go, threads = threading.Event(), []

    def work(tell: ProgressCallback) -> Report:
        threads.append(threading.current_thread())
        go.wait(WAIT_S)
        return make_report()

    async def leave() -> None:
        running = RunningAnalysis(work)
        assert not await running.ended(0.05)

    asyncio.run(leave())
    go.set()
    threads[0].join(WAIT_S)

    assert not threads[0].is_alive()
