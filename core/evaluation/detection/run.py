"""Measure many clips: in parallel, going on where an earlier run was stopped."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path

from core.errors import FacepulseError
from core.evaluation.datasets.labelled import LabelledClip
from core.evaluation.detection.measure import Task
from core.evaluation.detection.records import ClipRecord, ScoreBook
from core.evaluation.detection.variants import in_order
from core.evaluation.detection.views import view_of

Tell = Callable[[int, int, str], None]
"""(done, total, name of the clip): called after every measurement, made now or before."""
Measure = Callable[[Task], ClipRecord]
ByClip = dict[tuple[str, str], ClipRecord]
"""(clip id, variant) -> record."""

CHUNK_BYTES = 1 << 20
NO_FILE = ("not_found", "There is no such file, or it may not be read.")


def run(
    clips: Sequence[LabelledClip],
    variants: tuple[str, ...],
    book: ScoreBook,
    measure: Measure,
    *,
    versions: str,
    jobs: int = 1,
    tell: Tell | None = None,
) -> ByClip:
    """Measure every clip untouched and in every variant, and return the records.

    A file is measured once however many labels it has, and not again if the book has it with the same versions.

    Args:
        clips: several may be of one file.
        variants: names in `VARIANTS`.
        book: of earlier measurements, to which new ones are added as they are made.
        measure: importable by name if `jobs` is over 1.
        versions: of everything that a score depends on.
        jobs: processes; 1 measures in this one.
        tell: about progress.
    """
    by_path: dict[Path, list[LabelledClip]] = {}
    for clip in clips:
        by_path.setdefault(clip.path, []).append(clip)
    found: ByClip = {}
    done, total = 0, len(by_path) * (1 + len(variants))

    def keep(of_file: list[LabelledClip], record: ClipRecord) -> None:
        nonlocal done
        done += 1
        found.update({(clip.id, record.variant): record for clip in of_file})
        if tell is not None:
            tell(done, total, of_file[0].path.name)

    def to_do() -> Iterator[tuple[list[LabelledClip], Task]]:
        for path, of_file in by_path.items():
            sha256 = _sha256(path)
            for variant in in_order(variants):
                task = Task(path, sha256, versions, variant, frozenset(view_of(clip) for clip in of_file))
                known = ClipRecord("", versions, variant, failure=NO_FILE) if not sha256 else book.get(*_key(task))
                if known is not None and known.answers_all(task.views):
                    keep(of_file, known)
                else:
                    yield of_file, task

    for of_file, record in _measured(to_do(), measure, jobs):
        book.add(record)
        keep(of_file, record)
    return found


def _key(task: Task) -> tuple[str, str, str]:
    return task.sha256, task.versions, task.variant


def _measured(
    tasks: Iterable[tuple[list[LabelledClip], Task]], measure: Measure, jobs: int
) -> Iterator[tuple[list[LabelledClip], ClipRecord]]:
    if jobs == 1:
        yield from ((of_file, measure(task)) for of_file, task in tasks)
        return
    waiting = iter(tasks)
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        running: dict[Future[ClipRecord], list[LabelledClip]] = {}
        try:
            while True:
                for of_file, task in islice(waiting, 2 * jobs - len(running)):
                    running[pool.submit(measure, task)] = of_file
                if not running:
                    return
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield running.pop(future), future.result()
        except BrokenProcessPool as error:
            raise FacepulseError("A measuring process ended unexpectedly; start again with --resume.") from error
        finally:
            pool.shutdown(cancel_futures=True)


def _sha256(path: Path) -> str:
    """Hexadecimal digest of a file; "" if it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
    except OSError:
        return ""
    return digest.hexdigest()
