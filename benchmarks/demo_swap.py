"""A face swap from nothing to a labelled video, with two portraits in the public domain: `make demo-swap`.

Both are filmed as puppets, cut to face sets with their consent records, a small network is trained, a clip that no
training saw is merged and labelled, the label is read back and the detector is asked. Stopped at any moment, the next
call goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from core.errors import FacepulseError
from core.faces.models import FaceModels, load_face_models
from core.services import face_sets
from core.services.face_sets import Wanted
from core.settings import Settings, VideoLimits
from core.swap.metadata import append_xmp
from core.swap.presets import Plan, changed, preset
from core.swap.public_faces import PUBLIC_FACES
from core.swap.puppet import film
from core.swap.set_files import is_face_set
from core.types import ConsentBasis, ConsentScope, FaceType
from core.video.encode import write_video

SOURCE, TARGET = "collins", "hopper"
LEARNED_S, FRESH_S = 40.0, 8.0
LEARNED_SEED = {"collins": 21, "hopper": 22}
FRESH_SEED = 3
"""Motion of the clip that is merged: neither of those that the network learned from."""
LEARNED_RATE, FRESH_RATE = Fraction(25, 2), Fraction(25)
SET_PX, CLIP_PX = 160, 480
ITERATIONS = 4000
PUPPET = "compositeSynthetic"
"""IPTC's term for what is mixed of elements of which at least one was made synthetically."""
WARP_HALF = 400
"""So few iterations leave no time for a warp that shrinks as slowly as the preset's."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything of one demo lies."""

    root: Path

    def clip(self, name: str) -> Path:
        """The clip that a person's faces are taken from."""
        return self.root / f"{name}.mp4"

    def face_set(self, name: str) -> Path:
        """A person's face set."""
        return self.root / f"faces-{name}"

    def sheet(self, name: str) -> Path:
        """A picture of a person's face set."""
        return self.root / f"faces-{name}.png"

    @property
    def model(self) -> Path:
        """The trained swap."""
        return self.root / "model"

    @property
    def fresh(self) -> Path:
        """The clip of the source that no training saw."""
        return self.root / f"{SOURCE}-fresh.mp4"

    @property
    def demo(self) -> Path:
        """The labelled video."""
        return self.root / "demo.mp4"

    @property
    def strip(self) -> Path:
        """A few frames of it: as filmed above, as shown below."""
        return self.root / "strip.png"

    @property
    def poses(self) -> Path:
        """Which turns of the head were swapped."""
        return self.root / "poses.png"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo and say where everything lies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/demo-swap"), help="its folder (default: %(default)s)")
    parser.add_argument("--iterations", type=int, default=ITERATIONS, help="how long to train (default: %(default)s)")
    wanted = parser.parse_args(arguments)
    try:
        run(Places(wanted.out), wanted.iterations)
    except FacepulseError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the same command goes on from here.", file=sys.stderr)
        return 130
    return 0


def run(places: Places, iterations: int) -> None:
    """Make what is not there yet, step by step.

    Raises:
        FacepulseError: something cannot be made; the sentence says what.
    """
    places.root.mkdir(parents=True, exist_ok=True)
    models = load_face_models()
    for name in (SOURCE, TARGET):
        with _step(f"Filming {PUBLIC_FACES[name].person} and cutting out the faces"):
            ready_set(places, name, models)
    with _step(f"Training for {iterations} iterations"):
        trained(places, demo_plan(iterations))
    with _step("Filming a new clip and swapping the face in it"):
        filmed(places.fresh, SOURCE, FRESH_SEED, FRESH_S, FRESH_RATE, models)
        demo_id = made(places)
    with _step("Asking the detector"):
        asked(places.demo, demo_id)
    print(f"""
The demo:             {places.demo}
A strip of it:        {places.strip}
Turns of the head:    {places.poses}
How training went:    {places.model / "preview.png"}
The face sets:        {places.sheet(SOURCE)}, {places.sheet(TARGET)}""")


def demo_plan(iterations: int = ITERATIONS) -> Plan:
    """Return the plan of a training that two processor cores make in ten minutes."""
    return changed(
        preset("quick"),
        {"iterations": iterations, "warp_half": WARP_HALF, "save_every_s": 30.0, "preview_every": 250},
    )


