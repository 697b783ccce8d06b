"""Who signs demos: a certificate of this computer, made once, or one's own.

Content Credentials need a chain: a certificate for signing, with the purpose "e-mail protection", "document signing"
or "C2PA claim signing", below one that vouches for it (C2PA specification 2.2, section 14.5). A chain made here is on
no list of trusted signers: it shows that a file was not changed since, not who stands behind it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from core.errors import LabelError

PURPOSES = (
    ExtendedKeyUsageOID.EMAIL_PROTECTION,
    ObjectIdentifier("1.3.6.1.5.5.7.3.36"),  # document signing, RFC 9336
    ObjectIdentifier("1.3.6.1.4.1.62558.2.1"),  # C2PA claim signing
)
VALID_FOR = timedelta(days=3650)
RENEW_BEFORE = timedelta(days=30)
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_FOLDER, _CHAIN_FILE, _KEY_FILE = "signing", "certificate.pem", "key.pem"


@dataclass(frozen=True, slots=True)
class Signer:
    """A chain and the private key of its first certificate, both PEM; `algorithm` as C2PA calls it, e.g. "es256"."""

    name: str
    algorithm: str
    chain_pem: bytes
    key_pem: bytes = field(repr=False)


def open_signer(data_dir: Path, certificate: Path | None = None, key: Path | None = None) -> Signer:
    """Return who signs demos: one's own certificate where both files are named, else that of this computer.

    Raises:
        LabelError: only one file is named, or they cannot be used; the sentence says why.
    """
    if certificate is None and key is None:
        return local_signer(data_dir)
    if certificate is None or key is None:
        raise LabelError("FACEPULSE_SIGNING_CERT and FACEPULSE_SIGNING_KEY are set together or not at all.")
    return own_signer(certificate, key)


def local_signer(data_dir: Path) -> Signer:
    """Return this computer's signer; at first use, and when it runs out, it is made and kept in `data_dir`/signing.

    The key can be read by its owner only; that of the certificate above it is thrown away at once.

    Raises:
        LabelError: it cannot be kept there.
    """
    folder = data_dir / _FOLDER
    try:
        kept = own_signer(folder / _CHAIN_FILE, folder / _KEY_FILE)
        if _leaf(kept.chain_pem).not_valid_after_utc - datetime.now(UTC) > RENEW_BEFORE:
            return kept
    except LabelError:
        pass  # none yet, or no longer of use: it is made anew
    chain, key = make_chain("Facepulse on this computer", datetime.now(UTC))
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(folder / _KEY_FILE, key)
        _write(folder / _CHAIN_FILE, chain)
    except OSError as error:
        raise LabelError("The certificate that signs demos cannot be kept in the data folder.") from error
    return own_signer(folder / _CHAIN_FILE, folder / _KEY_FILE)


def own_signer(certificate: Path, key: Path) -> Signer:
    """Return the signer of a PEM chain (its own certificate first) and an unencrypted PEM key.

    Raises:
        LabelError: a file cannot be read, or C2PA would not accept the certificate; the sentence says why.
    """
    chain_pem, key_pem = _read(certificate, "certificate"), _read(key, "key")
    try:
        chain = x509.load_pem_x509_certificates(chain_pem)
    except ValueError as error:
        raise LabelError("The signing certificate is not a chain of PEM certificates.") from error
    try:
        private = serialization.load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise LabelError("The signing key is not an unencrypted PEM private key.") from error
    algorithm = _algorithm(private)
    _require_usable(chain, private)
    return Signer(_name(chain[0]), algorithm, chain_pem, key_pem)


def make_chain(organisation: str, now: datetime) -> tuple[bytes, bytes]:
    """Return a new chain for signing claims (PEM, its own certificate first) and its private key (PEM, PKCS 8)."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, name = (_subject(organisation, common) for common in ("Facepulse root", "Facepulse demo signer"))
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    root = _draft(root_name, root_name, root_key, now, is_root=True)
    root = root.add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
    leaf = _draft(name, root_name, key, now, is_root=False)
    leaf = leaf.add_extension(x509.ExtendedKeyUsage([PURPOSES[0]]), critical=False)
    leaf = leaf.add_extension(above, critical=False)
    signed = (draft.sign(root_key, hashes.SHA256()) for draft in (leaf, root))
    chain = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in signed)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return chain, secret


def _require_usable(chain: list[x509.Certificate], private: PrivateKeyTypes) -> None:
    leaf, now = chain[0], datetime.now(UTC)
    if leaf.public_key() != private.public_key():
        raise LabelError("The signing key does not belong to the first certificate of the chain.")
    if any(not one.not_valid_before_utc <= now <= one.not_valid_after_utc for one in chain):
        raise LabelError("A certificate of the signing chain has run out or is not valid yet.")
    if leaf.issuer == leaf.subject:
        raise LabelError("The signing certificate vouches for itself; Content Credentials need one above it.")
    if not set(_purposes(leaf)) & set(PURPOSES):
        raise LabelError("The signing certificate is not made for signing e-mail, documents or C2PA claims.")
    try:
        for below, above in pairwise(chain):
            below.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise LabelError("The certificates of the signing chain do not vouch for each other in order.") from error


def _algorithm(private: PrivateKeyTypes) -> str:
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in _CURVES:
        return _CURVES[private.curve.name]
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(private, rsa.RSAPrivateKey) and private.key_size >= 2048:
        return "ps256"
    raise LabelError("The signing key is of a kind that Content Credentials do not take; use P-256, Ed25519 or RSA.")


def _purposes(leaf: x509.Certificate) -> list[ObjectIdentifier]:
    try:
        return list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except (x509.ExtensionNotFound, ValueError):
        return []


def _leaf(chain_pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificates(chain_pem)[0]


def _name(leaf: x509.Certificate) -> str:
    for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        for attribute in leaf.subject.get_attributes_for_oid(kind):
            return str(attribute.value)
    return "an unnamed signer"


def _draft(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, *, is_root: bool
) -> x509.CertificateBuilder:
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
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )


def _subject(organisation: str, common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LabelError(f"The signing {what} cannot be read.") from error


def _write(path: Path, content: bytes) -> None:
    """Replace a file by one that only its owner can read, at once."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    part.replace(path)
