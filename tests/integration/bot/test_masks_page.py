"""The page on which faces are labelled: what is drawn is saved at once, and nothing else is taken."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from bot.web.masks_page import ADDRESS, MOST_BYTES, masks_app, served
from core.errors import FaceSetError, SettingsError
from core.services.swap_masks import Labelling
from core.swap.mask_labels import Outline, read_labels
from core.types import FaceSet
from tests.synth.swaps import face_set

TRIANGLE = {"kind": "exclude", "corners": [[0.1, 0.1], [0.5, 0.1], [0.3, 0.6]]}


@pytest.fixture
def labelled(tmp_path: Path) -> FaceSet:
    return face_set(tmp_path / "<set>")


@pytest_asyncio.fixture
async def client(labelled: FaceSet) -> AsyncIterator[TestClient]:
    async with TestClient(TestServer(masks_app(Labelling(labelled.path), "<set>"))) as opened:
        yield opened


def one(name: str, what: str) -> str:
    return f"{ADDRESS}/faces/{name}/{what}"


async def test_the_page_is_there_and_names_the_set_harmlessly(client):
    answer = await client.get("/")
    text = await answer.text()
    assert answer.status == 200 and "&lt;set&gt;" in text and "<set>" not in text
    for name in ("masks.js", "masks.css"):
        assert f"/static/{name}" in text
        assert (await client.get(f"/static/{name}")).status == 200


async def test_all_faces_are_listed_the_most_different_first(client, labelled):
    listed = await (await client.get(f"{ADDRESS}/faces.json")).json()
    assert listed["size_px"] == 96
    assert sorted(face["name"] for face in listed["faces"]) == [face.name for face in labelled.faces]
    yaws = [face["yaw_deg"] for face in listed["faces"]]
    assert yaws[0] == 0 and {abs(yaw) for yaw in yaws[1:3]} == {30}
    assert not any(face["labelled"] for face in listed["faces"])


async def test_what_is_drawn_is_saved_and_comes_back(client, labelled):
    name = labelled.faces[3].name
    assert (await (await client.get(one(name, "label"))).json())["outlines"] is None
    answer = await client.put(one(name, "label"), json={"outlines": [TRIANGLE]})
    assert answer.status == 200
    corners = tuple((x, y) for x, y in TRIANGLE["corners"])
    assert read_labels(labelled.path) == {name: (Outline("exclude", corners),)}
    label = await (await client.get(one(name, "label"))).json()
    assert label["outlines"] == [TRIANGLE]
    assert len(label["hull"]) > 5 and all(-0.2 < x < 1.2 for x, _ in label["hull"])
    listed = await (await client.get(f"{ADDRESS}/faces.json")).json()
    assert [face["name"] for face in listed["faces"] if face["labelled"]] == [name]
    assert (await client.put(one(name, "label"), json={"outlines": None})).status == 200
    assert read_labels(labelled.path) == {}


async def test_the_picture_of_a_face_is_a_png(client, labelled):
    answer = await client.get(one(labelled.faces[0].name, "picture"))
    assert answer.content_type == "image/png"
    assert (await answer.read()).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"[]",
        json.dumps({"outlines": [{"kind": "exclude", "corners": [[0, 0]]}]}).encode(),
        json.dumps({"outlines": [{**TRIANGLE, "kind": "all"}]}).encode(),
        json.dumps({"outlines": [{**TRIANGLE, "corners": [[0, 0], [1, "x"], [1, 1]]}]}).encode(),
        json.dumps({"outlines": [TRIANGLE] * 60}).encode(),
        b"[" * 5000,
    ],
)
async def test_what_is_no_outline_is_refused_and_nothing_is_written(client, labelled, body):
    answer = await client.put(one(labelled.faces[0].name, "label"), data=body)
    assert answer.status == 400
    assert read_labels(labelled.path) == {}


async def test_too_much_is_refused(client, labelled):
    answer = await client.put(one(labelled.faces[0].name, "label"), data=io.BytesIO(b" " * (MOST_BYTES + 1)))
    assert answer.status == 413


async def test_faces_that_the_set_does_not_have_are_not_found(client):
    for path in (one("999999.png", "picture"), one("../set.json", "picture"), f"{ADDRESS}/faces/set.json/picture"):
        assert (await client.get(path)).status == 404
    assert (await client.put(one("999999.png", "label"), json={"outlines": []})).status == 404


async def test_another_site_cannot_label(client, labelled):
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await client.put(one(labelled.faces[0].name, "label"), json={"outlines": []}, headers=headers)
        assert answer.status == 403
    assert (await client.get(ADDRESS, headers={"Host": "elsewhere.example"})).status == 403
    assert read_labels(labelled.path) == {}


async def test_it_listens_on_this_computer_only_and_says_when_a_port_is_taken(labelled):
    async with served(labelled.path, 0) as address:
        assert address.startswith("http://127.0.0.1:")
        port = int(address.split(":")[2].split("/")[0])
        with pytest.raises(SettingsError, match="--port"):
            async with served(labelled.path, port):
                pass


async def test_a_set_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FaceSetError, match="no face set"):
        async with served(tmp_path / "nothing", 0):
            pass
