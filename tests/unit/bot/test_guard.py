"""Who may ask the local page."""

import pytest

from bot.web.guard import comes_from_here, is_own_host
from bot.web.uploads import bare_name


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8080", "localhost:8080", "LOCALHOST", "[::1]:8080", "192.168.1.7:80", "box"]
)
def test_numbers_localhost_and_the_configured_name_are_answered(host: str) -> None:
    assert is_own_host(host, "box")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "", ":8080", "[::1"],
)
def test_every_other_name_is_refused(host: str) -> None:
    assert not is_own_host(host, "127.0.0.1")


@pytest.mark.parametrize(
    ("headers", "accepted"),
    [
        ({}, True),
        ({"origin": "http://127.0.0.1:8080"}, True),
        ({"referer": "http://127.0.0.1:8080/"}, True),
        ({"origin": "http://127.0.0.1:8080", "sec-fetch-site": "same-origin"}, True),
        ({"origin": "http://127.0.0.1:9999"}, False),
        ({"origin": "null"}, False),
        ({"origin": "https://evil.example", "referer": "http://127.0.0.1:8080/"}, False),
        ({"sec-fetch-site": "same-site"}, False),
    ],
)
def test_only_our_own_pages_and_programs_may_post(headers: dict[str, str], accepted: bool) -> None:
    assert comes_from_here(headers, "127.0.0.1:8080") is accepted


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("clip.mp4", "clip.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\clip.mp4", "clip.mp4"),
        ("évènement 🎥.mp4", "évènement 🎥.mp4"),
        ("a\x00b\nc.mp4", "abc.mp4"),
        ("", "clip"),
        (None, "clip"),
        ("x" * 500 + ".mp4", "x" * 196 + ".mp4"),
    ],
)
def test_of_a_file_name_the_last_part_is_kept(sent: str | None, kept: str) -> None:
    assert bare_name(sent) == kept
