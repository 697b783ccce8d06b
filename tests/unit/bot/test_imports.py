"""The process that people talk to stays light: it decodes nothing and runs no network."""

import subprocess
import sys

HEAVY = ("torch", "cv2", "av", "scipy", "onnxruntime", "ai_edge_litert", "matplotlib", "face_alignment", "c2pa")


MODULES = "bot.commands.run, bot.client, bot.web.app, bot.embeds, bot.bootstrap"  # the client has every cog


def test_the_words_of_the_terminal_load_no_discord() -> None:
    script = "import sys, bot.words; print([name for name in ('discord', 'aiohttp') if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "[]"


def test_the_service_loads_no_decoder_and_no_network() -> None:
    script = f"import sys, {MODULES}; print([name for name in {HEAVY!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "[]"