def filmed(path: Path, name: str, seed: int, duration_s: float, rate: Fraction, models: FaceModels) -> Path:
    """Return a clip of a public face, filmed if it is not there; its file says that the face was only a photograph."""
    if not path.exists():
        part = path.with_name(f"part-{path.name}")
        frames = film(
            PUBLIC_FACES[name].read(), seed=seed, duration_s=duration_s, rate=rate, size_px=CLIP_PX, models=models
        )
        title = f"A photograph of {PUBLIC_FACES[name].person}, moved by a program"
        write_video(part, frames, crf=18, preset="veryfast", rate=rate, metadata={"title": title})
        append_xmp(part, title, None, PUPPET)
        part.replace(path)
    return path


def ready_set(places: Places, name: str, models: FaceModels) -> None:
    """Make the face set of a public face with its consent record and sheet, as far as they are not there."""
    clip, folder = places.clip(name), places.face_set(name)
    filmed(clip, name, LEARNED_SEED[name], LEARNED_S, LEARNED_RATE, models)
    if not is_face_set(folder):
        face_sets.extract(
            clip, folder, limits=VideoLimits(), face_type=FaceType.FULL, size_px=SET_PX, wanted=Wanted(),
            aligner="mesh", like=None, identify=False, add=False, progress=lambda _: None,
        )  # fmt: skip
    if face_sets.about(folder).face_set.consent is None:
        record_public_domain(folder, name)
    if not places.sheet(name).exists():
        places.sheet(name).write_bytes(face_sets.sheet_png(folder, "yaw"))


def record_public_domain(folder: Path, name: str) -> None:
    """Record why anybody may use this portrait."""
    face = PUBLIC_FACES[name]
    face_sets.record_consent(
        folder, person=face.person, how=face.licence, scope=tuple(ConsentScope), basis=ConsentBasis.PUBLIC_DOMAIN,
        adult=True, given_at=None, recorded_by="make demo-swap",
    )  # fmt: skip


def trained(places: Places, plan: Plan) -> None:
    """Train until the plan's iterations are made, in this call or in earlier ones."""
    from core.services.swap_training import train_swap  # noqa: PLC0415  (imports PyTorch)

    line = _Line()
    train_swap(
        places.face_set(SOURCE),
        places.face_set(TARGET),
        places.model,
        plan,
        progress=lambda step: line.say(
            f"  {step.number}/{step.of}  {step.per_s:.1f} a second  "
            f"losses {step.losses.source:.3f} and {step.losses.target:.3f}"
        ),
        stop=lambda: False,
    )
    line.end()


def made(places: Places) -> str:
    """Return the id of the demo, which is merged, labelled and read back if it is not there."""
    from core.services.demo_options import DemoOptions  # noqa: PLC0415  (loads the whole studio)
    from core.services.demos_made import make_demo  # noqa: PLC0415
    from core.swap.label import read_marks  # noqa: PLC0415

    if not places.demo.exists():
        options = DemoOptions(preview=places.strip, coverage=places.poses)
        settings = Settings(data_dir=places.root)
        make_demo(places.model, places.fresh, places.demo, options, made_by="make demo-swap", settings=settings)
    ids = read_marks(places.demo).demo_ids
    if len(ids) != 1:
        raise FacepulseError(f"The label of {places.demo} cannot be read any more; delete the file and try again.")
    print(f"  demo {ids[0]}: " + " ".join(read_marks(places.demo).sentences()))
    return ids[0]


def asked(demo: Path, demo_id: str) -> None:
    """Say what the detector says of the demo.

    Raises:
        FacepulseError: it does not see that the clip says of itself that it is synthetic, and by which demo.
    """
    from core.pipeline import analyse  # noqa: PLC0415  (loads every detector)

    verdict = analyse(demo, VideoLimits()).report.verdict
    declared = [reason for reason in verdict.reasons if demo_id in reason]
    print(f"  {verdict.label.value}: {' '.join(declared)}")
    if verdict.label.value != "declared_synthetic" or not declared:
        raise FacepulseError("The detector does not recognise the demo by its label.")


@contextmanager
def _step(what: str) -> Iterator[None]:
    print(f"{what}…", flush=True)
    began = time.monotonic()
    yield
    print(f"  {time.monotonic() - began:.0f} s", flush=True)


class _Line:
    """A line on the terminal that is written over, at most twice a second; in a file only every half minute."""

    def __init__(self) -> None:
        self._own = sys.stdout.isatty()
        self._pause_s, self._last_s = 0.5 if self._own else 30.0, -1e9

    def say(self, text: str) -> None:
        now = time.monotonic()
        if now - self._last_s >= self._pause_s:
            self._last_s = now
            print(text, end="\r" if self._own else "\n", flush=True)

    def end(self) -> None:
        if self._own:
            print()


if __name__ == "__main__":
    sys.exit(main())
