"""Thousands of broken media files through the real decoding child: `make fuzz`, or `python -m benchmarks.fuzz`.

Each file is a small clip of ours with bits flipped, cut off, with lying headers, rearranged, or joined to another
(`tests/synth/mutants.py`); a number and a seed always make the same one. A file must end in a clip or in one named
error; nothing may be left behind, and no limit passed. Results are kept by number until the table is printed, so a run
that was stopped goes on.

Exit status: 0 when all of that held, 1 otherwise, with the numbers of the files that broke it.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from core.errors import ClipError
from core.settings import VideoLimits
from core.video import open_clip
from tests.synth.mutants import KINDS, WAYS, mutant, seeds

LIMITS = VideoLimits(child_memory_bytes=1024 << 20, child_cpu_s=20, child_wall_s=30, stall_s=15)
"""Less than a clip may use in service: these files are tiny."""
GRACE_S = 15.0
"""Beyond its wall time a file may wait for a processor that others use, for its child's start and for its end."""
MEMORY_GROWTH_MIB = 32.0
"""A parent that leaked a picture in a thousand files would have grown by more."""
WARM_UP = 40
"""Files before the first count of memory, so that caches are filled."""
ANSWERS = 12


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one file ended. `answer`: "whole", "damaged", or the kind and sentence of an error. `broken`: what failed."""

    number: int
    kind: str
    way: str
    answer: str
    frames: int
    took_s: float
    broken: str | None = None


def try_one(number: int, seed: int, folder: Path, limits: VideoLimits = LIMITS) -> Outcome:
    """Decode one mutant to its end."""
    made = mutant(number, seed)
    path = folder / f"{number}.{made.kind}"
    path.write_bytes(made.data)
    began = time.monotonic()
    frames, broken = 0, None
    try:
        with open_clip(path, limits) as reader:
            for frame in reader:
                frames += 1
                if max(frame.rgb.shape[:2]) > limits.analysis_max_side_px:
                    broken = "a picture larger than asked for"
            answer = "damaged" if reader.truncated else "whole"
    except ClipError as error:
        answer = f"{type(error).__name__}: {error}"
        if "no decoder does" in str(error):
            broken = "the system call filter ended the child"
    except Exception as error:
        answer, broken = "no named error", f"{type(error).__name__}: {error}"
    finally:
        path.unlink()
    took_s = time.monotonic() - began
    if took_s > limits.child_wall_s + GRACE_S:
        broken = f"it took {took_s:.0f} s"
    return Outcome(number, made.kind, made.way, answer, frames, took_s, broken)


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=5000, help="files, numbered from 0 (5000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="files at the same time")
    parser.add_argument("--record", type=Path, help="a file of results to go on from (one of the temporary folder)")
    parser.add_argument("--only", type=int, help="one number alone; its file is left in the working directory")
    arguments = parser.parse_args()
    if arguments.only is not None:
        return _print_one(arguments.only, arguments.seed)
    record = arguments.record or Path(tempfile.gettempdir()) / f"facepulse-fuzz-{arguments.seed}.jsonl"
    known = _recorded(record)
    left = [number for number in range(arguments.count) if number not in known]
    faults = _run(left, arguments.seed, max(arguments.jobs, 1), record)
    outcomes = [outcome for number, outcome in sorted(_recorded(record).items()) if number < arguments.count]
    print_table(outcomes)
    faults += [f"file {one.number}: {one.broken}" for one in outcomes if one.broken]
    for fault in faults:
        print(f"BROKEN: {fault}")
    if arguments.record is None:  # else the next run would repeat these answers, whatever has changed since
        record.unlink(missing_ok=True)
    return int(bool(faults))


def _run(numbers: Sequence[int], seed: int, jobs: int, record: Path) -> list[str]:
    """Try these files, write each outcome down, and return what was left behind or passed."""
    if not numbers:
        return []
    seeds()
    me = psutil.Process()
    with tempfile.TemporaryDirectory() as folder, record.open("a") as kept, ThreadPoolExecutor(jobs) as pool:
        writing = threading.Lock()

        def one(number: int) -> None:
            outcome = try_one(number, seed, Path(folder))
            with writing:
                kept.write(json.dumps(asdict(outcome)) + "\n")
                kept.flush()

        list(pool.map(one, numbers[:WARM_UP]))
        before = _held(me)
        list(pool.map(one, numbers[WARM_UP:]))
        after = _held(me)
    peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"{len(numbers)} files: descriptors {before[0]} -> {after[0]}, processes {before[1]} -> {after[1]}, memory"
        f" {before[2]:.0f} -> {after[2]:.0f} MiB; no child had more than {peak_mib:.0f} of"
        f" {LIMITS.child_memory_bytes >> 20} MiB"
    )
    return [
        *(["open files were left"] if after[0] > before[0] else []),
        *(["processes were left"] if after[1] > before[1] else []),
        *(["memory grew"] if after[2] > before[2] + MEMORY_GROWTH_MIB else []),
        *(["a child passed its memory"] if peak_mib > LIMITS.child_memory_bytes >> 20 else []),
    ]


def _held(me: psutil.Process) -> tuple[int, int, float]:
    """Descriptors, children, and mebibytes of this process."""
    gc.collect()
    return me.num_fds(), len(me.children(recursive=True)), me.memory_info().rss / (1 << 20)


def _recorded(record: Path) -> dict[int, Outcome]:
    if not record.is_file():
        return {}
    rows = [json.loads(line) for line in record.read_text().splitlines()]
    return {row["number"]: Outcome(**row) for row in rows}


def print_table(outcomes: Sequence[Outcome]) -> None:
    """Print how the files of each kind and way ended, which answers there were, and how long they took."""
    for title, names, name_of in (
        ("kind", KINDS, lambda one: one.kind),
        ("way", WAYS, lambda one: one.way),
    ):
        print(
            f"\n{title:22}{'files':>7}{'whole':>8}{'damaged':>9}{'refused':>9}{'crashed':>9}{'limit':>7}{'unnamed':>9}"
        )
        for name in names:
            _print_row(name, [one for one in outcomes if name_of(one) == name])
    _print_row("all", outcomes)
    print(f"\nThe {ANSWERS} most frequent answers:")
    for answer, count in Counter(one.answer for one in outcomes).most_common(ANSWERS):
        print(f"{count:7}  {answer}")
    took = sorted(one.took_s for one in outcomes)
    if took:
        print(f"\nSeconds a file: median {took[len(took) // 2]:.2f}, longest {took[-1]:.2f}")


def _print_row(name: str, outcomes: Iterable[Outcome]) -> None:
    found = Counter(_ending(one.answer) for one in outcomes)
    cells = "".join(
        f"{found[ending]:{width}}"
        for ending, width in zip(
            ("whole", "damaged", "refused", "crashed", "limit", "unnamed"), (8, 9, 9, 9, 7, 9), strict=True
        )
    )
    print(f"{name:22}{found.total():7}{cells}")


def _ending(answer: str) -> str:
    if answer in {"whole", "damaged"}:
        return answer
    if answer == "no named error":
        return "unnamed"
    if "its decoder crashed" in answer:
        return "crashed"
    return "limit" if answer.startswith("DecodingLimitError") else "refused"


def _print_one(number: int, seed: int) -> int:
    made = mutant(number, seed)
    path = Path(f"mutant-{seed}-{number}.{made.kind}")
    path.write_bytes(made.data)
    outcome = try_one(number, seed, Path(tempfile.gettempdir()))
    print(f"{path}: {outcome}")
    return int(outcome.broken is not None)


if __name__ == "__main__":
    raise SystemExit(main())
