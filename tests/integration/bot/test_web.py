"""The local page and its JSON interface, over real HTTP."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.desk import Desk
from bot.web.app import build_web_app, serving
from bot.web.house import House, load_templates
from core.errors import SettingsError
from core.services.requests import CheckStatus, Origin
from core.store import HistoryFilter, Store
from core.types import Progress, Stage, VerdictLabel
from tests.integration.bot.conftest import MAX_BYTES
from tests.integration.bot.support import PNG, FakeWorker, report_for
from tests.synth.logs import NOON
from tests.synth.media import Failing
from tests.synth.moderation import GUILD, answered

Client = TestClient[aiohttp.web.Request, aiohttp.web.Application]


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    app = build_web_app(House(desk, 300.0, load_templates()), "127.0.0.1")
    async with TestClient(TestServer(app)) as ready:
        yield ready


def form(content: bytes = b"clip", filename: str = "clip.mp4", field: str = "clip") -> aiohttp.FormData:
    data = aiohttp.FormData()
    data.add_field(field, content, filename=filename, content_type="video/mp4")
    return data


async def ask(client: Client, **kwargs: object) -> int:
    """Send a clip through the form and return its case number."""
    answer = await client.post("/checks", data=form(**kwargs), allow_redirects=False)  # type: ignore[arg-type]
    assert answer.status == 303, await answer.text()
    return int(answer.headers["Location"].removeprefix("/checks/"))


async def test_a_clip_goes_through_form_progress_and_verdict(client: Client, worker: FakeWorker, store: Store) -> None:
    assert "<form" in await (await client.get("/")).text()
    case = await ask(client)
    assert "Waiting to start" in await (await client.get(f"/checks/{case}")).text()

    claim = await worker.claim()
    await worker.tell(claim, Progress(Stage.FRAMES, 60, 240, 12.0))
    page = await (await client.get(f"/checks/{case}")).text()
    assert "Looking at every frame" in page
    assert 'value="0.250"' in page
    assert "about 12 s left" in page
    assert '<meta http-equiv="refresh"' in page

    await worker.finish(claim, report_for(claim, VerdictLabel.LIKELY_FAKE))
    page = await (await client.get(f"/checks/{case}")).text()
    assert "Signs of manipulation" in page
    assert "Blood flows through this face without coherence." in page
    assert f"/checks/{case}/figures/evidence.png" in page
    (row,) = await store.log.list(HistoryFilter())
    assert (row.asker.origin, row.source_name) == (Origin.WEB, "clip.mp4")


async def test_the_same_clip_again_is_answered_from_the_log_with_its_figures(
    client: Client, worker: FakeWorker
) -> None:
    first = await ask(client)
    await worker.finish(await worker.claim())
    second = await ask(client, filename="again.mp4")

    page = await (await client.get(f"/checks/{second}")).text()
    assert f"This clip was checked before: case {first}." in page
    assert await (await client.get(f"/checks/{second}/figures/evidence.png")).read() == PNG


async def test_the_json_interface_tells_the_same_story(client: Client, worker: FakeWorker) -> None:
    asked = await client.post("/api/checks", data=form())
    assert asked.status == 202
    check = await asked.json()
    assert (check["status"], check["progress"]["words"], check["answer"]) == ("queued", "Waiting to start", None)

    claim = await worker.claim()
    await worker.tell(claim, Progress(Stage.FRAMES, 60, 240, 12.0))
    check = await (await client.get(f"/api/checks/{check['id']}")).json()
    assert check["progress"] == {
        "words": "Looking at every frame", "share": 0.25, "left": "about 12 s left", "ahead": 0,
    }  # fmt: skip

    await worker.finish(claim)
    check = await (await client.get(f"/api/checks/{check['id']}")).json()
    assert (check["status"], check["progress"]) == ("done", None)
    assert check["answer"]["verdict"] == "inconclusive"
    assert check["answer"]["case"] == check["id"]
    assert check["figures"] == [f"/checks/{check['id']}/figures/evidence.png"]
    again = await client.post("/api/checks", data=form())
    assert again.status == 200
    assert (await again.json())["answer"]["checked_before"] == check["id"]


async def test_a_failed_check_is_its_sentence_on_page_and_in_json(client: Client, worker: FakeWorker) -> None:
    case = await ask(client)
    await worker.fail(await worker.claim(), "no_video", "This file has sound but no video.")

    assert "This file has sound but no video." in await (await client.get(f"/checks/{case}")).text()
    check = await (await client.get(f"/api/checks/{case}")).json()
    assert (check["error"], check["error_code"]) == ("This file has sound but no video.", "no_video")


async def test_a_clip_that_cannot_be_kept_now_is_refused_in_words(client: Client, desk: Desk, store: Store) -> None:
    desk.folders.media = Failing()

    answer = await client.post("/api/checks", data=form())

    assert answer.status == 503
    told = await answer.json()
    assert (told["error_code"], told["error"].endswith("try again in a few minutes.")) == ("media", True)
    assert await store.log.list(HistoryFilter()) == ()


async def test_the_cancel_button_cancels(client: Client, store: Store, tmp_path: Path) -> None:
    case = await ask(client)
    page = await (await client.post(f"/checks/{case}/cancel")).text()

    assert "Cancelled" in page
    check = await store.checks.get(case)
    assert check is not None
    assert check.status is CheckStatus.CANCELLED
    assert list((tmp_path / "incoming").iterdir()) == []


@pytest.mark.parametrize("declared", [True, False], ids=["length declared", "length unknown"])
async def test_a_clip_over_the_limit_is_refused_and_leaves_nothing(
    client: Client, store: Store, tmp_path: Path, declared: bool
) -> None:
    data = form(b"x" * (MAX_BYTES + (100_000 if declared else 1)))
    answer = await client.post("/checks", data=data, chunked=None if declared else True)

    assert answer.status == 413
    assert re.search(r"role=\"alert\">This clip is", await answer.text())
    assert await store.log.list(HistoryFilter()) == ()
    assert [path for name in ("incoming", "scratch") for path in (tmp_path / name).glob("*")] == []


async def test_a_form_without_a_clip_gets_a_sentence(client: Client) -> None:
    nothing_chosen = b'--b\r\nContent-Disposition: form-data; name="clip"; filename=""\r\n\r\n\r\n--b--\r\n'
    answer = await client.post(
        "/checks", data=nothing_chosen, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert answer.status == 400
    assert "Choose a clip first." in await answer.text()
    assert (await client.post("/api/checks", json={})).status == 400
    assert (await client.post("/api/checks", data=form(field="file"))).status == 400


async def test_an_empty_file_is_refused_and_leaves_nothing(client: Client, store: Store) -> None:
    answer = await client.post("/api/checks", data=form(b""))

    assert (answer.status, (await answer.json())["error"]) == (400, "The file is empty.")
    assert await store.log.list(HistoryFilter()) == ()


async def test_a_malformed_form_is_a_sentence_and_not_a_failure(client: Client) -> None:
    boundary, head = "multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="clip"'
    for body, kind in (
        (b"garbage", boundary),
        (b"garbage", "multipart/form-data"),
        (b"--b\r\nno header", boundary),
        (head + b'; filename="' + b"a" * 20_000 + b'"\r\n\r\n--b--', boundary),
    ):
        answer = await client.post("/api/checks", data=body, headers={"Content-Type": kind})
        assert answer.status == 400


async def test_the_name_of_a_clip_cannot_become_markup_or_a_path(client: Client, store: Store) -> None:
    case = await ask(client, filename="../../<script>alert(1)</script>.mp4")

    page = await (await client.get(f"/checks/{case}")).text()
    assert "<script>alert" not in page
    (row,) = await store.log.list(HistoryFilter())
    assert "/" not in row.source_name


async def test_only_figures_of_the_check_are_served(client: Client, worker: FakeWorker, tmp_path: Path) -> None:
    case = await ask(client)
    await worker.finish(await worker.claim())
    folder = tmp_path / "outgoing" / str(case)
    (folder / "notes.txt").write_text("private")
    (folder / "link.png").symlink_to(tmp_path / "log.sqlite3")

    assert (await client.get(f"/checks/{case}/figures/evidence.png")).headers["Content-Type"] == "image/png"
    for name in ("notes.txt", "link.png", "missing.png", "..%2f..%2flog.sqlite3", "%2e%2e/%2e%2e/log.sqlite3"):
        assert (await client.get(f"/checks/{case}/figures/{name}")).status == 404


async def test_the_report_is_offered_for_saving_where_there_is_one(
    client: Client, worker: FakeWorker, tmp_path: Path
) -> None:
    case = await ask(client)
    await worker.finish(await worker.claim())
    assert "report.html" not in await (await client.get(f"/checks/{case}")).text()
    assert (await client.get(f"/checks/{case}/report.html")).status == 404

    (tmp_path / "outgoing" / str(case) / "report.html").write_text("<p>report</p>")
    assert f"/checks/{case}/report.html" in await (await client.get(f"/checks/{case}")).text()
    saved = await client.get(f"/checks/{case}/report.html")
    assert (await saved.text(), saved.headers["Content-Disposition"].split(";")[0]) == ("<p>report</p>", "attachment")


async def test_unknown_addresses_are_told_in_words(client: Client) -> None:
    page = await client.get("/checks/999")
    assert (page.status, "There is no case 999." in await page.text()) == (404, True)
    answer = await client.get("/api/checks/999")
    assert (answer.status, (await answer.json())["error"]) == (404, "There is no case 999.")
    assert (await client.get("/nowhere")).status == 404
    assert (await client.get("/checks/99999999999999999999")).status == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Referer": "https://evil.example/page"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example"},
    ],
    ids=lambda headers: next(iter(headers)),
)
async def test_other_sites_cannot_post_here(client: Client, store: Store, headers: dict[str, str]) -> None:
    answer = await client.post("/checks", data=form(), headers=headers)

    assert answer.status == 403
    assert await store.log.list(HistoryFilter()) == ()


async def test_a_foreign_name_for_this_machine_reads_nothing(client: Client) -> None:
    answer = await client.get("/", headers={"Host": "evil.example:8080"})

    assert answer.status == 403
    assert "<form" not in await answer.text()


async def test_every_answer_carries_the_safety_headers(client: Client) -> None:
    for path in ("/", "/static/page.js", "/healthz", "/nowhere", "/checks/1/figures/evidence.png"):
        headers = (await client.get(path)).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


async def test_pages_hold_no_inline_script_or_style(client: Client, worker: FakeWorker) -> None:
    case = await ask(client)
    pages = [await (await client.get(path)).text() for path in ("/", f"/checks/{case}")]
    await worker.finish(await worker.claim())
    pages.append(await (await client.get(f"/checks/{case}")).text())

    for page in pages:
        assert re.search(r"<script(?![^>]*\bsrc=)|<style| style=| on\w+=", page) is None


async def test_healthz_answers(client: Client) -> None:
    assert await (await client.get("/healthz")).json() == {"status": "ok"}


async def test_a_busy_port_is_one_sentence(desk: Desk) -> None:
    app = build_web_app(House(desk, 300.0, load_templates()), "127.0.0.1")
    again = build_web_app(House(desk, 300.0, load_templates()), "127.0.0.1")
    async with serving(app, "127.0.0.1", 0) as address:
        port = int(address.rsplit(":", 1)[1])
        with pytest.raises(SettingsError, match=rf"^Port {port} of 127\.0\.0\.1 is in use; .*FACEPULSE_WEB_PORT"):
            async with serving(again, "127.0.0.1", port):
                pass


async def test_an_answer_that_is_no_longer_kept_says_so(client: Client, store: Store) -> None:
    check = await answered(store, name="holiday.mp4")
    await store.expiry.expire(GUILD, NOON + timedelta(days=1), NOON)

    page = await (await client.get(f"/checks/{check.id}")).text()

    assert "This answer is no longer kept." in page
    assert "holiday" not in page
    values = await (await client.get(f"/api/checks/{check.id}")).json()
    assert (values["status"], values["answer"], values["clip"]) == ("done", None, "clip")
