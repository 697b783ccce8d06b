"""Provenance: what the file itself declares about how it was made.

Content Credentials (C2PA, signed) are read through c2pa-python, in a process of their own and offline: nothing is
fetched, whoever the file names.
Where there are none, the unsigned IPTC mark that generators write into XMP is looked for in the ends of the file.
What is found is a declaration: its absence says nothing, its presence is as good as the one who made it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import c2pa

from core.types import Clip, Evidence, Measurement
from core.video.credentials import CredentialsError, read_manifests
from core.video.credentials_child import OFFLINE

NO_CREDENTIALS = "the file carries no Content Credentials; that is usual and says nothing either way"
KEPT_ELSEWHERE = "the file names Content Credentials that are kept elsewhere; they were not fetched"
DAMAGED_CREDENTIALS = "the file's Content Credentials are damaged and cannot be read"
SCANNED_BYTES = 2 << 20
"""How much of each end of a file is searched for XMP."""
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
"""Where IPTC's terms for how something was made begin."""
DEMO_ASSERTION = "app.facepulse.demo"
"""The label of what Facepulse itself states in the credentials of its demos."""
MAX_DEPTH = 12
MAX_INGREDIENTS = 64

# Terms of IPTC's "Digital Source Type" NewsCodes and C2PA's addition to them, as declarations in words.
SYNTHETIC_SOURCES = {
    "trainedAlgorithmicMedia": "it was made by a generative AI model",
    "compositeWithTrainedAlgorithmicMedia": "parts of it were made by a generative AI model",
    "trainedAlgorithmicData": "it was made by an AI model",
    "compositeSynthetic": "it contains synthetic elements",
}
OTHER_SOURCES = {
    "digitalCapture": "it was filmed by a camera",
    "computationalCapture": "it was filmed by a camera and computed from several exposures",
    "compositeCapture": "it was put together from filmed material",
    "screenCapture": "it is a recording of a screen",
    "humanEdits": "it was edited by a person",
    "algorithmicallyEnhanced": "it was enhanced by an algorithm",
    "algorithmicMedia": "it was made by an algorithm without training data",
    "virtualRecording": "it was recorded in a virtual world",
    "digitalCreation": "it was made by a person with digital tools",
}

_XMP_MARK = re.compile(
    rb"DigitalSourceType.{0,80}?https?://cv\.iptc\.org/newscodes/digitalsourcetype/(\w{1,60})", re.DOTALL
)
_DEMO_ID = re.compile(r"[0-9a-f]{8}\Z")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a file's Content Credentials say: `sources` are terms such as "digitalCapture", those of ingredients too.

    `intact`: the signature holds and the file was not changed after signing. `trusted`: the signer is on a trust list;
    none is built in, so this is False unless the library is given one. `demo_id` is that of a Facepulse demo.
    """

    signer: str
    maker: str | None
    sources: tuple[str, ...]
    ingredient_sources: tuple[str, ...]
    intact: bool
    trusted: bool
    demo_id: str | None = None


class UnreadableCredentialsError(Exception):
    """There are Content Credentials in the file (or named by it), but they cannot be read; says why in words."""


class ProvenanceDetector:
    """Reports what a file declares about itself; never scores."""

    name = "provenance"
    version = "2"

    def examine(self, clip: Clip) -> Evidence:
        """Return what the file at `clip.path` declares."""
        try:
            credentials = read_credentials(clip.path)
        except UnreadableCredentialsError as error:
            return self._evidence(present=1.0, intact=0.0, abstained_because=str(error))
        if credentials is None:
            return self._unsigned(clip.path)
        return self._signed(credentials)

    def _signed(self, found: Credentials) -> Evidence:
        declared = _declarations(found)
        synthetic = any(source in SYNTHETIC_SOURCES for source in (*found.sources, *found.ingredient_sources))
        by = f"The file's Content Credentials, signed by {found.signer}"
        made_with = f" with {found.maker}" if found.maker else ""
        if not found.intact:
            why = "the seal of the file's Content Credentials is broken: the file was changed after it was signed"
            said = [f"{by}, declared that {words}, but their seal is broken." for words in declared]
            return self._evidence(present=1.0, intact=0.0, abstained_because=why, findings=tuple(said))
        findings = [f"{by}{made_with}, declare that {words}; a declaration, not a proof." for words in declared]
        if not declared:
            findings = [f"{by}{made_with}, hold, and declare nothing about how it was made."]
        if found.demo_id is not None:
            findings.append(f"{by}, name it as Facepulse's face-swap demo {found.demo_id}.")
        if not found.trusted:
            findings.append(f"Who {found.signer} is was not checked against a list of known signers.")
        return self._evidence(
            present=1.0, intact=1.0, trusted=float(found.trusted), findings=tuple(findings), synthetic=synthetic
        )

    def _unsigned(self, path: Path) -> Evidence:
        marks = [term for term in xmp_sources(path) if term in SYNTHETIC_SOURCES]
        findings = tuple(
            f"The file's metadata declares that {SYNTHETIC_SOURCES[term]}; the mark is unsigned, anyone can write it."
            for term in marks
        )
        return self._evidence(
            abstained_because=None if marks else NO_CREDENTIALS, findings=findings, synthetic=bool(marks)
        )

    def _evidence(
        self,
        *,
        present: float = 0.0,
        intact: float | None = None,
        trusted: float | None = None,
        abstained_because: str | None = None,
        findings: tuple[str, ...] = (),
        synthetic: bool = False,
    ) -> Evidence:
        return Evidence(
            detector=self.name,
            version=self.version,
            track=None,
            fake_score=None,
            quality=1.0 if abstained_because is None else 0.0,
            measurements=(
                Measurement("credentials_present", present, ""),
                Measurement("seal_intact", intact, ""),
                Measurement("signer_trusted", trusted, ""),
            ),
            abstained_because=abstained_because,
            findings=findings,
            declares_synthetic=synthetic,
        )


def read_credentials(path: Path) -> Credentials | None:
    """Return the Content Credentials in the file at `path`, None where there are none (or its format has none).

    Raises:
        UnreadableCredentialsError: there are some, but they are damaged or kept elsewhere.
    """
    try:
        manifests = read_manifests(path)
        if manifests is None:
            return None
        store = json.loads(manifests)
    except (CredentialsError, RecursionError, ValueError) as error:
        if "remote manifest" in str(error):
            raise UnreadableCredentialsError(KEPT_ELSEWHERE) from error
        if _holds_credentials(path):
            raise UnreadableCredentialsError(DAMAGED_CREDENTIALS) from error
        return None
    try:
        return _from_store(store)
    except (AttributeError, LookupError, TypeError) as error:  # a manifest of another shape than the standard's
        raise UnreadableCredentialsError(DAMAGED_CREDENTIALS) from error


def xmp_sources(path: Path) -> tuple[str, ...]:
    """Return the IPTC digital source types that are written in the first and last `SCANNED_BYTES` of a file."""
    found = (match.group(1).decode() for end in _ends(path) for match in _XMP_MARK.finditer(end))
    return tuple(dict.fromkeys(found))


@cache
def offline_context() -> Any:
    """Return how c2pa is to work: without fetching anything, whatever a file names."""
    return c2pa.Context.from_dict(OFFLINE)


def _holds_credentials(path: Path) -> bool:
    """Whether a manifest's label is near either end of a file that c2pa could not read at all."""
    return any(b"jumdc2pa" in end or b"c2pa.signature" in end for end in _ends(path))


