"""Content Credentials for synthetic clips, signed with a certificate made on the spot and thrown away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
INGREDIENT = "part"


def created(source: str) -> dict[str, Any]:
    """The action that makes a clip, with its digital source type, e.g. "trainedAlgorithmicMedia"."""
    return {"action": "c2pa.created", "digitalSourceType": IPTC + source}


def using_ingredient(relationship: str) -> list[dict[str, Any]]:
    """The actions that C2PA wants for an ingredient: "parentOf", "componentOf" or "inputTo"."""
    uses: dict[str, Any] = {"parameters": {"ingredientIds": [INGREDIENT]}}
    if relationship == "parentOf":
        return [{"action": "c2pa.opened", **uses}]
    if relationship == "inputTo":
        return [created("digitalCapture") | uses]
    return [created("digitalCapture"), {"action": "c2pa.placed", **uses}]


def sign_clip(
    unsigned: Path,
    signed: Path,
    *actions: dict[str, Any],
    organisation: str = "Example Studio",
    maker: str = "Example Maker",
    ingredient: Path | None = None,
    relationship: str = "componentOf",
    remote_url: str | None = None,
) -> Path:
    """Write `unsigned` with a signed manifest to `signed`; with `remote_url` the manifest is only pointed to."""
    manifest = {
        "claim_generator_info": [{"name": maker, "version": "1"}],
        "title": "a clip",
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": list(actions)}}],
    }
    chain, key = _certificate(organisation)
    info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=key, ta_url=None)
    with c2pa.Builder(manifest) as builder, c2pa.Signer.from_info(info) as signer:
        if ingredient is not None:
            with ingredient.open("rb") as source:
                described = {"title": "a part", "relationship": relationship, "label": INGREDIENT}
                builder.add_ingredient(described, "video/mp4", source)
        if remote_url is not None:
            builder.set_remote_url(remote_url)
            builder.set_no_embed()
        with unsigned.open("rb") as source, signed.open("w+b") as target:
            builder.sign(signer, "video/mp4", source, target)
    return signed


@cache
def _certificate(organisation: str) -> tuple[bytes, bytes]:
    """A certificate chain and the private key of its end, PEM, fit for signing claims (ES256)."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, name = _name(organisation, "Root"), _name(organisation, "Signer")
    root = _draft(root_name, root_name, root_key, is_root=True)
    root = root.add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
    end = _draft(name, root_name, key, is_root=False)
    end = end.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    end = end.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
    chain = b"".join(
        draft.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) for draft in (end, root)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return chain, private


def _draft(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, is_root: bool
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=not is_root, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=is_root, crl_sign=is_root, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )


def _name(organisation: str, common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )
