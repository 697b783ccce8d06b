"""The real studio in a worker, with a network whose answer is known: what leaves it is head and shoulders, labelled."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core.errors import SwapModelError
from core.jobs.demos import DemoWorker, load_studio
from core.jobs.loop import Timing
from core.services import demo_making, demo_studio, demos_made, swap_registry
from core.services.clock import utc_now
from core.services.demos import Demos, LabelledFile
from core.services.demos_made import NOT_ALONE
from core.services.folders import Folders, measure
from core.settings import Settings
from core.store import CheckStatus, Declaration, Demo, Store, SwapModel
from core.swap import model as swap_model
from core.swap.label import read_marks
from core.video import open_clip
from tests.synth.clips import Scene, even_times, write_scene
from tests.synth.drawers import KnownDrawer
from tests.synth.swaps import face_set
from tests.synth.wishes import GUILD, make_model, make_wish


@pytest.fixture
def database() -> str:
    """The store has tests of its own on both."""
    return "sqlite"


@pytest.fixture
def drawer(monkeypatch: pytest.MonkeyPatch) -> KnownDrawer:
    """Every model draws the face that it sees."""
    known = KnownDrawer()
    monkeypatch.setattr(swap_model, "load_model", lambda path: known)
    monkeypatch.setattr(demos_made, "load_model", lambda path, device: known)
    monkeypatch.setattr(demos_made, "identity_present", lambda: False)
    return known


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A moment of a face of 150 px in a picture of 640×480."""
    path = tmp_path / "driver.mp4"
    scene = Scene(width_px=640, height_px=480, face_px=150)
    return write_scene(path, scene, even_times(25, 0.3), rate=Fraction(25))


async def made(
    store: Store, settings: Settings, drawer: KnownDrawer, clip: Path, model: Path, declaration: str = "self"
) -> Demo:
    """A demo of `clip` after a worker had its turn."""
    await asyncio.to_thread(model.mkdir, exist_ok=True)
    registered = await store.swap_models.add(make_model(path=str(model), swap=drawer.about), utc_now())
    return await made_with(store, settings, registered, clip, declaration)


async def made_with(
    store: Store, settings: Settings, registered: SwapModel, clip: Path, declaration: str = "self"
) -> Demo:
    """A demo of `clip` with a registered model, which an admin allows, after a worker had its turn."""
    folders = Folders(settings.data_dir)
    assert await store.swap_models.allow(registered, 9, {}, utc_now())
    wish = make_wish(registered.id, utc_now(), folders.keep(clip))
    demo = await store.demos.add(replace(wish, declaration=Declaration(declaration)))
    assert demo is not None
    worker = DemoWorker(
        store, studio=load_studio, folders=folders, settings=settings, name="w", timing=Timing(tick_s=0.05),
        clock=utc_now,
    )  # fmt: skip
    assert await worker.work_once(asyncio.Event())
    now = await store.demos.get(demo.id)
    assert now is not None
    return now


async def test_a_demo_is_head_and_shoulders_with_the_label_that_its_row_names(
    store: Store, drawer: KnownDrawer, clip: Path, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    demo = await made(store, settings, drawer, clip, tmp_path / "ron")

    assert (demo.status, demo.error_sentence) == (CheckStatus.DONE, None)
    assert demo.provenance is not None
    assert (demo.provenance.swap, demo.provenance.driver_sha256) == (drawer.about, measure(clip)[0])
    file = await Demos(store, settings.data_dir).labelled(demo)
    assert isinstance(file, LabelledFile)
    shown = tmp_path / "shown.mp4"
    shown.write_bytes(file.data)
    assert read_marks(shown).demo_ids == (demo.demo_id,)
    with open_clip(shown, settings.video) as pictures:
        sides = {frame.rgb.shape[:2] for frame in pictures}
    ((height, width),) = sides
    assert height == width < 640, "a square around the head, not the picture"
    assert len(file.data) < 10 << 20, "what Discord takes from everybody"


async def test_a_clip_that_is_too_long_or_without_a_face_is_one_sentence(
    store: Store, drawer: KnownDrawer, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    empty = write_scene(tmp_path / "empty.mp4", Scene(width_px=320, height_px=240, face_px=0), even_times(25, 0.4),
                        rate=Fraction(25))  # fmt: skip
    none = await made(store, settings, drawer, empty, tmp_path / "ron")
    assert none.error_sentence == "There is no face in the video."

    limits = demo_making.demo_limits
    monkeypatch.setattr(demo_making, "demo_limits", lambda one: limits(one).model_copy(update={"max_duration_s": 0.1}))
    await store.swap_models.withdraw(GUILD, "ron", None, utc_now())
    long = await made(store, settings, drawer, clip, tmp_path / "ron")
    assert "is longer than" in (long.error_sentence or "")


@pytest.mark.parametrize(("declaration", "status"), [("self", CheckStatus.FAILED), ("consented", CheckStatus.DONE)])
async def test_a_clip_that_was_declared_to_show_the_asker_shows_nobody_else(
    store: Store, drawer: KnownDrawer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, declaration: str,
    status: CheckStatus,
) -> None:  # fmt: skip
    scene = Scene(width_px=640, height_px=360, face_px=130, centres=((0.28, 0.5), (0.72, 0.5)))
    clip = write_scene(tmp_path / "two.mp4", scene, even_times(25, 0.3), rate=Fraction(25))

    demo = await made(store, Settings(data_dir=tmp_path / "data"), drawer, clip, tmp_path / "ron", declaration)

    assert demo.status is status
    assert demo.error_sentence == (NOT_ALONE if status is CheckStatus.FAILED else None)


@pytest.mark.parametrize("exchanged", [False, True])
async def test_only_the_person_whose_pictures_were_registered_drives(
    store: Store, drawer: KnownDrawer, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchanged: bool
) -> None:
    alike = SimpleNamespace(embed=lambda rgb, landmarks_px: np.array([1.0, 0.0], np.float32))
    monkeypatch.setattr(demos_made, "load_identity", lambda: alike)
    source = await asyncio.to_thread(face_set, tmp_path / "ada", "Source")
    await asyncio.to_thread((tmp_path / "ron").mkdir)
    await swap_registry.register(store, tmp_path / "ron", GUILD, source=source.path, about=lambda path: drawer.about)
    if exchanged:  # the folder of somebody else, who consented too, in the place of the one that was registered
        await asyncio.to_thread(shutil.rmtree, source.path)
        assert (await asyncio.to_thread(face_set, source.path, "Target")).consent is not None

    (model,) = await store.swap_models.of_guild(GUILD)
    demo = await made_with(store, Settings(data_dir=tmp_path / "data"), model, clip)

    told = (CheckStatus.FAILED, demo_making.OTHER_SOURCE) if exchanged else (CheckStatus.DONE, None)
    assert (demo.status, demo.error_sentence) == told
    assert bool(drawer.seen) != exchanged


def test_a_folder_without_a_trained_swap_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SwapModelError, match="no trained swap"):
        demo_studio.about(tmp_path)
