"""Who allowed what with their face: a record in the set, without which nothing is trained, made or shown.

What a record says is what whoever wrote it declares; nothing here can see whether it is true. A record holds for the
pictures that were there: once others are added or taken back, it has to be recorded again, and in another set it says
nothing.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import ConsentError, FaceSetError
from core.swap.set_files import Contents, read_contents, replace_file, set_sha256
from core.types import ConsentBasis, ConsentRecord, ConsentScope, FaceSet

CONSENT = "consent.json"
FORMAT = 1
SCOPE_WORDS = {
    ConsentScope.TRAINING: "that a network is trained on their face",
    ConsentScope.DEMOS: "that demos are made with their face",
    ConsentScope.DISCORD: "that demos with their face are shown in Discord",
}


def require_consent(face_set: FaceSet, scope: ConsentScope) -> ConsentRecord:
    """Return the consent of the person in a set, which allows `scope`.

    Raises:
        ConsentError: it does not, or there is none; the sentence says what to do.
    """
    record = face_set.consent
    if record is None:
        ask = f"record it with `facepulse faces consent {face_set.path}`"
        if (face_set.path / CONSENT).is_file():
            raise ConsentError(
                f"The consent in {face_set.path} is not for the pictures that are there now; {ask} again."
            )
        raise ConsentError(f"No consent is on record for the faces in {face_set.path}; {ask}.")
    require_allowed(record, scope)
    return record


def require_allowed(record: ConsentRecord, scope: ConsentScope) -> None:
    """Let nothing be done with somebody's face that they did not allow.

    Raises:
        ConsentError: the record does not hold for `scope`.
    """
    if not record.allows(scope):
        raise ConsentError(f"{record.person} did not allow {SCOPE_WORDS[scope]}.")


def read_consent(path: Path, contents: Contents | None = None) -> ConsentRecord | None:
    """Return the consent recorded in a set's folder; None where there is none.

    Args:
        path: the folder.
        contents: what the set holds; a record of another set, or from before one of its pictures was added or taken
            back, counts as none.

    Raises:
        ConsentError: the record cannot be read.
    """
    try:
        content = (path / CONSENT).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _unreadable(path) from error
    try:
        values = json.loads(content)
        record = record_of(values)
        return record if contents is None or _holds(values, contents) else None
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(path) from error


def _holds(values: dict[str, Any], contents: Contents) -> bool:
    """Whether a record was made in this set, and all of its faces were in it then."""
    absent = set(values["without"])
    is_same = values["generation"] == contents.generation and values.get("pictures") == _pictures(contents)
    return bool(is_same) and not any(face.name in absent for face in contents.faces)


def _pictures(contents: Contents) -> str:
    """The sha256 over all pictures of a set, sorted out or not: no record that was made for others has it."""
    return set_sha256(tuple(row.face for row in contents.rows))


def write_consent(path: Path, record: ConsentRecord) -> None:
    """Record a consent in the set in folder `path`, in place of an earlier one.

    Raises:
        FaceSetError: there is no set there, or it cannot be written.
    """
    contents = read_contents(path)
    values = {
        "format": FORMAT,
        **as_json(record),
        "recorded_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "generation": contents.generation,
        "pictures": _pictures(contents),
        "without": [row.face.name for row in contents.rows if row.pruned is not None],
    }
    try:
        replace_file(path / CONSENT, json.dumps(values, indent=2, ensure_ascii=False).encode() + b"\n")
    except OSError as error:
        raise FaceSetError(f"The consent cannot be written into {path}.") from error


def as_json(record: ConsentRecord) -> dict[str, Any]:
    """Return a record as JSON has it."""
    return {
        "person": record.person,
        "how": record.how,
        "given_at": record.given_at.isoformat(),
        "scope": sorted(record.scope),
        "basis": record.basis.value,
        "adult": record.adult,
        "recorded_by": record.recorded_by,
    }


def record_of(values: dict[str, Any]) -> ConsentRecord:
    """Return the record that JSON has; the inverse of `as_json`.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    if values["adult"] is not True:
        raise ValueError("faces of minors are not used")
    return ConsentRecord(
        person=str(values["person"]),
        how=str(values["how"]),
        given_at=datetime.fromisoformat(values["given_at"]),
        scope=frozenset(ConsentScope(name) for name in values["scope"]),
        basis=ConsentBasis(values["basis"]),
        recorded_by=str(values["recorded_by"]),
    )


def _unreadable(path: Path) -> ConsentError:
    return ConsentError(
        f"The consent record in {path} cannot be read; record it again with `facepulse faces consent {path}`."
    )
