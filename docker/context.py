"""Prints the files of the build context, NUL after each: those that .dockerignore lets through, as a builder reads it.

Usage: context.py PROJECT. Patterns of .dockerignore: the last that matches decides; `!` lets in again; `*` stops at a
slash, `**/` does not; a pattern for a folder covers all that is in it.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path


def rules(text: str) -> list[tuple[bool, re.Pattern[str]]]:
    """Return (lets in, pattern of a path) for each line of a .dockerignore."""
    found = []
    for line in text.splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        lets_in = pattern.startswith("!")
        found.append((lets_in, _pattern(pattern.removeprefix("!").strip("/"))))
    return found


def _pattern(glob: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts) + "(?:/.*)?")


def is_in(path: str, decisions: list[tuple[bool, re.Pattern[str]]]) -> bool:
    """Return whether a file (its path from the root, with slashes) is part of the context."""
    answer = True
    for lets_in, pattern in decisions:
        if pattern.fullmatch(path):
            answer = lets_in
    return answer


def files(project: Path) -> list[str]:
    """Return the paths of the context from the root of the project, sorted."""
    decisions = rules((project / ".dockerignore").read_text())
    paths = []
    for folder, folders, names in os.walk(project):
        # Nothing is let in from these, and they hold very many files.
        folders[:] = [name for name in folders if name not in {".git", ".venv", "__pycache__", "node_modules"}]
        paths += [(Path(folder) / name).relative_to(project).as_posix() for name in names]
    return sorted(path for path in paths if is_in(path, decisions))


if __name__ == "__main__":
    sys.stdout.write("".join(f"{path}\0" for path in files(Path(sys.argv[1]))))
