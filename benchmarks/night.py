"""Rehearse a night: 2,000 small exposures at twenty times the speed, with accidents and changes.

``make night``, or ``python benchmarks/night.py [--exposures N] [--speed N] [--out FOLDER]``. A
simulated microscope writes while icestream processes, faults come and go at known exposures, people
try, adopt, limit and undo, and in the middle the coordinator is killed. Each command is printed as
somebody would type it. At the end a table says what was planted, what was told of it and how soon,
and what was told of nothing that was planted. docs/tutorials/a-night.md walks through one.
"""

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from icestream.store import queries
from icestream.store.open import NoStore, open_store

MARKER = ".icestream-night"
"""Says that a folder was made by an earlier night, and may be replaced."""

SQUARE = 25
"""Holes of a grid square, and exposures."""

MICROSCOPE = (
    "--size", "512", "--frames", "8", "--pixel-size", "1.8", "--dose-per-frame", "5",
    "--particles", "30", "--b-factor", "30", "50", "--ice", "150", "300", "--defocus", "1.0", "2.2",
    "--holes-per-square", str(SQUARE), "--rate", "240", "--seed", "20",
)  # fmt: skip
"""Small fields, so that two cores keep up with twenty times the speed."""


@dataclass(frozen=True, kw_only=True)
class Accident:
    """A fault of the simulator, and when it is there."""

    fault: str
    begins: float
    """Part of the night that is over by then."""
    lasts: float
    """Part of the night."""
    told: tuple[str, ...]
    """Words of the alerts that tell it, one of these at least."""

    def exposures(self, night: int) -> tuple[int, int]:
        """Numbers of the first and the last exposure, from 1; whole squares where there is room."""
        first, last = round(self.begins * night), round((self.begins + self.lasts) * night)
        if night >= 40 * SQUARE:
            first, last = first // SQUARE * SQUARE, max(1, last // SQUARE) * SQUARE
        return first + 1, max(first + 1, last)


ACCIDENTS = (
    Accident(fault="motion", begins=0.10, lasts=0.0125, told=("loose or broken", "stage drifts")),
    Accident(fault="astigmatism", begins=0.20, lasts=0.05, told=("realigned", "astigmatism of")),
    Accident(fault="outage", begins=0.33, lasts=0.03, told=("nothing new came", "slower")),
    Accident(fault="dimming", begins=0.45, lasts=0.05, told=("the beam is weaker",)),
    Accident(fault="thickening", begins=0.60, lasts=0.10, told=("ice thickens", "the ice is")),
    Accident(fault="focus", begins=0.75, lasts=0.04, told=("eucentric",)),
    Accident(fault="blur", begins=0.83, lasts=0.04, told=("less coherent", "rings")),
    Accident(fault="aged-gain", begins=0.90, lasts=0.10, told=("gain reference",)),
)


@dataclass(frozen=True)
class Act:
    """What somebody does, and when."""

    when: float
    """Part of the night that is over by then."""
    title: str
    do: Callable[["Night"], None]


