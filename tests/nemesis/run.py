"""One run: a session of a few movies, faults that a seed draws, and what is wrong afterwards."""

import json
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from icestream.engine.requests.at_rest import ask
from icestream.engine.requests.models import CreateBranch
from nemesis.checker import check
from nemesis.disk import FolderOnly, made
from nemesis.faults import FAULTS, Fault
from nemesis.gathered import Key, Made, gathered, made_by_tasks, rows_of
from nemesis.history import History, read_history
from nemesis.microscope import MOVIES, Coming, Microscope, made_stock, plan_of_movies
from nemesis.stage import Service, Stage, environment, processes

__all__ = ["Prepared", "Run", "prepared", "run"]

WORKFLOW = {
    "version": 2,
    "name": "faults",
    "about": "Aligned, fitted and picked.",
    "steps": [
        {"name": "import", "protocol": "movies.import", "parameters": {}, "inputs": {}},
        {"name": "align", "protocol": "movies.align", "parameters": {},
         "inputs": {"movie": "import.movie"}},
        {"name": "ctf", "protocol": "ctf.estimate", "parameters": {},
         "inputs": {"micrograph": "align.micrograph"}},
        {"name": "select", "protocol": "exposures.select",
         "parameters": {"defocus_max": None, "astigmatism_max": None, "resolution_max": None,
                        "ice_ring_max": None, "total_motion_max": None},
         "inputs": {"micrograph": "align.micrograph", "ctf": "ctf.ctf"}},
        {"name": "pick", "protocol": "picks.auto", "parameters": {},
         "inputs": {"micrograph": "select.micrograph", "ctf": "select.ctf"}},
    ],
}  # fmt: skip
THRESHOLDS = (5.0, 6.0)
"""What a person sets of the picking, beside what it is at first."""
EVERY = 0.7
"""Seconds between movies."""
PATIENCE = 240.0
"""Seconds without anything new after which a session is stuck."""


@dataclass(frozen=True)
class Prepared:
    """What all runs have in common."""

    stock: Path
    workflow: Path
    reference: dict[Key, Made]


@dataclass(frozen=True, kw_only=True)
class Run:
    """How a run was."""

    seed: int
    disk: bool
    """Whether there was a disk that can fail."""
    faults: tuple[tuple[str, str], ...]
    """Name of each, and what it did."""
    wrong: dict[str, list[str]]
    """What is wrong, by what was looked at."""
    seconds: float
    cpu: float
    """Processor time of all its processes that were not killed, seconds."""
    starts: int
    """Processes of the session that were started."""
    answers: int
    """What a person was told is done."""

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.wrong.values())


def _words(movies: Path, session: Path, workflow: Path, *more: str) -> list[str]:
    return [
        sys.executable, "-P", "-m", "icestream", "process", str(movies / "**" / "*_Fractions.tiff"),
        "--out", str(session), "--workflow", str(workflow), "--cores", "2", "--no-alerts",
        "--import.patience", "1", "--import.metadata-wait", "1", *more,
    ]  # fmt: skip


def prepared(folder: Path) -> Prepared:
    """Simulate the movies and process them undisturbed, with each value that a person sets."""
    stock, workflow, session = folder / "stock", folder / "workflow.json", folder / "undisturbed"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "clock").write_bytes(bytes(8))
    workflow.write_text(json.dumps(WORKFLOW))
    if not stock.is_dir():
        made_stock(stock)
    around = environment(folder, folder / "state")
    if not (session / "icestream.db").exists():
        words = _words(stock, session, workflow, "--no-report")
        _done(words, around)
        for value in THRESHOLDS:
            changes: dict[str, dict[str, Any]] = {"pick": {"threshold": value}}
            ask(session, CreateBranch(name=f"at-{value:g}", changes=changes))
        _done(words, around)
    return Prepared(stock, workflow, made_by_tasks(rows_of(session), every=True))


def _done(words: list[str], around: dict[str, str]) -> None:
    done = subprocess.run(words, env=around, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout}{done.stderr}")


