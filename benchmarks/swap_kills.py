"""Kill a training of a swap while it saves, over and over, and look whether it goes on each time.

    python -m benchmarks.swap_kills [--kills 50] [--out DIR]

Faces are drawn, so anyone can run it. A child trains, saves after every step, and says when a save begins and ends; the
parent ends it with SIGKILL when a random share of a save has passed: files half written, a folder not renamed, the
pointer not replaced. After each kill the state that holds must be whole (every sha256), and not older than the last one
that the child said to have saved; at the end the training is finished, and its weights must be byte for byte those of a
training that nobody killed.
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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.swap import saved
from core.swap.augment import Recipe
from core.swap.face_set import load_face_set
from core.swap.presets import Plan
from core.swap.training import train
from models.swap_autoencoder import SwapShape
from models.train.swap import SwapConfig

SAVES_BETWEEN = 3
BEGINS = "begins"
CHILD = "from benchmarks.swap_kills import child; import sys; child(*sys.argv[1:])"


@dataclass(frozen=True, slots=True)
class Kill:
    """What one kill came upon: the last step that was told to be saved, the one that is, and what lay about.

    `within` says whether the child had begun a save that it had not ended.
    """

    told: int
    held: int
    within: bool
    left: str


def plan(iterations: int) -> Plan:
    """Return a plan that saves after every step, with files of a few megabytes."""
    return Plan(
        SwapShape("df", 64, 24, 96, 24, 6),
        SwapConfig(precision="float32"),
        Recipe(faces=2),
        iterations=iterations,
        save_every=1,
        preview_every=10**9,
        backup_every=3,
        backups=2,
    )


def child(source: str, target: str, model: str, iterations: str) -> None:
    """Train; write a line when a save begins, and the number of its step when it has ended."""
    original = saved.save

    def announced(folder: Path, values: Mapping[str, Any], *args: Any, **more: Any) -> Path:
        _say(BEGINS)
        place = original(folder, values, *args, **more)
        _say(str(values["steps"]))
        return place

    saved.save = announced
    train(load_face_set(Path(source)), load_face_set(Path(target)), Path(model), plan(int(iterations)))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def kills(folder: Path, count: int, seed: int = 0) -> Iterator[Kill]:
    """Yield what each of `count` kills came upon; sets are in `folder`, the swap goes to `folder`/model.

    Raises:
        RuntimeError: a state was lost or is not whole.
    """
    chance = random.Random(seed)
    model = folder / "model"
    for _ in range(count):
        told, within = _killed(folder, model, chance)
        left = ", ".join(sorted({_kind(path) for path in model.rglob("*") if ".part" in path.name})) or "nothing"
        state = saved.read_saved(model)
        if state is None:
            raise RuntimeError("no state was left")
        for name in (saved.WEIGHTS, saved.TRAINING):
            state.content(name)
        if state.about.steps < told:
            raise RuntimeError(f"{told} steps had been saved and {state.about.steps} are left")
        yield Kill(told, state.about.steps, within, left)


def _killed(folder: Path, model: Path, chance: random.Random) -> tuple[int, bool]:
    """Let a child save a few times, end it in the middle of the next one; return what it told, and if it was within."""
    before = saved.read_saved(model)
    goal = (0 if before is None else before.about.steps) + 10_000
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder / "source"), str(folder / "target"), str(model), str(goal)],
        stdout=subprocess.PIPE,
        text=True,
    )
    lines: list[str] = []
    took: list[float] = []
    began = 0.0
    try:
        for line in process.stdout or ():
            lines.append(line.strip())
            if lines[-1] != BEGINS:
                took.append(time.perf_counter() - began)
                continue
            began = time.perf_counter()
            if len(took) >= SAVES_BETWEEN:
                time.sleep(chance.random() * min(took))
                break
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate()
        lines += rest.split()
    finally:
        process.kill()
        process.wait()
    ended = [int(line) for line in lines if line != BEGINS]
    return max(ended, default=0), lines.count(BEGINS) > len(ended)


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
            where = "within a save" if kill.within else "just after one"
            told = f"{number:3d}  killed {where}, told {kill.told:4d}, holds {kill.held:4d}"
            print(f"{told}, left behind: {kill.left}", flush=True)
        steps, alike = finished_alike(folder)
    within = sum(kill.within for kill in found)
    print(f"\n{len(found)} of {options.kills} kills, {within} of them within a save, left a whole state")
    print(f"  none lost a step that had been saved; {sum(k.held > k.told for k in found)} held one more than was told")
    for left, count in Counter(kill.left for kill in found).most_common():
        print(f"  {count:3d} × left behind: {left}")
    print(
        f"after {steps} steps the weights are {'equal' if alike else 'NOT equal'} to those of a training without kills"
    )


if __name__ == "__main__":
    main()
