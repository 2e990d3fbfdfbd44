"""A day of a whole facility at many times the speed, with each part killed twice.

    python benchmarks/facility_campaign.py [--hours 1] [--speed 20] [--seed 1] [--out FOLDER]

Three simulated microscopes write 600 movies an hour each, by their own clock, which runs `speed`
times faster. Bookings are read from a table, and sessions are begun by command, in the browser and
by a message. MariaDB with ISPyB's tables, RabbitMQ, PostgreSQL with the registry, a mail server, a
NAS and a backup disk are real, on this machine. Each part is killed twice, each service and each
disk is away for a while, in an order that the seed decides; then everything is compared. Figures
are on the page explanation/facility-campaign.
"""

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from whole_facility.day import Day, DayReport, live_through
from whole_facility.watching import percentile

MARKER = ".icestream-facility-campaign"
"""Says that a folder was made by an earlier campaign, and may be replaced."""
RATE = 600.0
"""Movies an hour of each microscope, by its own clock."""


def _rows(report: DayReport, movies: int) -> list[str]:
    """The figures as a table."""
    again = ", ".join(f"{count} of {queue}" for queue, count in report.again.items())
    rows = [
        ("movies", f"{movies}"),
        ("written in", _pace(report.acquired, movies)),
        ("processed in", _pace(report.processed, movies)),
        ("seconds behind in ISPyB", _spread(report.seen["lags"], "s")),
        ("messages that came again", again or "none"),
    ]
    rows += [(f"started: {name}", f"{count} times") for name, count in report.starts.items()]
    for times in report.times:
        told = ", ".join(f"{what} {took:.1f}" for what, took in times.items())
        rows.append(("seconds until", told))
    for name, took in report.seen["answers"].items():
        spread = _spread([1000.0 * one for one in took], "ms")
        rows.append((f"answers: {name}", f"{len(took)}: {spread}"))
    rows += [(f"not answered: {why}", f"{n}") for why, n in report.seen["refused"].items()]
    for part, seconds in sorted(report.seen["cpu"].items()):
        memory = report.seen["memory"].get(part)
        size = "" if memory is None else f", {memory / 1e6:.0f} MB"
        each = 1000.0 * seconds / movies
        rows.append((f"CPU: {part}", f"{seconds:.0f} s, {each:.0f} ms for each movie of all{size}"))
    return ["| | |", "|---|---|", *(f"| {what} | {found} |" for what, found in rows)]


def _pace(seconds: float, movies: int) -> str:
    return f"{seconds:.0f} s, {3600.0 * movies / seconds:.0f} an hour"


def _spread(values: list[float], unit: str) -> str:
    half, most = percentile(values, 0.5), percentile(values, 0.95)
    longest = max(values, default=0.0)
    return f"median {half:.0f} {unit}, 95 of 100 below {most:.0f} {unit}, most {longest:.0f} {unit}"


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--hours", type=float, default=1.0, help="by the microscopes' clock")
    asked.add_argument("--speed", type=float, default=20.0)
    asked.add_argument("--microscopes", type=int, default=3)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--kills", type=int, default=2, help="of each part")
    asked.add_argument("--away", type=float, default=45.0, help="seconds of each outage")
    asked.add_argument("--out", type=Path, default=Path("facility-campaign"))
    given = asked.parse_args()
    out = given.out.absolute()
    if out.exists() and any(out.iterdir()):
        if not (out / MARKER).exists():
            print(f"{out} is not empty and no earlier campaign; name another folder with --out")
            return 2
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER).touch()
    begun = time.monotonic()

    def say(what: str) -> None:
        print(
            f"[{time.monotonic() - begun:6.0f} s, load {os.getloadavg()[0]:.1f}] {what}", flush=True
        )

    movies = round(RATE * given.hours)
    every = 3600.0 / RATE / given.speed
    day = Day(
        microscopes=given.microscopes, movies=movies, every=every, kills=given.kills,
        away=given.away, lasts=max(60.0, 2.0 * movies * every), patience=15.0, seed=given.seed,
    )  # fmt: skip
    report = live_through(out, day, say)
    print("", *_rows(report, given.microscopes * movies), sep="\n")
    return int(any(report.wrong.values()))


if __name__ == "__main__":
    sys.exit(main())
