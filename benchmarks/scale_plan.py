"""From the cost of a check to a million a day: `python -m benchmarks.scale_plan`, the computed half of docs/scaling.md.

Every input is measured (with the command that does), published by somebody else, or assumed; every line of the plan is
arithmetic on them. Another load or another price: `--set checks_a_day=200000 --set eur_core_hour=0.02`.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

COSTS = "python -m benchmarks.scale_costs"
LOAD = "python -m benchmarks.discord_load"
ASSUMED = "assumed"
DAY_S, HOUR_S, MONTH_H = 86_400, 3_600, 730
MIB, GIB = 1 << 20, 1 << 30


@dataclass(frozen=True, slots=True)
class Input:
    """A number that the plan starts from, and where it is from."""

    name: str
    value: float
    unit: str
    source: str
    words: str


INPUTS = (
    Input("checks_a_day", 1_000_000, "", ASSUMED, "questions in a day, scans with them"),
    Input("peak", 3, "×", ASSUMED, "the busiest hour against the mean"),
    Input("known", 0.2, "", ASSUMED, "share that is answered from the log: the same clip again"),
    Input("clip_s", 15, "s", ASSUMED, "mean clip, 720p, one face"),
    Input("clip_mib", 4, "MiB", ASSUMED, "mean size of a clip"),
    Input("busy", 0.7, "", ASSUMED, "how far cores are loaded at the peak"),
    Input("wait_s", 30, "s", ASSUMED, "how long a clip waits at the peak"),
    Input("servers", 50_000, "", ASSUMED, "Discord servers with the bot: 20 checks each a day"),
    Input("retention_days", 90, "days", "setting: /settings keeping", "how long a server keeps its checks"),
    Input("analysis_core_s", 0.49, "s", COSTS, "processor time of a second of video"),
    Input("figures_core_s", 1.83, "s", COSTS, "processor time of drawing the figures of a check"),
    Input("worker_gb", 1.73, "GB", COSTS, "memory of a worker with its decoding child, at most"),
    Input("check_transactions", 23.2, "", COSTS, "transactions of a check, asked and answered"),
    Input("idle_transactions", 7.4, "a second", COSTS, "transactions of a worker that waits"),
    Input("busy_transactions", 15.8, "a second", COSTS, "transactions of a worker while it analyses"),
    Input("row_kib", 17.6, "KiB", COSTS, "tables and indexes of a check in PostgreSQL"),
    Input("wal_kib", 24.1, "KiB", COSTS, "write-ahead log of a check"),
    Input("connections", 6, "", COSTS, "connections of a worker process, at most"),
    Input("figures", 9, "", COSTS, "figures and report page of a check"),
    Input("figures_mib", 2.8, "MiB", COSTS, "their size"),
    Input("figures_hours", 1, "h", "setting: FACEPULSE_KEEP_FIGURES_S", "how long they are kept (the default)"),
    Input("messages", 3.2, "", LOAD, "requests to Discord an answer: the first message and 2.2 edits"),
    Input("looks", 2, "a second", "setting: LOOK_EVERY_S of bot/client.py", "looks at a check that somebody waits for"),
    Input("discord_requests", 50, "a second", "published: Discord's documentation", "all requests of one bot"),
    Input("shard_servers", 2_500, "", "published: Discord's documentation", "servers of one shard, at most"),
    Input("database_transactions", 10_000, "a second", ASSUMED, "what one PostgreSQL server of 16 cores takes"),
    Input("database_connections", 500, "", ASSUMED, "connections that such a server takes"),
    Input("machine_cores", 16, "", ASSUMED, "cores of a worker's machine"),
    Input("eur_core_hour", 0.03, "EUR", ASSUMED, "one core of a rented machine"),
    Input("eur_gib_month", 0.02, "EUR", ASSUMED, "a GiB in a bucket"),
    Input("eur_disk_month", 0.1, "EUR", ASSUMED, "a GiB of the database's disk, its copy with it"),
    Input("eur_1000_writes", 0.005, "EUR", ASSUMED, "1,000 writes or lists of a bucket"),
    Input("eur_1000_reads", 0.0004, "EUR", ASSUMED, "1,000 reads of a bucket"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the plan."""

    part: str
    what: str
    value: float
    unit: str


