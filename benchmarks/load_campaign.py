"""What grows with a session: 1,000, 10,000 and 100,000 exposures, 10 million particles.

    python benchmarks/load_campaign.py [--folder FOLDER] [--quick] [--sizes 1000 10000]
                                       [--only status report]

The sessions are made first, unless they are in the folder (benchmarks/loaded_session.py). Each part
is measured in a process of its own: its processor time, which hardly depends on what else the
machine does, the time by the clock, the most memory, and the instructions of SQLite's machine,
which depend on nothing else. The last columns say with which power of the number of exposures it
grows. Figures: docs/explanation/load-campaign.md.
"""

import argparse
import io
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import loaded_session
from growth import database_work

SIZES = (1_000, 10_000, 100_000)
QUICK = (400, 1_600)
NEW = 40
"""Exposures that come to a session that goes on."""


@dataclass(slots=True)
class Cost:
    """What one part cost."""

    cpu: float
    """Seconds of the processor, of this process and those that it started."""
    seconds: float
    instructions: int
    """Of SQLite's machine, in thousands."""
    megabytes: float
    """The most that the process has had so far."""


class Meter:
    """Takes down what blocks cost, by name."""

    def __init__(self) -> None:
        self.costs: dict[str, Cost] = {}
        self.figures: dict[str, tuple[float, str]] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Measure the block."""
        begun, clock = _used(), time.perf_counter()
        with database_work() as work:
            yield
        self.costs[name] = Cost(
            _used() - begun, time.perf_counter() - clock, work.steps // 10, _most()
        )

    def figure(self, name: str, value: float, unit: str) -> None:
        """Take down a number that is no cost."""
        self.figures[name] = value, unit


def _used() -> float:
    spent = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def _most() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# -- the parts ------------------------------------------------------------------------------------


def status(folder: Path, meter: Meter) -> None:
    """`icestream status`, and once more when everything is loaded."""
    from icestream.cli.status import status as show

    for name in ("icestream status, its first look", "icestream status --follow, a look"):
        with meter.of(name), redirect_stdout(io.StringIO()):
            show(folder / "session")


def report(folder: Path, meter: Meter) -> None:
    """The report written, and brought up to date."""
    from icestream.report.writer import ReportWriter

    with tempfile.TemporaryDirectory(dir=folder) as out:
        with ReportWriter(folder / "session", out) as writer:
            with meter.of("report, first update"):
                writer.update(patience=0.0)
            with meter.of("report, update without news"):
                writer.update(patience=0.0)
        size = sum(path.stat().st_size for path in Path(out).rglob("*"))
        meter.figure("report, size", size / 1e6, "MB")


ROUTES = {
    "a page of exposures": "exposures?limit={limit}",
    "page 50 of exposures": "exposures?at=400&limit={limit}",
    "exposures: two filters, sorted by a third": (
        "exposures?where=ctf.resolution:3:4&where=ctf.ice_ring::0.1&sort=ctf.defocus"
        "&descending=true&limit={limit}"
    ),
    "exposures: searched": "exposures?search=grid1_00000{limit}",
    "columns of a plot": "columns?names=time,ctf.resolution,ctf.defocus&most=30{limit}",
    "a histogram": "histograms?names=ctf.resolution&where=number:{limit}:",
    "qualities": "qualities",
    "where it stands": "live",
    "trends": "trends",
    "groups": "groups",
    "decisions": "decisions",
    "one exposure": "exposures/grid1_00000{limit}",
}


def web(folder: Path, meter: Meter) -> None:
    """The web application's routes, the first time and again."""
    from fastapi.testclient import TestClient

    from icestream.server.app import create_app
    from icestream.server.context import Server
    from icestream.settings import load

    with ExitStack() as stack:
        app = create_app(Server([folder], load()))
        with meter.of("web: started, list of sessions"):
            client = stack.enter_context(TestClient(app, base_url="http://localhost"))
            (session,) = client.get("/api/sessions").json()
        for name, path in ROUTES.items():
            for again, limit in (("", 11), (", again", 12)):
                with meter.of(f"web: {name}{again}"):
                    asked = f"/api/sessions/{session['id']}/{path.format(limit=limit)}"
                    client.get(asked).raise_for_status()


def _export(name: str) -> Callable[[Path, Meter], None]:
    def export(folder: Path, meter: Meter) -> None:
        """A project for another program, and once more."""
        from icestream.exports.cryosparc import export_cryosparc
        from icestream.exports.relion import export_relion

        with tempfile.TemporaryDirectory(dir=folder) as out:
            for again in ("", ", once more"):
                with meter.of(f"export to {name}{again}"):
                    make = export_relion if name == "RELION" else export_cryosparc
                    make(folder / "session", Path(out) / "project")

    return export