def run(
    seed: int, prepared: Prepared, folder: Path, *, faults: int | tuple[str, ...], image: Path
) -> Run:
    """Live through a run; its folder is deleted where all was well, else it has all that is left.

    Parameters
    ----------
    faults
        How many at most; or the names of those that happen, one after another.
    image
        File for the disk.
    """
    began, spent = time.monotonic(), _spent()
    folder.mkdir(parents=True)
    with made(folder / "disk", image) as disk:
        stage = _stage(folder, disk, seed)
        drawn = _drawn(stage, faults)
        microscope = _begin(stage, prepared, {fault.needs for fault in drawn})
        try:
            told = list(_befall(stage, drawn))
            before = _end(stage, prepared, microscope)
        finally:
            stage.kill_all()
            microscope.close()
        history = read_history(stage.history.path)
        found = gathered(
            stage.session, history, reference=prepared.reference, before=before,
            said="".join(log.read_text(errors="replace") for log in folder.glob("*.log")),
            processes=[str(line["process"]) for line in history if line["what"] == "left"],
        )  # fmt: skip
        wrong = check(found)
        if any(wrong.values()):
            shutil.copytree(stage.session, folder / "session", dirs_exist_ok=True)
    counted = [line["what"] for line in history]
    done = Run(
        seed=seed, disk=disk.real, faults=tuple(told), wrong=wrong,
        seconds=time.monotonic() - began, cpu=_spent() - spent,
        starts=sum(line["what"] == "started" and line["name"] == "session" for line in history),
        answers=counted.count("answered"),
    )  # fmt: skip
    if done.well:
        shutil.rmtree(folder)
    return done


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _stage(folder: Path, disk: FolderOnly, seed: int) -> Stage:
    (folder / "clock").write_bytes(bytes(8))
    history = History(folder / "history.jsonl")
    history.note("seed", seed=seed, disk=disk.real)
    stage = Stage(
        folder=folder, disk=disk, random=Random(seed), movies=folder / "movies", history=history,
        environment=environment(folder, disk.folder / "state"), session=disk.folder / "session",
    )  # fmt: skip
    stage.rest = lambda seconds: _meanwhile(stage, seconds)
    return stage


def _begin(stage: Stage, prepared: Prepared, beside: set[str]) -> Microscope:
    """Start the microscope, the session, the person, and what runs beside."""
    coming = plan_of_movies(prepared.stock, stage.random)
    microscope = Microscope(prepared.stock, stage.movies, coming, EVERY, stage.history)
    plan = list(_decisions(stage.random, coming))
    for decision in plan:
        stage.history.note("decision", **decision)
    watching = _words(
        stage.movies, stage.session, prepared.workflow, "--watch", "--idle-timeout", "3600"
    )
    if "report" not in beside and stage.random.random() < 0.5:
        watching.append("--no-report")  # the last run writes one all the same
    person = [
        sys.executable, "-P", "-m", "nemesis.person", str(stage.session),
        str(stage.history.path), json.dumps(plan),
    ]  # fmt: skip
    stage.services = {
        "session": Service(watching, stage, "session"),
        "person": Service(person, stage, "person"),
    }
    if "server" in beside:
        serve = ("serve", str(stage.disk.folder), "--port", "0")
        words = [sys.executable, "-P", "-m", "icestream", *serve]
        stage.services["server"] = Service(words, stage, "server")
    microscope.start()
    for service in stage.services.values():
        service.start()
    return microscope