Numbers = dict[str, float]

FULL = {
    "requests to Discord at the peak": ("Discord", "discord_requests"),
    "transactions at the peak": ("database", "database_transactions"),
    "connections without a pooler": ("database", "database_connections"),
}
"""Lines of the plan that have an end: their part, and the input that says where."""


def numbers(changed: Numbers | None = None) -> Numbers:
    """Return the inputs by name, some of them changed.

    Raises:
        KeyError: there is no input of that name.
    """
    changed = changed or {}
    unknown = changed.keys() - {one.name for one in INPUTS}
    if unknown:
        raise KeyError(*unknown)
    return {one.name: changed.get(one.name, one.value) for one in INPUTS}


def plan(n: Numbers) -> tuple[Line, ...]:
    """Return the lines of the plan."""
    return (*_arrivals(n), *_workers(n), *_database(n), *_media(n), *_discord(n), *_cost(n))


def limits(n: Numbers) -> tuple[Line, ...]:
    """Return what is full at how many checks a day, the first first. All of it grows with the checks."""
    grown = {line.what: line.value / n["checks_a_day"] for line in plan(n)}
    small = 2 / (grown["cores, one worker process on each"])
    found = [
        Line(part, f"{what}: {told(n[limit])}", n[limit] / grown[what], "") for what, (part, limit) in FULL.items()
    ]
    return tuple(
        sorted([*found, Line("workers", "2 cores, as one small machine has", small, "")], key=lambda x: x.value)
    )


def _rate(n: Numbers) -> float:
    return n["checks_a_day"] / DAY_S


def _analyses(n: Numbers) -> float:
    """Analyses a second at the peak."""
    return _rate(n) * n["peak"] * (1 - n["known"])


def _core_s(n: Numbers) -> float:
    return n["clip_s"] * n["analysis_core_s"] + n["figures_core_s"]


def _cores(n: Numbers) -> float:
    return _analyses(n) * _core_s(n) / n["busy"]


def _arrivals(n: Numbers) -> Iterator[Line]:
    yield Line("arrivals", "checks, mean", _rate(n), "a second")
    yield Line("arrivals", "checks at the peak", _rate(n) * n["peak"], "a second")
    yield Line("arrivals", "analyses at the peak", _analyses(n), "a second")


def _workers(n: Numbers) -> Iterator[Line]:
    yield Line("workers", "processor time of an analysis with its figures", _core_s(n), "s")
    yield Line("workers", "cores, one worker process on each", _cores(n), "")
    yield Line("workers", "memory", _cores(n) * n["worker_gb"], "GB")
    yield Line("workers", f"machines of {n['machine_cores']:.0f} cores", _cores(n) / n["machine_cores"], "")


def _database(n: Numbers) -> Iterator[Line]:
    workers, busy = _cores(n), _analyses(n) * _core_s(n)
    waiting = _rate(n) * n["peak"] * (n["wait_s"] + _core_s(n))
    own = _rate(n) * n["peak"] * n["check_transactions"]
    looks = waiting * n["looks"]
    yield Line("database", "transactions of the checks themselves", own, "a second")
    yield Line("database", "transactions of workers that wait or analyse",
               workers * n["idle_transactions"] + busy * n["busy_transactions"], "a second")  # fmt: skip
    yield Line("database", "looks of the bots at checks that people wait for", looks, "a second")
    yield Line("database", "transactions at the peak",
               own + looks + workers * n["idle_transactions"] + busy * n["busy_transactions"], "a second")  # fmt: skip
    yield Line("database", "write-ahead log at the peak", _rate(n) * n["peak"] * n["wal_kib"] / 1024, "MiB a second")
    yield Line("database", "growth", n["checks_a_day"] * n["row_kib"] / 1024**2, "GiB a day")
    yield Line("database", "size after the retention days", _stored_gib(n), "GiB")
    yield Line("database", "connections without a pooler", workers * n["connections"], "")


def _stored_gib(n: Numbers) -> float:
    return n["checks_a_day"] * n["row_kib"] / 1024**2 * n["retention_days"]


