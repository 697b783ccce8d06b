"""Make the README's picture of the playground: `python -m benchmarks.playground.picture` (needs Chromium).

Posts the sample clip, NASA's public-domain portrait, lets the real worker check it, and takes a picture of the page.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks.playground.__main__ import playing
from benchmarks.playground.browser import browsing

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "images" / "playground.png"
WIDTH_PX, HEIGHT_PX = 1240, 1290
ANSWER_S = 180.0
SAMPLE = "[...document.querySelectorAll('.playground-note button')].at(-1)"
ANSWERED = "[...document.querySelectorAll('.channel-message button')].some(one => one.textContent === 'Details')"
LOADED = "[...document.querySelectorAll('.channel-message img')].some(one => one.naturalWidth > 400)"
BOTTOM = "document.getElementById('channel-timeline').scrollTop = 1e6"


async def take() -> bytes:
    """Return the page with an answer on it, as PNG."""
    with tempfile.TemporaryDirectory(prefix="facepulse-playground-") as folder:
        async with (
            playing(Path(folder), port=0) as (_, address),
            browsing(address, WIDTH_PX, HEIGHT_PX) as browser,
        ):
            await browser.until(f"{SAMPLE} && document.getElementById('viewer-picker').value", ANSWER_S)
            await browser.run(f"{SAMPLE}.click()")
            await browser.until(f"{ANSWERED} && {LOADED}", ANSWER_S)
            await asyncio.sleep(1)
            await browser.run(BOTTOM)
            await asyncio.sleep(1)
            return await browser.picture()


def main() -> int:
    """Write the picture and say where."""
    try:
        picture = asyncio.run(take())
    except FileNotFoundError as error:
        print(f"The picture is taken with Chromium: {error}.", file=sys.stderr)
        return 1
    PICTURE.write_bytes(picture)
    print(f"{PICTURE.relative_to(PICTURE.parents[2])}: {len(picture) / 1024:.0f} KB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