def _ends(path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    with path.open("rb") as file:
        yield file.read(SCANNED_BYTES)
        if size > SCANNED_BYTES:
            file.seek(max(SCANNED_BYTES, size - SCANNED_BYTES))
            yield file.read(SCANNED_BYTES)


def _from_store(store: dict[str, Any]) -> Credentials:
    manifests = store.get("manifests") or {}
    active = manifests.get(store.get("active_manifest")) or {}
    signature = active.get("signature_info") or {}
    generators = active.get("claim_generator_info") or [{}]
    state = store.get("validation_state")
    return Credentials(
        signer=_printable(signature.get("issuer") or signature.get("common_name")) or "an unnamed signer",
        maker=_printable(generators[0].get("name")),
        sources=tuple(dict.fromkeys(_sources(active.get("assertions")))),
        ingredient_sources=tuple(dict.fromkeys(_ingredient_sources(manifests, active))),
        intact=state in {"Valid", "Trusted"},
        trusted=state == "Trusted",
        demo_id=_demo_id(active.get("assertions")),
    )


def _demo_id(assertions: Any) -> str | None:
    """The id in what Facepulse states about a demo of its own."""
    for assertion in assertions or []:
        if assertion.get("label") == DEMO_ASSERTION:
            demo_id = str((assertion.get("data") or {}).get("demo_id"))
            return demo_id if _DEMO_ID.match(demo_id) else None
    return None


def _ingredient_sources(manifests: dict[str, Any], active: dict[str, Any]) -> Iterator[str]:
    """Yield the source types of everything that went into the clip, through all generations."""
    waiting, seen = [active], 0
    known: set[str] = set()
    while waiting and seen < MAX_INGREDIENTS:
        for ingredient in waiting.pop().get("ingredients") or []:
            label = ingredient.get("active_manifest")
            if ingredient.get("relationship") == "inputTo" or label in known or label not in manifests:
                continue  # what was only an input (a prompt picture) need not be seen in the clip
            known.add(label)
            seen += 1
            yield from _sources(manifests[label].get("assertions"))
            waiting.append(manifests[label])


def _sources(node: Any, depth: int = 0) -> Iterator[str]:
    """Yield the last part of every digital source type below `node`."""
    if depth > MAX_DEPTH:
        return
    if isinstance(node, dict):
        for key, value in node.items():
            if key.lower().endswith("digitalsourcetype") and isinstance(value, str):
                yield value.rstrip("/").rsplit("/", 1)[-1]
            else:
                yield from _sources(value, depth + 1)
    elif isinstance(node, list):
        for value in node:
            yield from _sources(value, depth + 1)


def _declarations(found: Credentials) -> list[str]:
    words = {**OTHER_SOURCES, **SYNTHETIC_SOURCES}
    own = [words[source] for source in found.sources if source in words]
    of_parts = [
        f"of what went into it, {SYNTHETIC_SOURCES[source].replace('it was', 'something was')}"
        for source in found.ingredient_sources
        if source in SYNTHETIC_SOURCES and source not in found.sources
    ]
    return own + of_parts


def _printable(text: object, limit: int = 80) -> str | None:
    """Return text from a file without control characters and not longer than `limit`; None where nothing is left."""
    kept = "".join(character for character in str(text or "") if character.isprintable()).strip()
    return (kept if len(kept) <= limit else kept[: limit - 1] + "…") or None
