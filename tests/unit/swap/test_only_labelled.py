"""No door but one: what can write a video, and what makes it a labelled one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import core

ROOT = Path(core.__file__).parents[1]
SWAPPING = ("core/swap", "core/services", "core/jobs", "core/evaluation", "bot")
WRITES = re.compile(
    r"""\bwrite_video\b|\bwrite_into\b|\bVideoWriter\b|av\.open\([^)]*["'][wa]["']|imageio|\.write_videofile\b"""
)
MAY_WRITE = {
    "core/swap/label.py",
    "bot/live_outputs.py",  # the virtual camera, which is handed pictures by `core.swap.live`, labelled before
    "core/evaluation/forge/codec.py",  # training pictures, coded in memory to spoil them
    "core/evaluation/nameless.py",  # forged clips, in files that have no name at any moment
    "core/evaluation/rendered_faces.py",  # photographs that move and have a pulse: nobody is swapped
    "core/evaluation/detection/variants.py",  # clips of a dataset, coded again
}


def sources(*folders: str) -> dict[str, str]:
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def code_of(text: str) -> str:
    """Without docstrings and comments, which may name what they like."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            node.value.value = ""
    return ast.unparse(tree)


def test_nothing_that_swaps_or_shows_swaps_writes_video_but_the_label() -> None:
    writing = {name for name, text in sources(*SWAPPING).items() if WRITES.search(code_of(text))}
    assert writing - MAY_WRITE == set()
    assert "core/swap/label.py" in writing


def test_only_the_label_has_the_token_that_makes_a_labelled_video() -> None:
    holders = {
        name for name, text in sources("core", "bot", "models", "benchmarks").items() if "_MADE_HERE" in code_of(text)
    }
    assert holders == {"core/swap/label.py"}


def test_live_pictures_are_labelled_where_they_are_merged() -> None:
    live = code_of(sources("core/swap")["core/swap/live.py"])
    assert "labelled_frame(" in live
