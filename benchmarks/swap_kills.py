"""Kill a training of a swap while it saves, over and over, and look whether it goes on each time.

    python -m benchmarks.swap_kills [--kills 50] [--out DIR]

Faces are drawn, so anyone can run it. A child trains and saves after every step; the parent ends it with SIGKILL when
a random share of a save has passed: files half written, a folder not renamed, the pointer not replaced. After each
kill the state that holds must be whole (every sha256), and not older than the last one that the child said to have
saved; at the end the training is finished, and must be byte for byte that of a training that nobody killed.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core.swap import saved
from core.swap.augment import Recipe
from core.swap.face_set import load_face_set
from core.swap.presets import Plan
from core.swap.training import train
from models.swap_autoencoder import SwapShape
from models.train.swap import SwapConfig

STEPS_BETWEEN = 4
CHILD = "from benchmarks.swap_kills import child; import sys; child(*sys.argv[1:])"


@dataclass(frozen=True, slots=True)
class Kill:
    """What one kill came upon: how many steps had been saved by then, and what it left lying about."""

    told: int
    held: int
    left: str


def plan(iterations: int) -> Plan:
    """Return a plan that saves after every step, with files of a few megabytes."""
    return Plan(
        SwapShape("df", 64, 16, 64, 16, 4),
        SwapConfig(precision="float32"),
        Recipe(faces=2),
        iterations=iterations,
        save_every=1,
        preview_every=10**9,
        backup_every=3,
        backups=2,
    )


def child(source: str, target: str, model: str, iterations: str) -> None:
    """Train, and write the number of each step once what it started with is on the disk."""
    said = plan(int(iterations))

    def tell(step: object) -> None:
        # the step before this one was saved by now
        sys.stdout.write(f"{step.number - 1}\n")  # type: ignore[attr-defined]
        sys.stdout.flush()

    train(load_face_set(Path(source)), load_face_set(Path(target)), Path(model), said, progress=tell)


def kills(folder: Path, count: int, seed: int = 0) -> Iterator[Kill]:
    """Yield what each of `count` kills came upon; sets are in `folder`, the swap goes to `folder`/model.

    Raises:
        RuntimeError: a state was lost or is not whole.
    """
    chance = random.Random(seed)
    model = folder / "model"
    for _ in range(count):
        told = _killed(folder, model, chance)
        left = ", ".join(sorted({_kind(path) for path in model.rglob("*") if ".part" in path.name})) or "nothing"
        state = saved.read_saved(model)
        if state is None:
            raise RuntimeError("no state was left")
        for name in (saved.WEIGHTS, saved.TRAINING):
            state.content(name)
        if state.about.steps < told:
            raise RuntimeError(f"{told} steps had been saved and {state.about.steps} are left")
        yield Kill(told, state.about.steps, left)


def _killed(folder: Path, model: Path, chance: random.Random) -> int:
    """Let a child train a few steps on, end it in the middle of a save, and return the last step it had saved."""
    before = saved.read_saved(model)
    goal = (0 if before is None else before.about.steps) + 10_000
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder / "source"), str(folder / "target"), str(model), str(goal)],
        stdout=subprocess.PIPE,
        text=True,
    )
    told, seen = 0, []
    try:
        for line in process.stdout or ():
            told = int(line)
            seen.append(time.perf_counter())
            if len(seen) > STEPS_BETWEEN:
                break
        time.sleep(chance.random() * (seen[-1] - seen[0]) / STEPS_BETWEEN)
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate()
        return max([told, *(int(line) for line in rest.split("\n")[:-1] if line)])
    finally:
        process.kill()
        process.wait()


def _kind(path: Path) -> str:
    return "a generation half written" if path.is_dir() else "a file half written"


def finished_alike(folder: Path) -> tuple[int, bool]:
    """Finish the killed training, make one that nobody kills, and return their steps and whether both are equal."""
    sets = load_face_set(folder / "source"), load_face_set(folder / "target")
    state = saved.read_saved(folder / "model")
    steps = (0 if state is None else state.about.steps) + 1
    killed = train(*sets, folder / "model", plan(steps))
    straight = train(*sets, folder / "straight", replace(plan(steps), save_every=10**6, backup_every=10**6))
    return steps, killed.weights_sha256 == straight.weights_sha256


def main() -> None:
    """Print the table."""
    from tests.synth.swaps import face_set  # noqa: PLC0415  (faces that the tests draw)

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--out", type=Path, help="where to train; by default a folder that goes afterwards")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.out or Path(scratch)
        for name in ("source", "target"):
            face_set(folder / name, name.capitalize())
        found = []
        for number, kill in enumerate(kills(folder, options.kills), start=1):
            found.append(kill)
            print(f"{number:3d}  saved {kill.told:4d}  holds {kill.held:4d}  left behind: {kill.left}", flush=True)
        steps, alike = finished_alike(folder)
    print(f"\n{len(found)} of {options.kills} kills left a whole state; none lost a step that had been saved")
    for left, count in Counter(kill.left for kill in found).most_common():
        print(f"  {count:3d} × left behind: {left}")
    print(
        f"after {steps} steps the weights are {'equal' if alike else 'NOT equal'} to those of a training without kills"
    )


if __name__ == "__main__":
    main()
