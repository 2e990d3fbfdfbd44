"""Draw faults at random against sessions, one seed after another, and check what is left.

    python benchmarks/fault_campaign.py [--seeds 1-20] [--seconds 600] [--out FOLDER]

Each seed is a session of eight small movies with decisions of a person, in which two to five faults
of a list happen: processes are killed and stopped, the disk is full, read-only, hangs or loses its
power, movies are away, memory and descriptors are short, clocks jump. Then a checker compares the
history with the store and the files. What is told is a table, and for each seed with which
something is wrong how to do it again; its folder is kept. The status is 1 then. Figures are on the
page explanation/fault-campaign.
"""

import argparse
import os
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from nemesis.faults import FAULTS
from nemesis.run import Run, prepared, run

MARKER = ".icestream-fault-campaign"
"""Says that a folder was made by an earlier campaign, and may be replaced."""


def _seeds(given: str) -> range:
    first, _, last = given.partition("-")
    return range(int(first), int(last or first) + 1)


def _rows(done: list[Run]) -> list[str]:
    """What happened how often, and in how many runs of those something was wrong."""
    happened: Counter[str] = Counter()
    not_done: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for one in done:
        for name, said in one.faults:
            (not_done if said.startswith("not: ") else happened)[name] += 1
        for name in {name for name, _ in one.faults} if not one.well else ():
            wrong[name] += 1
    rows = [
        f"| {fault.name} | {happened[fault.name]} | {not_done[fault.name]} | {wrong[fault.name]} |"
        for fault in FAULTS
    ]
    head = [
        "| fault | happened | came to nothing | in runs gone wrong |",
        "|---|---|---|---|",
    ]
    seconds = sum(one.seconds for one in done)
    total = (
        f"{len(done)} runs, {happened.total()} faults, {sum(one.starts for one in done)} starts of "
        f"a session's process, {sum(one.answers for one in done)} answers to a person; "
        f"{seconds / max(1, len(done)):.0f} s each, "
        f"{sum(one.cpu for one in done) / max(1, len(done)):.0f} s of a processor"
    )
    return [*head, *rows, "", total]


def _told(one: Run) -> str:
    faults = ", ".join(name for name, _ in one.faults)
    verdict = "well" if one.well else "WRONG"
    return f"seed {one.seed}: {verdict} after {one.seconds:.0f} s: {faults}"


def _prepare(out: Path) -> bool:
    """Make the folder, or replace that of an earlier campaign; whether it may be used."""
    if out.exists() and any(out.iterdir()):
        if not (out / MARKER).exists():
            return False
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER).touch()
    return True


def main() -> int:
    """Run the campaign."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--seeds", type=_seeds, default=None, help="such as 1-20; else from 1 on")
    asked.add_argument("--seconds", type=float, default=None, help="begin no run after so long")
    asked.add_argument("--faults", type=int, default=5, help="in a run, at most")
    asked.add_argument("--out", type=Path, default=Path("fault-campaign"))
    given = asked.parse_args()
    out = given.out.absolute()
    if not _prepare(out):
        print(f"{out} is not empty and no earlier campaign; name another folder with --out")
        return 2
    seeds = given.seeds or (range(1, 10**6) if given.seconds else range(1, 21))
    images = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else out
    began, common, done = time.monotonic(), prepared(out / "common"), list[Run]()
    for seed in seeds:
        if given.seconds and time.monotonic() - began > given.seconds:
            break
        image = images / f"icestream-faults-{os.getpid()}.img"
        one = run(seed, common, out / str(seed), faults=given.faults, image=image)
        done.append(one)
        print(_told(one), flush=True)
        for what, found in one.wrong.items():
            print(*(f"    {what}: {said}\n" for said in found), sep="", end="", flush=True)
        if not one.well:
            print(f"    again: --seeds {seed} --faults {given.faults}; see {out / str(seed)}")
    print("", *_rows(done), sep="\n")
    bad = [one.seed for one in done if not one.well]
    print(f"seeds with something wrong: {', '.join(map(str, bad)) or 'none'}")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
