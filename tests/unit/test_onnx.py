from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_loading_the_networks_leaves_no_telemetry_behind(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    script = "from core.faces import load_face_models; load_face_models()"
    subprocess.run([sys.executable, "-c", script], check=True, env=environment, capture_output=True, timeout=100)
    assert not list(tmp_path.rglob("*"))


def test_nobody_imports_the_library_past_the_switch() -> None:
    house = Path(__file__).parents[2]
    importing = {
        str(path.relative_to(house))
        for room in ("bot", "core", "models")
        for path in (house / room).rglob("*.py")
        if any(line.startswith(("import onnxruntime", "from onnxruntime")) for line in path.read_text().splitlines())
    }
    assert importing == {"core/onnx.py"}