def _media(n: Numbers) -> Iterator[Line]:
    peak = _rate(n) * n["peak"]
    yield Line("media", "clips from Discord at the peak", peak * n["clip_mib"] * 8.389, "Mbit/s")
    yield Line("media", "clips into the bucket and to the workers", 2 * _analyses(n) * n["clip_mib"] * 8.389, "Mbit/s")
    yield Line("media", "figures into the bucket", _analyses(n) * n["figures_mib"] * 8.389, "Mbit/s")
    yield Line("media", "clips that wait or are analysed",
               _analyses(n) * (n["wait_s"] + _core_s(n)) * n["clip_mib"] / 1024, "GiB")  # fmt: skip
    yield Line("media", "figures that lie there at the peak",
               _analyses(n) * n["figures_hours"] * HOUR_S * n["figures_mib"] / 1024, "GiB")  # fmt: skip
    yield Line("media", "requests to the bucket at the peak", _analyses(n) * (_writes(n) + _reads(n)), "a second")


def _writes(n: Numbers) -> float:
    """Writes and lists of a check: its clip, its figures, the deletion of both; a put is followed by a look."""
    return 1 + n["figures"] + 1 + 2


def _reads(n: Numbers) -> float:
    return 1 + 1 + n["figures"] + 1


def _discord(n: Numbers) -> Iterator[Line]:
    yield Line("Discord", "shards", math.ceil(n["servers"] / n["shard_servers"]), "")
    yield Line("Discord", "requests to Discord at the peak", _rate(n) * n["peak"] * n["messages"], "a second")
    yield Line("Discord", "requests to Discord, mean", _rate(n) * n["messages"], "a second")


def _cost(n: Numbers) -> Iterator[Line]:
    always = _cores(n) * n["eur_core_hour"] * MONTH_H
    followed = always / n["peak"] * 1.2
    analyses = n["checks_a_day"] * (1 - n["known"]) * 30
    media = analyses * (_writes(n) * n["eur_1000_writes"] + _reads(n) * n["eur_1000_reads"]) / 1000
    kept_gib = _analyses(n) / n["peak"] * n["figures_hours"] * HOUR_S * n["figures_mib"] / 1024
    disk = _stored_gib(n) * n["eur_disk_month"] + 32 * n["eur_core_hour"] * MONTH_H
    yield Line("cost", "workers for the peak all day", always, "EUR a month")
    yield Line("cost", "workers that follow the load, a fifth to spare", followed, "EUR a month")
    yield Line("cost", "bucket: requests", media, "EUR a month")
    yield Line("cost", "bucket: what lies there", kept_gib * n["eur_gib_month"], "EUR a month")
    yield Line("cost", "database: two servers of 16 cores and the disk", disk, "EUR a month")
    whole = followed + media + kept_gib * n["eur_gib_month"] + disk
    yield Line("cost", "1,000 checks, all of it", whole / (n["checks_a_day"] * 30) * 1000, "EUR")


def tables(n: Numbers) -> str:
    """Return the three tables as Markdown."""
    given = [replace(one, value=n[one.name]) for one in INPUTS]
    rows = [f"| `{i.name}` | {i.words} | {told(i.value)} {i.unit} | {_source(i.source)} |" for i in given]
    lines = [f"| {line.part} | {line.what} | {told(line.value)} {line.unit} |" for line in plan(n)]
    firsts = [f"| {told(line.value)} | {line.part} | {line.what} |" for line in limits(n)]
    return "\n".join(
        (
            "| input | what | value | from |\n|---|---|---|---|", *rows,
            "\n| part | what it comes to | value |\n|---|---|---|", *lines,
            "\n| checks a day | part | what is full then |\n|---|---|---|", *firsts,
        )
    ).replace("  |", " |")  # fmt: skip


def _source(source: str) -> str:
    return f"`{source}`" if source.startswith("python") else source


def told(value: float) -> str:
    """Return a number as people read it: three digits that count, thousands apart."""
    rounded = value if value == int(value) else float(f"{value:.3g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 1000 else f"{rounded:g}"


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="another value for an input")
    asked = parser.parse_args()
    changed = {name: float(value) for name, _, value in (one.partition("=") for one in asked.set)}
    unknown = changed.keys() - {one.name for one in INPUTS}
    if unknown:
        parser.error(f"there is no input called {', '.join(sorted(unknown))}")
    print(tables(numbers(changed)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
