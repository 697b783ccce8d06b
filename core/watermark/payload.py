"""What the hidden marks carry: a demo's id of 32 bits and 16 bits by which a false reading gives itself away."""

from __future__ import annotations

import binascii
import re

import numpy as np
from numpy.typing import NDArray

BITS = 48
DEMO_ID = re.compile(r"[0-9a-f]{8}\Z")
_START = 0xFACE
"""Start of the checksum: not zero, so that a picture that reads as all zeros or all ones is no payload."""


def payload_bytes(demo_id: str) -> bytes:
    """Return the 6 bytes that stand for an id: its 4 and their CRC-16 (CCITT polynomial), high byte first.

    Raises:
        ValueError: it is not 8 hexadecimal digits.
    """
    if not DEMO_ID.match(demo_id):
        raise ValueError("a demo's id is 8 hexadecimal digits")
    own = bytes.fromhex(demo_id)
    return own + binascii.crc_hqx(own, _START).to_bytes(2, "big")


def payload_bits(demo_id: str) -> NDArray[np.bool_]:
    """Return `payload_bytes` as bits (48,), the highest of each byte first."""
    return np.unpackbits(np.frombuffer(payload_bytes(demo_id), np.uint8)).astype(bool)


def demo_id_of(bits: NDArray[np.bool_]) -> str | None:
    """Return the id that bits (48,) stand for, None where its checksum does not fit."""
    read = np.packbits(np.asarray(bits, bool)).tobytes()
    own, check = read[:4], int.from_bytes(read[4:], "big")
    return own.hex() if binascii.crc_hqx(own, _START) == check else None
