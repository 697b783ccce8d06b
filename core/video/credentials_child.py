"""The process that parses one file's Content Credentials: `python -I -m core.video.credentials_child JOB`.

A parser of untrusted bytes, so it is walled in as the decoding child is, before it looks at the file. It writes one
JSON object: {"manifests": text}, {"none": true}, or {"error": text}.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path
from typing import Any

import c2pa

from core.video.hardening import give_up_privileges

OFFLINE = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
    "core": {
        "allowed_network_hosts": [],
        "decode_identity_assertions": False,
        "max_decompressed_manifest_size_in_mb": 16,
    },
}
"""How c2pa is to work: without fetching anything, whatever a file names."""
MOST_WORDS = 1000


def main() -> None:
    """Read one file and end."""
    job = json.loads(sys.argv[1])
    answers_fd = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints must not be taken for the answer
    context = c2pa.Context.from_dict(OFFLINE)
    # c2pa reads through callbacks, whose memory must be executable; no more of that is to be had behind the walls.
    callbacks = [ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 0)]
    # The only folder that is left is empty and already deleted; c2pa asks for it while it is imported.
    Path.cwd().rmdir()
    give_up_privileges(job["cpu_s"], job["memory_bytes"], 0)
    answer = json.dumps(read(job["file_fd"], context)).encode()
    del callbacks
    while answer:
        answer = answer[os.write(answers_fd, answer) :]


def read(file_fd: int, context: Any) -> dict[str, Any]:
    """Return what is to be answered about the file behind a descriptor."""
    try:
        with os.fdopen(file_fd, "rb", buffering=0, closefd=False) as file, c2pa.Reader(file, context=context) as reader:
            return {"manifests": reader.json()}
    except (c2pa.C2paError.ManifestNotFound, c2pa.C2paError.NotSupported):
        return {"none": True}
    except (c2pa.C2paError, RecursionError, ValueError, MemoryError) as error:
        return {"error": f"{type(error).__name__}: {error}"[:MOST_WORDS]}


if __name__ == "__main__":
    main()
