"""`facepulse faces`: sets of faces to train swaps on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.terminal import answers, native_notes_hidden, printable, progress_bar, say

if TYPE_CHECKING:
    from core.services.face_sets import Extraction, SetAbout

SET = click.argument("face_set", metavar="SET", type=click.Path(path_type=Path))
BY = click.option(
    "--by", type=click.Choice(["yaw", "pitch", "sharpness", "size", "time"]), default="yaw", show_default=True
)


@click.group()
def faces() -> None:
    """Make sets of aligned faces, tidy them, and record the consent of who is in them.

    Nothing is trained on a set without a consent on record: facepulse faces consent.
    """


@faces.command()
@click.argument("source", metavar="VIDEO|FOLDER", type=click.Path(path_type=Path))
@click.option("-o", "--out", metavar="SET", required=True, type=click.Path(path_type=Path), help="Folder of the set.")
@click.option("--type", "kind", type=click.Choice(["half", "full", "whole"]), default="full", show_default=True)
@click.option("--size", type=click.IntRange(96, 512), default=256, show_default=True, help="Side of the crops, pixels.")
@click.option("--every", type=click.IntRange(min=1), default=1, show_default=True, help="Take every n-th frame.")
@click.option("--person", type=click.IntRange(min=1), help="Which of several people, the most prominent is 1.")
@click.option("--like", type=click.Path(path_type=Path), help="Whose faces: a picture, a clip or a set of the person.")
@click.option("--min-face", type=click.FloatRange(min=24), default=64, show_default=True, help="Least size, pixels.")
@click.option("--min-sharpness", type=click.FloatRange(min=0), default=0, help="Least sharpness, as `sort` prints it.")
@click.option("--aligner", type=click.Choice(["mesh", "fan"]), default="mesh", show_default=True)
@click.option("--identify/--no-identify", default=True, help="Tell people apart, where the extra `identity` is there.")
@click.option("--add", is_flag=True, help="Add to the set that is there; its consent must then be recorded again.")
def extract(
    *,
    source: Path,
    out: Path,
    kind: str,
    size: int,
    every: int,
    person: int | None,
    like: Path | None,
    min_face: float,
    min_sharpness: float,
    aligner: str,
    identify: bool,
    add: bool,
) -> int:
    """Cut the faces of one person out of a video, or a folder of pictures and videos.

    Stopped at any moment, it leaves no half of a set.
    """
    from core.services import face_sets  # noqa: PLC0415  (loads OpenCV and the networks)
    from core.settings import read_settings  # noqa: PLC0415
    from core.types import FaceType  # noqa: PLC0415

    with progress_bar(source.name) as progress, native_notes_hidden():
        made = face_sets.extract(
            source,
            out,
            limits=read_settings().video,
            face_type=FaceType(kind),
            size_px=size,
            wanted=face_sets.Wanted(every, min_face, min_sharpness, person=person),
            aligner="fan" if aligner == "fan" else "mesh",
            like=like,
            identify=identify,
            add=add,
            progress=progress,
        )
    click.echo(_extracted(made, out))
    if identify and not face_sets.may_identify():
        say("People were not told apart: the extra `identity` is not installed. Look at the faces with `faces sheet`.")
    return 0


@faces.command()
@SET
@click.option("--person", help="Who is shown.")
@click.option("--how", help="How the consent was given, and where it can be found.")
@click.option("--scope", help="What it allows, with commas between: training, demos, discord.")
@click.option("--basis", type=click.Choice(["person", "rendered", "public_domain"]), default="person")
@click.option("--given", metavar="DATE", help="When it was given (2026-11-23); today, if it is not said.")
@click.option("--recorded-by", default="", help="Who writes this down.")
@click.option("--adult", is_flag=True, help="Declares that the person is of age: faces of minors are not used.")
def consent(
    *,
    face_set: Path,
    person: str | None,
    how: str | None,
    scope: str | None,
    basis: str,
    given: str | None,
    recorded_by: str,
    adult: bool,
) -> int:
    """Record who allowed what with the faces of a set; without options, print what is on record.

    Exit status without options: 0 a consent is on record and holds, 1 there is none.
    """
    from core.services import face_sets  # noqa: PLC0415
    from core.types import ConsentBasis, ConsentScope  # noqa: PLC0415

    if person is None and how is None and scope is None:
        known = face_sets.about(face_set)
        click.echo(_consent(known))
        return int(known.face_set.consent is None)
    if person is None or how is None or scope is None:
        raise click.UsageError("A consent needs --person, --how and --scope.")
    face_sets.record_consent(
        face_set,
        person=person,
        how=how,
        scope=[ConsentScope(_one_of(word.strip(), list(ConsentScope), "scope")) for word in scope.split(",")],
        basis=ConsentBasis(basis),
        adult=adult,
        given_at=None if given is None else _day(given),
        recorded_by=recorded_by,
    )
    click.echo(_consent(face_sets.about(face_set)))
    return 0


@faces.command()
@SET
def info(*, face_set: Path) -> int:
    """Print what is in a set, which turns of the head it lacks, and its consent."""
    from core.services import face_sets  # noqa: PLC0415

    known = face_sets.about(face_set)
    of = known.face_set
    click.echo(f"{len(of.faces)} {of.face_type} faces of {of.size_px} px from {known.sources} files; id {of.id}")
    click.echo(f"size in the frame {_range(known.face_px)} px")
    click.echo(f"yaw {_range(known.yaw_deg)}°, pitch {_range(known.pitch_deg)}° (half of the faces, and the middle)")
    click.echo(f"turns of the head that are missing: {known.missing or 'none of the common ones'}")
    click.echo(f"sorted out: {_counts(known.pruned) or 'nothing'}")
    click.echo(_consent(known))
    return 0


@faces.command()
@SET
@BY
def sort(*, face_set: Path, by: str) -> int:
    """Print the pictures of a set in an order, with what they are sorted by."""
    from core.services import face_sets  # noqa: PLC0415

    for name, value in face_sets.sorted_faces(face_set, by):
        click.echo(f"{name}  {value:8.2f}")
    return 0


@faces.command()
@SET
@click.option("--blurriest", metavar="SHARE", type=click.FloatRange(0, 1), help="This share of the faces, e.g. 0.05.")
@click.option("--min-sharpness", type=click.FloatRange(min=0), help="Faces below this, as `sort` prints it.")
@click.option("--max-yaw", metavar="DEGREES", type=click.FloatRange(min=0), help="Faces turned further to a side.")
@click.option("--max-pitch", metavar="DEGREES", type=click.FloatRange(min=0), help="Faces turned further up or down.")
@click.option("--min-face", metavar="PIXELS", type=click.FloatRange(min=0), help="Faces smaller in their frame.")
@click.option("--duplicates", is_flag=True, help="All but the sharpest of faces that are nearly the same.")
@click.option("--difference", type=click.FloatRange(0, 255), default=1.5, show_default=True, help="For --duplicates.")
@click.option("--others", is_flag=True, help="Everybody but the person with most faces (extra `identity`).")
@click.option("--try", "try_only", is_flag=True, help="Say what would go, and sort nothing out.")
def prune(
    *,
    face_set: Path,
    blurriest: float | None,
    min_sharpness: float | None,
    max_yaw: float | None,
    max_pitch: float | None,
    min_face: float | None,
    duplicates: bool,
    difference: float,
    others: bool,
    try_only: bool,
) -> int:
    """Sort out what does not belong in a set; `faces restore` takes it back."""
    from core.services import face_sets  # noqa: PLC0415

    tidying = face_sets.Tidying(
        min_sharpness, blurriest, max_yaw, max_pitch, min_face, difference if duplicates else None, others
    )
    if tidying == face_sets.Tidying():
        raise click.UsageError("Say what to sort out, for example --duplicates.")
    with answers() as printed:
        with progress_bar(face_set.name) as progress, native_notes_hidden():
            reasons = face_sets.prune(face_set, tidying, try_only=try_only, progress=progress)
        for name, reason in sorted(reasons.items()):
            print(f"{name}  {reason}", file=printed)
        done = "would be sorted out" if try_only else "sorted out"
        print(f"{len(reasons)} {done}; {len(face_sets.about(face_set).face_set.faces)} are in the set.", file=printed)
    return 0


@faces.command()
@SET
@click.argument("names", metavar="[PICTURE]...", nargs=-1)
def restore(*, face_set: Path, names: tuple[str, ...]) -> int:
    """Take back what was sorted out of a set: all of it, or the pictures named."""
    from core.services import face_sets  # noqa: PLC0415

    click.echo(f"{face_sets.restore(face_set, names or None)} faces are back in the set.")
    return 0


@faces.command()
@SET
@click.option("-o", "--out", metavar="OUT.png", required=True, type=click.Path(path_type=Path))
@BY
def sheet(*, face_set: Path, out: Path, by: str) -> int:
    """Draw the faces of a set in an order, and the turns of the head that it covers."""
    from core.report.output import write_files  # noqa: PLC0415
    from core.services import face_sets  # noqa: PLC0415

    write_files(out.parent, {out.name: face_sets.sheet_png(face_set, by)})
    click.echo(f"Wrote {printable(str(out))}.")
    return 0


def _extracted(made: Extraction, out: Path) -> str:
    left_out = _counts(made.left_out)
    return (
        f"{len(made.face_set.faces)} faces in {printable(str(out))}, from {made.frames} frames"
        + (f"; left out: {left_out}" if left_out else "")
        + f".\nBefore anything is trained on them: facepulse faces consent {printable(str(out))}"
    )


def _consent(known: SetAbout) -> str:
    record = known.face_set.consent
    if record is None:
        return "consent: none on record that holds for these pictures"
    by = f", recorded by {record.recorded_by}" if record.recorded_by else ""
    words = f"consent: {record.person} ({record.basis}) allows {', '.join(sorted(record.scope))}; {record.how}"
    return printable(f"{words}; given {record.given_at:%Y-%m-%d}{by}")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items(), key=lambda item: -item[1]))


def _range(quartiles: tuple[float, ...]) -> str:
    low, middle, high = quartiles
    return f"{low:z.0f} to {high:z.0f}, {middle:z.0f}"


def _one_of(word: str, words: list[str], name: str) -> str:
    if word not in words:
        raise click.UsageError(f"{word!r} is no {name}: there are {', '.join(words)}.")
    return word


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise click.UsageError(f"{text!r} is no date: write it as 2026-11-23.") from error
