"""`icestream plan`: what this machine keeps up with, and what microscopes need."""

import os
import shutil
import sys
from contextlib import closing
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated

import structlog
from cyclopts import Group, Parameter

from icestream.cli.running import machine_here
from icestream.cli.terminal import print_json, print_table
from icestream.engine.graph.workflow import load_workflow
from icestream.engine.session import Machine
from icestream.facility.file import facility_file, load_facility
from icestream.planning.cameras import CameraKind, camera_called
from icestream.planning.costs import Demand, Hardware, NotPlanned, SessionCosts
from icestream.planning.disk import DiskPace, measure_disk
from icestream.planning.keeping import days_by_rules, days_said
from icestream.planning.measured import session_costs
from icestream.planning.model import CapacityPlan
from icestream.planning.model import plan as planned
from icestream.planning.rehearsal import rehearse
from icestream.planning.words import (
    Basis,
    assumed,
    cost_rows,
    day_rows,
    full_words,
    measured,
    need_rows,
    pace_lines,
    plan_document,
)
from icestream.protocol import Registry
from icestream.settings import load
from icestream.store.open import open_store
from icestream.units import Angstrom, ElectronPerAngstrom2, Pixel, Second

__all__ = ["plan"]

_MEASURED = Group("What is measured", sort_key=1)


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """Which movies are simulated and processed; nothing of it is given beside --from."""

    camera: Annotated[str | None, Parameter(group=_MEASURED)] = None
    """K3 (default), K3 super-resolution, K2, Falcon 4i or Falcon 3."""

    workflow: Annotated[str | None, Parameter(group=_MEASURED)] = None
    """Name of a workflow, or a workflow file. Default: the workflow called default."""

    size: Annotated[tuple[Pixel, Pixel] | None, Parameter(group=_MEASURED)] = None
    """Pixels of a frame, up and across. Default: the camera's."""

    frames: Annotated[int | None, Parameter(group=_MEASURED)] = None
    """Of a movie; of EER movies, fractions. Default: as usual with the camera."""

    pixel_size: Annotated[Angstrom | None, Parameter(group=_MEASURED)] = None
    """Å. Default: as usual with the camera."""

    dose_per_frame: Annotated[ElectronPerAngstrom2 | None, Parameter(group=_MEASURED)] = None
    """e/Å². Default: as usual with the camera."""

    particles: Annotated[int | None, Parameter(group=_MEASURED)] = None
    """In each movie. Default: 300."""

    seconds: Annotated[Second | None, Parameter(group=_MEASURED)] = None
    """How long they are processed, s. Default: 40."""

    def given(self) -> list[str]:
        """The options that somebody gave."""
        said = [one.name for one in fields(self) if getattr(self, one.name) is not None]
        return [f"--{name.replace('_', '-')}" for name in said]

    def kind(self) -> CameraKind:
        """The camera, as usual or as was said."""
        said = {"shape": self.size} | {
            name: getattr(self, name) for name in ("frames", "pixel_size", "dose_per_frame")
        }
        changed = {name: value for name, value in said.items() if value is not None}
        return replace(camera_called(self.camera or "K3"), **changed)


