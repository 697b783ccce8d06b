"""Content Credentials of a demo: a signed statement inside the file of what it is and what it was made from.

The names of persons stay out of it, unless nobody is shown or the picture is in the public domain; who made a demo is
in the log, by its id.
"""

from __future__ import annotations

import logging
from datetime import UTC
from pathlib import Path
from typing import Any

import c2pa

from core.detectors.provenance import DEMO_ASSERTION, SOURCE_TYPES, offline_context
from core.errors import ClipError, LabelError
from core.swap.certificate import Signer
from core.swap.metadata import COMPOSITE
from core.types import ConsentBasis, Provenance
from core.versions import release
from core.video.containers import HEAD_BYTES, demuxer_for

logger = logging.getLogger(__name__)

DECLARED = COMPOSITE
_DRIVER = "driver"
_MAKER = "Facepulse"


def sign(unsigned: Path, signed: Path, provenance: Provenance, signer: Signer, driver: Path | None = None) -> Path:
    """Write the MP4 `unsigned` with its signed manifest to `signed` and return that.

    Args:
        unsigned: a finished MP4; it stays as it is.
        signed: where the signed one goes.
        provenance: what is stated.
        signer: who signs.
        driver: the clip whose performance is kept: it becomes the parent, with the credentials that it has itself.

    Raises:
        LabelError: it cannot be signed.
        OSError: a file cannot be read or written.
    """
    info = c2pa.C2paSignerInfo(
        alg=signer.algorithm.encode(), sign_cert=signer.chain_pem, private_key=signer.key_pem, ta_url=None
    )
    try:
        with (
            c2pa.Signer.from_info(info) as seal,
            _builder(provenance, driver) as builder,
            unsigned.open("rb") as source,
            signed.open("w+b") as target,
        ):
            builder.sign(seal, "video/mp4", source, target)
    except c2pa.C2paError as error:
        raise LabelError("The video cannot be signed with this certificate, so it was not kept.") from error
    return signed


def manifest(provenance: Provenance, *, has_driver: bool) -> dict[str, Any]:
    """Return what is signed: the actions, and Facepulse's own statement on the demo."""
    return {
        "claim_generator_info": [{"name": _MAKER, "version": release()}],
        "title": title(provenance.demo_id),
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": _actions(provenance, has_driver)}},
            {"label": DEMO_ASSERTION, "data": statement(provenance)},
        ],
    }


def title(demo_id: str) -> str:
    """Return what the file is called in its credentials and container."""
    return f"AI-made face swap, demo {demo_id}"


def statement(provenance: Provenance) -> dict[str, Any]:
    """Return the demo's own record: ids of network and face sets, the consent's basis, marks that were there before."""
    swap, consent = provenance.swap, provenance.swap.target_consent
    person = {} if consent.basis is ConsentBasis.PERSON else {"person": consent.person}
    return {
        "demo_id": provenance.demo_id,
        "made_at": provenance.made_at.astimezone(UTC).isoformat(timespec="seconds"),
        "driver_sha256": provenance.driver_sha256,
        "network": {
            "sha256": swap.weights_sha256, "architecture": swap.architecture, "steps": swap.steps,
            "source_set": swap.source_id, "target_set": swap.target_id,
        },
        "consent": {"basis": consent.basis.value, "scope": sorted(s.value for s in consent.scope), **person},
        "marks_of_the_driver": list(provenance.existing_marks),
    }  # fmt: skip


def _actions(provenance: Provenance, has_driver: bool) -> list[dict[str, Any]]:
    when = provenance.made_at.astimezone(UTC).isoformat(timespec="seconds")
    agent = {"name": _MAKER, "version": release()}
    made = {
        "when": when,
        "softwareAgent": agent,
        "digitalSourceType": SOURCE_TYPES + DECLARED,
        "description": "A face was replaced by one that a trained network drew.",
    }
    marked = {"action": "c2pa.watermarked.unbound", "when": when, "softwareAgent": agent}
    if not has_driver:
        return [{"action": "c2pa.created", **made}, marked]
    opened = {"action": "c2pa.opened", "when": when, "parameters": {"ingredientIds": [_DRIVER]}}
    return [opened, {"action": "c2pa.edited", **made}, marked]


def _builder(provenance: Provenance, driver: Path | None) -> Any:
    """A builder with the driver as its parent, where its format is one that credentials know."""
    if driver is not None:
        builder = c2pa.Builder(manifest(provenance, has_driver=True), context=offline_context())
        described = {"title": "the clip whose performance is kept", "relationship": "parentOf", "label": _DRIVER}
        try:
            with driver.open("rb") as source:
                builder.add_ingredient(described, _mime(source.read(HEAD_BYTES)), source)
            return builder
        except (c2pa.C2paError, ClipError) as error:
            builder.close()
            logger.info("the driver clip cannot be named as a parent: %s", error)
    return c2pa.Builder(manifest(provenance, has_driver=False), context=offline_context())


def _mime(head: bytes) -> str:
    return {"avi": "video/avi"}.get(demuxer_for(head), "video/mp4")