class Night:
    """A microscope, a session, and somebody at the keyboard."""

    def __init__(self, out: Path, exposures: int, speed: float) -> None:
        self.out, self.exposures, self.speed = out, exposures, speed
        self.microscope, self.session = out / "microscope", out / "session"
        self._running: subprocess.Popen[bytes] | None = None

    def say(self, words: str) -> None:
        """Print a line with the time and how far the night is."""
        print(f"\n[{time.strftime('%H:%M:%S')}, exposure {self.found()}] {words}", flush=True)

    def type(self, *words: str) -> None:
        """Run a command of icestream, as somebody would."""
        print(f"$ icestream {shlex.join(words)}", flush=True)
        done = subprocess.run(_icestream(*words), check=False, cwd=self.out)
        if done.returncode:
            raise SystemExit(f"night: that ended with status {done.returncode}")

    def found(self) -> int:
        """Exposures that the session has found."""
        with suppress(NoStore), closing(open_store(self.session, readonly=True)) as store:
            return sum(queries.count_exposures(store).values())
        return 0

    def settled(self, branch: str, step: str) -> int:
        """Exposures that a step of a branch is done with."""
        with closing(open_store(self.session, readonly=True)) as store:
            counts = next(
                one.counts for one in queries.steps(store, branch=branch) if one.name == step
            )
        return counts.done + counts.failed + counts.skipped

    def start(self) -> None:
        """Start the session, or go on with it."""
        # The clock runs faster than the world's: silence is told after minutes of the night.
        words = (
            "process", "microscope", "--out", "session", "--watch",
            "--idle-timeout", f"{max(30.0, 2400.0 / self.speed):.0f}",
            "--arrivals.silence-min", f"{4.0 / self.speed:g}",
            "--pick.threshold", "12",
        )  # fmt: skip
        print(f"$ icestream {shlex.join(words)} &", flush=True)
        with (self.out / "session.log").open("ab") as log:
            self._running = subprocess.Popen(
                _icestream(*words), cwd=self.out, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        """Kill the coordinator as the kernel would."""
        assert self._running is not None
        print(f"$ kill -9 {self._running.pid}", flush=True)
        os.kill(self._running.pid, signal.SIGKILL)
        self._running.wait()

    def wait_for(self, exposure: int) -> None:
        """Until the session has found so many exposures."""
        while self.found() < exposure:
            self._look()
            time.sleep(1.0)

    def wait_until(self, holds: Callable[[], bool], what: str, seconds: float = 300.0) -> None:
        """Until something holds."""
        deadline = time.monotonic() + seconds
        while not holds():
            self._look()
            if time.monotonic() > deadline:
                raise SystemExit(f"night: {what} after {seconds:.0f} s")
            time.sleep(1.0)

    def finish(self) -> int:
        """Until the session has ended; its exit status."""
        assert self._running is not None
        return self._running.wait()

    def _look(self) -> None:
        if self._running is not None and self._running.poll() is not None:
            raise SystemExit(
                f"night: the session ended early, with status {self._running.returncode}; "
                f"see {self.out / 'session.log'}"
            )


def _icestream(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "icestream", *words]


# -- the acts -----------------------------------------------------------------------------------


TRIED = 20
"""Exposures that a change is tried on."""


def _try(night: Night) -> None:
    night.wait_until(lambda: night.settled("main", "extract") >= TRIED, "too few are picked")
    night.type("try", "session", "sensitive", "pick", "threshold=4.5", "--preview")
    night.type("try", "session", "sensitive", "pick", "threshold=4.5", "--why", "too few picks")


def _compare(night: Night) -> None:
    night.wait_until(lambda: night.settled("sensitive", "extract") >= TRIED, "the try is not done")
    night.type("compare", "session", "sensitive", "--html", "sensitive.html")
    night.type("adopt", "session", "sensitive", "--why", "more particles, nothing lost")


def _change_a_limit(night: Night) -> None:
    night.type("set", "session", "select", "resolution_max=5", "--preview")
    night.type("set", "session", "select", "resolution_max=5", "--why", "only the best")


def _undo(night: Night) -> None:
    night.type("undo", "session", "--why", "too many lost")


def _kill(night: Night) -> None:
    night.kill()
    night.start()


def _look(night: Night) -> None:
    night.type("status", "session")


ACTS: tuple[Act, ...] = (
    Act(0.30, "Picks look few: a lower threshold is tried on 20 exposures", _try),
    Act(0.40, "Old and new are compared, and the new is adopted for all", _compare),
    Act(0.50, "Somebody wants only the best exposures, and changes the limit", _change_a_limit),
    Act(0.58, "That was too strict: it is undone", _undo),
    Act(0.66, "The coordinator is killed; the same command goes on", _kill),
    Act(0.72, "A look at where it stands", _look),
)


# -- the microscope -----------------------------------------------------------------------------


@contextmanager
def _microscope(night: Night) -> Iterator[None]:
    faults = [
        f"{accident.fault}@{first}-{last}"
        for accident in ACCIDENTS
        for first, last in [accident.exposures(night.exposures)]
    ]
    words = (
        "simulate", "microscope", *MICROSCOPE, "--movies", str(night.exposures),
        "--speed", f"{night.speed:g}", "--faults", *faults,
    )  # fmt: skip
    print(f"$ icestream {shlex.join(words)} &", flush=True)
    with (night.out / "microscope.log").open("wb") as log:
        running = subprocess.Popen(
            _icestream(*words), cwd=night.out, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                running.wait(20)
            running.kill()


# -- the morning --------------------------------------------------------------------------------


def _told(night: Night) -> list[str]:
    """The table: each accident with the alerts that tell it, then what no accident explains."""
    numbers = _numbers(night)
    with closing(open_store(night.session, readonly=True)) as store:
        found = sorted(one.found for one in queries.exposures(store, limit=10**9))
        alerts = [
            alert for alert in queries.alerts(store, open_only=False) if alert.level != "notice"
        ]
    explained: set[int] = set()
    rows = []
    for accident in ACCIDENTS:
        first, last = accident.exposures(night.exposures)
        for alert in alerts:
            told_by = bisect_right(found, alert.raised)
            about = numbers.get((alert.extent or {}).get("first") or alert.exposure, told_by)
            words = any(word in alert.message for word in accident.told)
            if words and first - 2 <= about <= last + SQUARE:
                explained.add(alert.id)
                where = f"{first} to {last}"
                rows.append(_row(accident.fault, where, f"{about}", f"{told_by}", alert.message))
        if not rows or not rows[-1].startswith(f"| {accident.fault} "):
            rows.append(_row(accident.fault, f"{first} to {last}", "", "", "nothing"))
    for alert in alerts:
        if alert.id not in explained:
            told_by = bisect_right(found, alert.raised)
            about = numbers.get((alert.extent or {}).get("first") or alert.exposure, told_by)
            rows.append(_row("", "", f"{about}", f"{told_by}", alert.message))
    head = _row("planted", "exposures", "said to begin at", "told by", "alert")
    return [head, "|---|---|---|---|---|", *rows]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _numbers(night: Night) -> dict[str, int]:
    """Numbers of the exposures as the microscope took them, by their names."""
    truths = sorted((night.out / "microscope_truth").glob("FoilHole_*.json"), key=_taken)
    return {path.stem: number for number, path in enumerate(truths, 1)}


def _taken(path: Path) -> str:
    return "".join(path.stem.rsplit("_", 2)[-2:])


def main() -> int:
    """Rehearse the night."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--exposures", type=int, default=2000)
    parser.add_argument("--speed", type=float, default=20.0)
    parser.add_argument("--out", type=Path, default=Path("night-session"))
    given = parser.parse_args()
    out = given.out.absolute()
    if out.exists() and any(out.iterdir()):
        if not (out / MARKER).exists():
            print(f"{out} is not empty and no earlier night; name another folder with --out")
            return 2
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER).touch()
    night = Night(out, given.exposures, given.speed)
    with _microscope(night):
        night.wait_until((night.microscope / "Images-Disc1").exists, "the microscope wrote nothing")
        night.start()
        for act in ACTS:
            night.wait_for(round(act.when * given.exposures))
            night.say(act.title)
            act.do(night)
        status = night.finish()
    night.say(f"The session has ended, with status {status}")
    night.type("history", "session")
    night.type("status", "session")
    told = _told(night)
    (out / "told.md").write_text("\n".join(told) + "\n", encoding="utf-8")
    print("", *told, sep="\n")
    print(f"\nreport: {night.session / 'report' / 'index.html'}")
    return 0 if status == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