def plan(  # noqa: PLR0913 - one argument for each option
    folder: Path | None = None,
    /,
    *,
    microscopes: int = 1,
    rate: float = 300.0,
    hours: float = 24.0,
    spare: float = 25.0,
    keep: Annotated[tuple[str, ...], Parameter(negative_iterable=())] = (),
    from_: Annotated[Path | None, Parameter(name="--from", group=_MEASURED)] = None,
    simulated: Annotated[Simulated | None, Parameter(name="*")] = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Say what rate of movies this machine keeps up with, and what microscopes need.

    It processes simulated movies for about a minute on all cores, measures the disk, and says what
    was measured and what was assumed. The exit status is 1 where this machine does not keep up.

    Parameters
    ----------
    folder
        On the disk where sessions will be kept; the current folder when not given. Nothing is left
        in it.
    microscopes
        How many, each with a session of its own.
    rate
        Movies in an hour, of each.
    hours
        Of each day in which movies come.
    spare
        Per cent that what is needed is more than the mean.
    keep
        How many days data stay on the disk: raw=21, micrographs=60, particles=never. When not
        given, as the rules of the facility file say; for ever without one.
    from_
        Folder of a session that ran on this machine: what its results cost is used, and nothing is
        simulated.
    json
        For programs: bytes, seconds, movies an hour.
    """
    simulated = simulated or Simulated()
    demand = Demand(
        microscopes=microscopes, rate=rate, hours=hours, spare=spare / 100.0, keep=days_said(keep)
    )
    demand, rules = _with_rules(demand)
    settings = load().settings
    os.environ["ICESTREAM_STATE"] = str(settings.state)  # for every process of the short session
    machine = machine_here(settings)
    if from_ is not None and (given := simulated.given()):
        raise NotPlanned(
            f"{', '.join(given)} beside --from: with --from the session says what its movies and "
            "steps are; leave one of them out"
        )
    where = _folder(folder or from_ or Path.cwd())
    if from_ is not None:
        costs = _of_session(from_)
        basis = Basis(session=str(from_), folder=str(where), disk=_disk(where), rules=rules)
    else:
        costs, basis = _measure(simulated, where, machine, rules)
    result = planned(costs, _hardware(machine, basis.disk, where), demand)
    if json:
        print_json(plan_document(result, basis))
    else:
        _show(result, basis)
    return 0 if result.keeps_up else 1


def _folder(given: Path) -> Path:
    """The folder, or the nearest that is there, for sessions make theirs."""
    whole = given.absolute()
    there = next(path for path in (whole, *whole.parents) if path.exists())
    if not there.is_dir():
        raise NotPlanned(f"{there} is no folder: name one on the disk where sessions will be kept")
    return there


def _with_rules(demand: Demand) -> tuple[Demand, str]:
    """What stays as was asked, or as the facility file says, and whose word that is."""
    if demand.keep:
        return demand, "as asked"
    if not facility_file().exists():
        return demand, "for ever, for there is no facility file with rules; see --keep"
    file = load_facility()
    keep = days_by_rules(file.file.keep)
    if not keep:
        return demand, f"for ever, for {file.path} has no rules that remove anything"
    return replace(demand, keep=keep), f"by the rules of {file.path}, a day of session included"


def _of_session(session: Path) -> SessionCosts:
    with closing(open_store(session, readonly=True)) as store:
        return session_costs(store, Registry())


def _disk(folder: Path) -> DiskPace:
    print(f"measuring the disk of {folder}", file=sys.stderr, flush=True)
    return measure_disk(folder)


def _measure(
    simulated: Simulated, folder: Path, machine: Machine, rules: str
) -> tuple[SessionCosts, Basis]:
    camera, workflow = simulated.kind(), load_workflow(simulated.workflow or "default")
    particles = 300 if simulated.particles is None else simulated.particles
    seconds = 40.0 if simulated.seconds is None else simulated.seconds
    wrong = [f"particles is {particles}: it must be 1 or more"] if particles < 1 else []
    if not 0 < seconds <= 3600:
        wrong.append(f"seconds is {seconds:g}: it must be above 0, at most 3600")
    if wrong:
        raise NotPlanned("this cannot be measured: " + "; ".join(wrong))
    disk = _disk(folder)
    print(
        f"making a movie of a {camera.name}, and processing it for {seconds:g} s",
        file=sys.stderr,
        flush=True,
    )
    # What the short session says of itself is of no interest.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    made = rehearse(workflow, camera, folder, machine=machine, particles=particles, seconds=seconds)
    return made.costs, Basis(
        rehearsed=made,
        camera=camera,
        particles=particles,
        folder=str(folder),
        disk=disk,
        rules=rules,
    )


def _hardware(machine: Machine, disk: DiskPace | None, folder: Path) -> Hardware:
    return Hardware(
        cores=machine.cores,
        memory=machine.memory,
        gpus=len(machine.gpus),
        write=None if disk is None else disk.write,
        read=None if disk is None else disk.read,
        free=shutil.disk_usage(folder).free,
    )


def _show(made: CapacityPlan, basis: Basis) -> None:
    demand = made.demand
    print(*pace_lines(made), sep="\n")
    several = f"{demand.microscopes} microscopes"
    print(f"\nwhat {several if demand.microscopes > 1 else 'it'} at {demand.rate:g} movies/h need")
    print_table(("", several if demand.microscopes > 1 else "all", "each"), need_rows(made))
    print(f"\nwhat comes in a day ({demand.movies_a_day:,.0f} movies), and stays")
    print_table(("class", "a day", "stays", "lies there then"), day_rows(made))
    print(full_words(made))
    print(f"\nmeasured, workflow {made.costs.workflow}")
    print(*(f"- {line}" for line in measured(made, basis)), sep="\n")
    print_table(
        ("step", "core seconds", "memory", "GPUs", "writes", "tasks measured"), cost_rows(made)
    )
    print("\nassumed")
    print(*(f"- {line}" for line in assumed(made, basis)), sep="\n")
