"""A command line with its own data folder, and analyses that are made up instead of run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot import checking, cli
from core.settings import VideoLimits
from core.types import Analysis, Progress, ProgressCallback, Stage


@dataclass
class Told:
    """What a call printed and how it ended."""

    status: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class FakeEngine:
    """Answers by file name; an exception is raised instead. `asked` are the clips that were really analysed."""

    answers: dict[str, Analysis | BaseException] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def analyse(self, path: Path, limits: VideoLimits, progress: ProgressCallback) -> Analysis:
        self.asked.append(path.name)
        progress(Progress(Stage.FRAMES, 5, 10, 1.0))
        answer = self.answers[path.name]
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine()
    monkeypatch.setattr(checking, "analyse", fake.analyse)
    return fake


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("FACEPULSE_DATA_DIR", str(folder))
    monkeypatch.delenv("FACEPULSE_DATABASE_URL", raising=False)
    monkeypatch.delenv("FACEPULSE_DEBUG", raising=False)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def call(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    def run(*arguments: object) -> Told:
        capsys.readouterr()
        status = cli.run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Told(status, printed.out, printed.err)

    return run
