"""`facepulse swap live`: what a person sees who swaps a face in front of a camera."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from bot.cli import run
from bot.live_outputs import PageOutput, VirtualCameraOutput, WindowOutput
from bot.web.live import LivePage
from core.errors import CameraError
from core.services import live_swaps
from core.services.demo_notes import NOTES, noted
from core.services.live_swaps import LiveState
from tests.synth.drawers import KnownDrawer

STATE = LiveState(rate_hz=12.34, missed=3, work_s=0.05, timings_s={"faces": 0.02, "swap": 0.03}, swapped=1)
PICTURE = np.full((240, 320, 3), (200, 30, 30), np.uint8)


@pytest.fixture
def drawer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> KnownDrawer:
    known = KnownDrawer()
    monkeypatch.setenv("FACEPULSE_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(live_swaps, "load_model", lambda *_: known)
    monkeypatch.setattr(live_swaps, "trained_poses", lambda _model: None)
    return known


def test_a_file_is_swapped_as_a_camera_and_the_rate_is_told(drawer, short_clip: Path, tmp_path: Path, capfd):
    asked = ["swap", "live", "--model", "m", "--camera", str(short_clip), "--to", "page", "--port", "0"]
    status = run([*asked, "--made-by", "a test"])
    said = capfd.readouterr().err
    assert status == 0
    assert "http://127.0.0.1:" in said
    assert "pictures/s" in said
    assert drawer.seen, "no face was drawn"
    (demo,) = noted(tmp_path)
    assert f"Demo {demo.demo_id}" in said
    assert (demo.made_by, demo.swap, demo.file_sha256) == ("a test", drawer.about, None)


def test_what_cannot_be_noted_is_not_shown(drawer, short_clip: Path, tmp_path: Path, capfd):
    (tmp_path / NOTES).mkdir()
    assert run(["swap", "live", "--model", "m", "--camera", str(short_clip), "--to", "page", "--port", "0"]) == 1
    assert "cannot be noted" in capfd.readouterr().err
    assert drawer.seen == []


def test_a_camera_that_is_not_there_ends_with_one_sentence(drawer, capfd):
    assert run(["swap", "live", "--model", "m", "--camera", "/dev/video199"]) == 1
    said = capfd.readouterr().err.strip().splitlines()
    assert said[-1].startswith("The camera /dev/video199 cannot be opened")


@pytest.mark.parametrize("size", ["640", "640x", "0x480", "ax480", "99999x1"])
def test_a_size_that_is_none_is_refused_before_anything_is_loaded(size: str, capfd):
    assert run(["swap", "live", "--model", "m", "--size", size]) == 2
    assert "640x480" in capfd.readouterr().err


def test_a_window_needs_a_screen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(CameraError, match="--to page"), WindowOutput("demo"):
        pytest.fail("went on")


@pytest.mark.parametrize("device", ["/dev/video198", "/tmp/clip.yuv"])
def test_a_virtual_camera_that_is_none_is_refused(device: str):
    with pytest.raises(CameraError, match="virtual camera"), VirtualCameraOutput(device):
        pytest.fail("went on")


async def test_the_page_shows_pictures_their_label_and_the_rate():
    with PageOutput(LivePage("127.0.0.1", 0, "astronaut", "00c0ffee")) as output:
        assert output.show(PICTURE, 0.0, STATE)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{output.address}/") as page:
                text = await page.text()
            assert "demo 00c0ffee" in text
            assert "Made by AI" in text
            async with session.get(f"{output.address}/api/live") as state:
                assert (await state.json())["rate_hz"] == 12.34
            async with session.get(f"{output.address}/stream") as stream:
                assert stream.content_type == "multipart/x-mixed-replace"
                assert _color_of(await _jpeg_from(stream)) == pytest.approx([200, 30, 30], abs=6)
                output.show(PICTURE[:, :, ::-1], 0.1, STATE)
                assert _color_of(await _jpeg_from(stream)) == pytest.approx([30, 30, 200], abs=6)


def test_pictures_are_not_encoded_for_nobody():
    with PageOutput(LivePage("127.0.0.1", 0, "astronaut", "00c0ffee")) as output:
        made: list[int] = []
        output._page.feed.put({}, lambda: made.append(1) or b"jpeg")  # type: ignore[func-returns-value]
        urllib.request.urlopen(f"{output.address}/api/live", timeout=10).close()  # its thread has taken the first
        output._page.feed.put({}, lambda: made.append(2) or b"jpeg")  # type: ignore[func-returns-value]
        assert made == [1]


def test_another_web_site_is_refused_by_the_page():
    with PageOutput(LivePage("127.0.0.1", 0, "astronaut", "00c0ffee")) as output:
        request = urllib.request.Request(f"{output.address}/api/live", headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
        assert refused.value.code == 403
        refused.value.close()


async def _jpeg_from(stream: aiohttp.ClientResponse) -> bytes:
    length = 0
    while (line := await stream.content.readline()) != b"\r\n" or not length:
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return await stream.content.readexactly(length)


def _color_of(jpeg: bytes) -> list[float]:
    import cv2

    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return [float(value) for value in picture.mean(axis=(0, 1))[::-1]]
