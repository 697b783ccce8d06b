"""What Python's garbage collector need not look at again and again."""

from __future__ import annotations

import gc


def settle_memory() -> None:
    """Keep what was loaded so far out of later collections; call it once, when the service has started.

    A full collection walks every object, holds everything up meanwhile, and what start-up leaves (modules, tables,
    catalogs) is most of them and stays for good: with 120,000 objects it took 0.1 to 0.3 s on a busy machine.
    """
    gc.collect()
    gc.freeze()