def _decisions(random: Random, coming: list[Coming]) -> Iterator[dict[str, Any]]:
    """What the person decides, and when."""
    whole = [one.name for one in coming if one.how in ("whole", "slow")]
    shown = random.sample(whole, 2)
    asked: list[tuple[str, dict[str, Any]]] = [
        (shown[0], {"verb": "reject"}),
        (shown[1], {"verb": "reject"}),
        (shown[1], {"verb": "accept"}),
        ("", {"verb": "set", "step": "pick", "changes": {"threshold": random.choice(THRESHOLDS)}}),
        ("", {"verb": "set", "step": "pick", "changes": {"threshold": random.choice(THRESHOLDS)}}),
    ]
    order = random.sample(asked, len(asked))
    for number, (name, request) in enumerate(order[: random.randint(3, 5)]):
        token = f"t{number}"
        named = {"exposures": [name]} if name else {}
        yield {
            "token": token, "after": random.randint(0, 5 * MOVIES * (number + 1) // 6),
            "exposure": name, "request": {**request, **named, "who": "ada", "why": token},
        }  # fmt: skip


def _meanwhile(stage: Stage, seconds: float) -> None:
    """Wait; at times something is killed meanwhile."""
    kill = stage.random.random() < 0.3
    time.sleep(seconds * (stage.random.random() if kill else 1.0))
    victim = stage.one("coordinator", "worker", "report", seconds=0.1) if kill else None
    if victim is not None:
        with suppress(Exception):
            stage.history.note("meanwhile", kills=victim.cmdline()[-3:])
            victim.kill()


def _drawn(stage: Stage, wanted: int | tuple[str, ...]) -> list[Fault]:
    """The faults of a run, as far as they can be done here."""
    able = [fault for fault in FAULTS if stage.mounted or not fault.disk]
    if not isinstance(wanted, int):
        return [fault for name in wanted for fault in able if fault.name == name]
    weights = [fault.weight for fault in able]
    return stage.random.choices(able, weights, k=stage.random.randint(2, wanted))


def _befall(stage: Stage, drawn: list[Fault]) -> Iterator[tuple[str, str]]:
    """Let faults happen, each when so much has been made."""
    whens = sorted(stage.random.uniform(0.0, 0.9 * 7 * MOVIES) for _ in drawn)
    for when, fault in zip(whens, drawn, strict=True):
        _wait_for_files(stage, when)
        time.sleep(stage.random.uniform(0.0, 2.0 if when < 7 else 0.4))
        stage.history.note("fault", name=fault.name)
        said = fault.happen(stage)
        stage.history.note("over", name=fault.name, said=said)
        yield fault.name, said


def _wait_for_files(stage: Stage, wanted: float, seconds: float = 20.0) -> None:
    """Until so many files are made, or no more come."""
    count, since = -1, time.monotonic()
    while (now := len(stage.files())) < wanted and time.monotonic() - since < seconds:
        if now != count:
            count, since = now, time.monotonic()
        time.sleep(0.05)


def _end(stage: Stage, prepared: Prepared, microscope: Microscope) -> dict[int, int]:
    """Let the session come to its end, and run once more; results that were there before that."""
    microscope.join()
    if not stage.services["person"].wait(PATIENCE):
        stage.history.note("unfinished", why="the person was not answered")
    for name in stage.services.keys() - {"session"}:
        stage.services[name].hold(signal.SIGKILL, 30.0)
    _settled(stage)
    _replace(stage, microscope)
    if not stage.services["session"].hold(signal.SIGINT, PATIENCE):
        stage.history.note("unfinished", why="it does not end when it is told to")
    for left in processes(stage.folder):
        with suppress(Exception):
            left.wait(20)  # a guardian looks three times
    before = _whole_results(stage)
    last = Service(_words(stage.movies, stage.session, prepared.workflow), stage, "last")
    last.log = stage.services["session"].log
    last.start()
    if not last.wait(PATIENCE):
        stage.history.note("unfinished", why="the last run does not end")
    last.hold(signal.SIGKILL, 30.0)
    until = time.monotonic() + 20.0
    while (there := list(processes(stage.folder))) and time.monotonic() < until:
        time.sleep(0.2)
    for one in there:
        with suppress(Exception):
            stage.history.note("left", process=" ".join(one.cmdline()))
    return before


def _settled(stage: Stage) -> None:
    """Until every movie is an exposure that is not going."""
    told, since = None, time.monotonic()
    while time.monotonic() - since < PATIENCE / 4:
        with suppress(sqlite3.Error), _store(stage.session) as store:
            states = dict(store.execute("SELECT state, count(*) FROM exposure GROUP BY 1"))
            if sum(states.values()) == MOVIES and not states.get("going"):
                return
            now = (states, store.execute("SELECT max(seq) FROM event").fetchone())
            if now != told:
                told, since = now, time.monotonic()
        time.sleep(0.3)
    stage.history.note("unsettled", states=str(told))


def _replace(stage: Stage, microscope: Microscope) -> None:
    """Let other movies lie where some were that have been taken."""
    coming = microscope.coming
    for one in coming:
        if one.how == "replaced":
            microscope.replace(one, coming[0])


@contextmanager
def _store(session: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{session}/icestream.db?mode=ro", uri=True)) as store:
        yield store


def _whole_results(stage: Stage) -> dict[int, int]:
    """Results of which all files are there as they were made, by their epochs."""
    sizes = dict[int, bool]()
    with _store(stage.session) as store:
        for result, path, size in store.execute("SELECT result_id, path, size FROM file"):
            there = stage.session / path
            whole = there.is_file() and there.stat().st_size == size
            sizes[result] = sizes.get(result, True) and whole
        epochs = store.execute("SELECT id, epoch FROM result").fetchall()
    return {result: epoch for result, epoch in epochs if sizes.get(result, True)}


def main() -> None:
    """One run, by hand: ``python -m nemesis.run SEED FOLDER [FAULT ...]``."""
    seed, folder = int(sys.argv[1]), Path(sys.argv[2]).absolute()
    folder.mkdir(exist_ok=True)
    faults = tuple(sys.argv[3:]) or 5
    common, image = prepared(folder / "common"), folder / f"{seed}.img"
    print(run(seed, common, folder / str(seed), faults=faults, image=image))


if __name__ == "__main__":
    main()