def backup(folder: Path, meter: Meter) -> None:
    """A facility's backup of the session, without movies: first, and when nothing is new."""
    from icestream.facility.backup.backing import Backing, Backup
    from icestream.facility.backup.parts import PROCESSING, What
    from icestream.facility.backup.target import prepare
    from icestream.facility.transfer.address import Address

    with tempfile.TemporaryDirectory(dir=folder) as disk:
        target = Address(disk)
        prepare("load", target)
        what = What(session="s", processing=folder / "session")
        where = Backup(name="load", target=target, what=(PROCESSING,))
        backing = Backing(what, where)
        with meter.of("backup, first round"):
            done = backing.round()
        if done.failed or done.outage:
            raise SystemExit(f"the backup failed: {done.outage or done.failed}")
        with meter.of("backup, round without news"):
            backing.round()
        backing.close()
        backing = Backing(what, where)
        with meter.of("backup, first round of a new process"):
            backing.round()
        backing.close()
    shutil.rmtree(what.ledgers, ignore_errors=True)


def going_on(folder: Path, meter: Meter) -> None:
    """The engine opens the session, and takes new exposures in."""
    had = sum(1 for _ in (folder / "movies").glob("*.mrc"))
    with meter.of("going on, nothing new"):
        loaded_session.grow(folder, had)
    found: dict[str, float] = {}
    with meter.of(f"going on, {NEW} new exposures"):
        found |= loaded_session.grow(folder, had + NEW)
    meter.figure("until the first new exposure is done", found["first"], "CPU-s")
    meter.figure(
        "one more exposure while all are looked at again, coordinator",
        1e3 * found["each"],
        "CPU-ms",
    )
    meter.figure("memory of the coordinator", found["megabytes"], "MB")


def size(folder: Path, meter: Meter) -> None:
    """What a session takes on its disk."""
    session = folder / "session"
    store = sum(path.stat().st_size for path in session.glob("icestream.db*"))
    tables = sum(path.stat().st_size for path in session.rglob("*.parquet"))
    meter.figure("store", store / 1e6, "MB")
    meter.figure("tables of particles", tables / 1e6, "MB")


PARTS: Mapping[str, Callable[[Path, Meter], None]] = {
    "size": size,
    "status": status,
    "report": report,
    "web": web,
    "relion": _export("RELION"),
    "cryosparc": _export("CryoSPARC"),
    "backup": backup,
    "engine": going_on,  # last: it has the session grow
}


# -- running and telling --------------------------------------------------------------------------


def measure(part: str, folder: Path) -> Meter:
    """Measure one part in this process."""
    os.environ["ICESTREAM_STATE"] = str(folder / "state")
    loaded_session.quiet(folder)
    meter = Meter()
    PARTS[part](folder, meter)
    return meter


def measured(part: str, folder: Path) -> dict[str, Mapping[str, object]]:
    """Measure one part in a process of its own."""
    command = [sys.executable, __file__, "--part", part, str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{part} of {folder}: {done.stderr[-2000:] or done.stdout[-2000:]}")
    found: dict[str, Mapping[str, object]] = json.loads(done.stdout.splitlines()[-1])
    return found


def power(sizes: list[int], values: list[float]) -> str:
    """With which power of the size values grow, from the last two of them."""
    if len(values) < 2 or min(values[-2:]) <= 0.0:
        return "–"
    return f"{math.log(values[-1] / values[-2]) / math.log(sizes[-1] / sizes[-2]):.2f}"


def table(found: Mapping[int, Mapping[str, Mapping[str, object]]]) -> Iterator[str]:
    """Rows of what was measured, and the powers."""
    sizes = sorted(found)
    heads = "".join(f" {size:,} |" for size in sizes)
    yield f"| CPU-s (s by the clock; MB at most) |{heads} power, CPU | power, SQLite |"
    yield f"|---|{'---|' * len(sizes)}---|---|"
    for name in found[sizes[0]]["costs"]:
        costs = [Cost(**found[size]["costs"][name]) for size in sizes]  # type: ignore[index]
        said = "".join(f" {c.cpu:.2f} ({c.seconds:.1f}; {c.megabytes:.0f}) |" for c in costs)
        work = power(sizes, [float(cost.instructions) for cost in costs])
        yield f"| {name} |{said} {power(sizes, [cost.cpu for cost in costs])} | {work} |"
    for name in found[sizes[0]]["figures"]:
        figures = [found[size]["figures"][name] for size in sizes]  # type: ignore[index]
        said = "".join(f" {value:.3g} {unit} |" for value, unit in figures)
        yield f"| {name} |{said} {power(sizes, [value for value, _ in figures])} | |"


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--folder", type=Path, help="where the sessions are, or will be")
    asked.add_argument("--quick", action="store_true", help=f"{QUICK[0]} and {QUICK[1]} exposures")
    asked.add_argument("--sizes", type=int, nargs="+")
    asked.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    asked.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.part:
        meter = measure(given.part[0], Path(given.part[1]))
        costs = {name: asdict(cost) for name, cost in meter.costs.items()}
        print(json.dumps({"costs": costs, "figures": meter.figures}))
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        root = (given.folder or Path(temporary)).absolute()
        found: dict[int, dict[str, dict[str, object]]] = {}
        for size in given.sizes or (QUICK if given.quick else SIZES):
            folder = root / (f"{size // 1000}k" if size % 1000 == 0 else str(size))
            loaded_session.make(folder, size)
            found[size] = {"costs": {}, "figures": {}}
            for part in given.only:
                for kind, values in measured(part, folder).items():
                    found[size][kind] |= values
                print(f"[{time.strftime('%H:%M:%S')}] {size:,}: {part}", file=sys.stderr)
        print(*table(found), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
