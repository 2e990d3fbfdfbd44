"""`make campaign`, or `python benchmarks/campaign.py [--hours 1] [--out FOLDER] [NAME ...]`.

The campaigns, one after another, each with its part of the time: of faults, of bad input, of load,
of a whole facility, and of the planner. What each prints is kept in the folder, and a table of all
is written at the end. The exit status is 1 if any of them found something wrong, and 0 if none did;
what there was no time for is said, and counts as neither.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Campaign:
    """A script, and how it is told for how long to run."""

    name: str
    what: str
    share: float
    """Part of the whole time."""
    least: float
    """Seconds below which there is no point in it."""
    command: Callable[[float], list[str]]
    """Script and options for so many seconds."""


def _hours_of_facility(seconds: float) -> str:
    """Hours of three microscopes, at 20 times their speed, with outages and catching up."""
    return f"{max(0.1, (seconds - 400.0) * 10.0 / 3600.0):.2f}"


def _seconds_of_reader(seconds: float) -> str:
    """Of each reader, beside the three that its process takes to start."""
    listed = subprocess.run(
        [sys.executable, HERE / "fuzz_campaign.py", "--list"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return f"{max(1.0, seconds / len(listed.stdout.split()) - 3.0):.0f}"


CAMPAIGNS = (
    Campaign(
        "faults", "sessions under faults that are drawn at random", 0.28, 60.0,
        lambda seconds: ["fault_campaign.py", "--seconds", f"{seconds:.0f}"],
    ),
    Campaign(
        "input", "every reader, fed by a fuzzer", 0.28, 600.0,
        lambda seconds: ["fuzz_campaign.py", "--seconds", _seconds_of_reader(seconds)],
    ),
    Campaign(
        "load", "sessions of up to 100,000 exposures", 0.17, 180.0,
        lambda seconds: ["load_campaign.py", *(["--quick"] if seconds < 1800.0 else [])],
    ),
    Campaign(
        "facility", "a whole facility: parts killed, services away", 0.17, 500.0,
        lambda seconds: ["facility_campaign.py", "--hours", _hours_of_facility(seconds)],
    ),
    Campaign(
        "plan", "a session beside what was planned for it", 0.1, 300.0,
        lambda seconds: ["bench_plan.py", "--within", f"{0.7 * (seconds - 100.0):.0f}"],
    ),
)  # fmt: skip


def main() -> int:
    asked = argparse.ArgumentParser(description="Run the campaigns within a time.")
    names = [one.name for one in CAMPAIGNS]
    asked.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; all")
    asked.add_argument("--hours", type=float, default=1.0)
    asked.add_argument("--out", type=Path, default=Path("campaign"), help="for what they print")
    given = asked.parse_args()
    if unknown := sorted(set(given.names) - set(names)):
        asked.error(f"no campaign {', '.join(unknown)}; there are {', '.join(names)}")
    if given.hours <= 0:
        asked.error(f"--hours is {given.hours}: name a time above 0")
    given.out.mkdir(parents=True, exist_ok=True)
    chosen = [one for one in CAMPAIGNS if one.name in given.names or not given.names]
    whole = sum(one.share for one in chosen)
    rows, failed = ["| campaign | seconds | found |", "|---|---|---|"], False
    for one in chosen:
        seconds = 3600.0 * given.hours * one.share / whole
        if seconds < one.least:
            rows.append(f"| {one.name}: {one.what} | | not run: {seconds:.0f} s are less than the "
                        f"{one.least:.0f} s that it needs |")  # fmt: skip
            continue
        took, status = _run(one, seconds, given.out.absolute())
        failed = failed or status != 0
        found = "nothing wrong" if status == 0 else f"exit status {status}: {one.name}.txt"
        rows.append(f"| {one.name}: {one.what} | {took:.0f} | {found} |")
    table = "\n".join(rows)
    (given.out / "campaign.md").write_text(table + "\n")
    print(table)
    return int(failed)


def _run(one: Campaign, seconds: float, out: Path) -> tuple[float, int]:
    script, *options = one.command(seconds)
    said = out / f"{one.name}.txt"
    print(f"{one.name}: {script} {' '.join(options)}, about {seconds:.0f} s; {said}", flush=True)
    began = time.monotonic()
    with said.open("w") as file:
        done = subprocess.run(
            [sys.executable, HERE / script, *options],
            stdout=file, stderr=subprocess.STDOUT, cwd=out, check=False,
        )  # fmt: skip
    return time.monotonic() - began, done.returncode


if __name__ == "__main__":
    sys.exit(main())
