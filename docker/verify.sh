#!/bin/sh
# Does what the Dockerfile does without a container engine: builds from the files that .dockerignore lets through, with
# the same docker/install.sh, into an empty prefix; starts the service from it as the image would, with nothing of the
# project in reach and under the same seccomp profile (where the system has libseccomp), and asks its health checks.
# Usage: docker/verify.sh [FOLDER]     FOLDER is kept; by default a temporary one is used and deleted
set -eu
project=$(cd "$(dirname "$0")/.." && pwd)
work=${1:-$(mktemp -d)}
service=
tidy() {
    status=$?
    if [ -n "$service" ]; then kill "$service" 2>/dev/null || true; wait "$service" 2>/dev/null || true; fi
    if [ $# -eq 0 ]; then rm -rf "$work"; fi
    exit "$status"
}
if [ $# -eq 0 ]; then trap 'tidy' EXIT; else trap 'tidy keep' EXIT; fi

echo "1. The build context, by .dockerignore"
mkdir -p "$work/context"
python3 "$project/docker/context.py" "$project" >"$work/files"
tar --create --directory "$project" --no-recursion --null --files-from "$work/files" --file "$work/context.tar"
tar --extract --directory "$work/context" --file "$work/context.tar"

echo "2. The build: docker/install.sh (minutes)"
if [ ! -x "$work/prefix/bin/facepulse" ]; then (cd "$work/context" && sh docker/install.sh "$work/prefix"); fi

echo "3. The service, from the prefix alone"
mkdir -p "$work/data" "$work/tmp" "$work/empty"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cd "$work/empty"
# The environment of the image, and nothing of this one.
run="env -i PATH=$work/prefix/bin:/usr/bin:/bin HOME=$work/data TMPDIR=$work/tmp PYTHONUNBUFFERED=1
    PYTHONDONTWRITEBYTECODE=1 MPLCONFIGDIR=$work/tmp/matplotlib NUMBA_CACHE_DIR=$work/tmp/numba
    FACEPULSE_DATA_DIR=$work/data FACEPULSE_WEB_PORT=$port FACEPULSE_LOG_FORMAT=json"
profile="python3 $project/docker/under_profile.py $project/docker/seccomp.json"
if ! $profile true 2>/dev/null; then
    echo "   (without its seccomp profile: this system has no libseccomp)"
    profile=
fi
$profile $run facepulse run >"$work/service.log" 2>&1 &
service=$!

echo "4. The health checks of both images"
bot="import urllib.request as web; web.urlopen('http://127.0.0.1:$port/healthz', timeout=5)"
ready="import urllib.request as web; web.urlopen('http://127.0.0.1:$port/readyz', timeout=5)"
tries=0
until $run python -c "$bot" 2>/dev/null && $run python -m core.jobs.alive 2>/dev/null && $run python -c "$ready" 2>/dev/null; do
    tries=$((tries + 1))
    if [ $tries -ge 90 ] || ! kill -0 "$service" 2>/dev/null; then
        echo "It does not become healthy:" >&2
        cat "$work/service.log" >&2
        exit 1
    fi
    sleep 1
done

echo "5. What walls the decoding child in, as in the container"
$profile $run facepulse doctor || echo "   (this machine's kernel refuses what is missing)"

echo "6. It stops when asked"
kill -TERM "$service"
wait "$service"
service=
echo "Built, healthy and stopped."
