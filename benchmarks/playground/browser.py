"""A headless Chromium, steered through its DevTools protocol: enough to open the page, wait and take a picture."""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
START_S = 30.0


class Browser:
    """One open page."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return what a method of the DevTools protocol answers."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async for message in self._socket:
            answer = message.json()
            if answer.get("id") == number:
                return answer.get("result") or {}
        raise RuntimeError("the browser ended")

    async def run(self, script: str) -> Any:
        """Return the value of an expression on the page."""
        answer = await self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return answer["result"].get("value")

    async def until(self, condition: str, timeout_s: float) -> None:
        """Wait until an expression is true on the page.

        Raises:
            TimeoutError: it did not become true.
        """
        async with asyncio.timeout(timeout_s):
            while not await self.run(f"Boolean({condition})"):  # noqa: ASYNC110 - the page sends no events here
                await asyncio.sleep(0.2)

    async def picture(self) -> bytes:
        """Return what is seen, as PNG."""
        return base64.b64decode((await self.call("Page.captureScreenshot", format="png"))["data"])


@asynccontextmanager
async def browsing(address: str, width_px: int, height_px: int) -> AsyncIterator[Browser]:
    """Open a page, while the block lasts.

    Raises:
        FileNotFoundError: there is no Chromium on this machine.
        TimeoutError: it did not start.
    """
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        raise FileNotFoundError("no chromium on this machine")
    with tempfile.TemporaryDirectory(prefix="facepulse-browser-", ignore_cleanup_errors=True) as folder:
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            program, *OPTIONS, f"--user-data-dir={folder}", "about:blank", stdout=quiet, stderr=quiet
        )
        try:
            port = await _port(Path(folder) / "DevToolsActivePort")
            async with aiohttp.ClientSession() as session, session.ws_connect(await _page(session, port)) as socket:
                browser = Browser(socket)
                await browser.call(
                    "Emulation.setDeviceMetricsOverride",
                    width=width_px,
                    height=height_px,
                    deviceScaleFactor=1,
                    mobile=False,
                )
                await browser.call("Page.navigate", url=address)
                yield browser
        finally:
            process.terminate()
            await process.wait()


async def _port(told: Path) -> int:
    async with asyncio.timeout(START_S):
        while not (told.is_file() and told.read_text().strip()):  # noqa: ASYNC110, ASYNC240 - it tells it so alone
            await asyncio.sleep(0.1)
    return int(told.read_text().split()[0])  # noqa: ASYNC240


async def _page(session: aiohttp.ClientSession, port: int) -> str:
    async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
        pages = await answer.json(content_type=None)
    return next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
