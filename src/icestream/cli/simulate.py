"""`icestream simulate`: a microscope that writes a session whose truth is known."""

import signal
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console

from icestream.simulator.acquire import acquire
from icestream.simulator.faults import FAULTS
from icestream.simulator.plan import Arrival, Container, Layout, SessionPlan
from icestream.simulator.schedule import Shot
from icestream.units import Angstrom, ElectronPerAngstrom2, Kilovolt, Micrometre, Millimetre, Pixel

__all__ = ["simulate"]

_FAULT_HELP = (
    "What goes wrong: 'all', or some of "
    + "; ".join(f"{name} ({what})" for name, what in FAULTS.items())
    + ". With the numbers of exposures after an @ it befalls those: motion@41-60."
)

_RANGE = Parameter(negative_iterable=())


def simulate(  # noqa: PLR0913 - one argument for each option
    out: Path,
    *,
    movies: int = SessionPlan.movies,
    specimen: str = SessionPlan.specimen,
    particles: int = SessionPlan.particles,
    end_on: float = SessionPlan.end_on,
    seed: int = SessionPlan.seed,
    layout: Layout = SessionPlan.layout,
    container: Container = SessionPlan.container,
    size: Pixel = SessionPlan.size,
    frames: int = SessionPlan.frames,
    pixel_size: Angstrom = SessionPlan.pixel_size,
    voltage: Kilovolt = SessionPlan.voltage,
    cs: Millimetre = SessionPlan.spherical_aberration,
    dose_per_frame: ElectronPerAngstrom2 = SessionPlan.dose_per_frame,
    amplitude_contrast: float = SessionPlan.amplitude_contrast,
    defocus: Annotated[tuple[Micrometre, Micrometre], _RANGE] = SessionPlan.defocus,
    astigmatism: Angstrom = SessionPlan.astigmatism,
    b_factor: Annotated[tuple[float, float], _RANGE] = SessionPlan.b_factor,
    ice: Annotated[tuple[Angstrom, Angstrom], _RANGE] = SessionPlan.thickness,
    eer_frames: int = SessionPlan.eer_frames,
    holes_per_square: int = SessionPlan.holes_per_square,
    shots_per_hole: int = SessionPlan.shots_per_hole,
    rate: float = SessionPlan.rate,
    speed: float = SessionPlan.speed,
    arrival: Arrival = SessionPlan.arrival,
    metadata: Literal["first", "last"] = "first",
    faults: Annotated[
        list[str] | None,
        Parameter(help=_FAULT_HELP, consume_multiple=True, negative_iterable=()),
    ] = None,
    quiet: bool = False,
) -> int:
    """Be a microscope: write a session's movies and metadata, in real time.

    The truth about every exposure is written beside the session, in OUT_truth. Ctrl-C ends the
    session after the movie that is being written.

    Parameters
    ----------
    out
        Folder of the session; must be new or empty.
    movies
        Movies to write; 0: until it is stopped.
    specimen
        cage (a hollow shell, 130 Å), brick (D2, 130 Å), barrel (D7, 150 Å), rod, stalk, or the
        path of a .pdb, .pdb.gz, .mrc or .map file.
    particles
        Particles in a movie, about; fewer where no more fit side by side.
    end_on
        Part of the particles that are seen along the z axis of the specimen, 0 to 1; the others
        are seen from anywhere.
    seed
        The same seed writes the same movies.
    layout
        Folders, names and metadata as EPU or as SerialEM writes them.
    container
        Movies as LZW TIFF, MRC or EER.
    size
        Pixels along each side of the camera.
    frames
        Frames in a movie.
    pixel_size
        Å.
    voltage
        kV.
    cs
        Spherical aberration, mm.
    dose_per_frame
        e/Å².
    defocus
        Lowest and highest defocus, µm; five steps are taken between them.
    astigmatism
        Å.
    amplitude_contrast
        Fraction, 0 to 1.
    b_factor
        Least and largest envelope exp(-B k²/4), Å².
    ice
        Thinnest and thickest ice, Å.
    eer_frames
        EER: camera frames written for each frame.
    holes_per_square
        Foil holes before the stage goes to the next grid square.
    shots_per_hole
        Exposures in each hole.
    rate
        Movies an hour by the microscope's clock.
    speed
        How many times faster than that clock; 0: as fast as this machine can.
    arrival
        A movie appears whole (rename), grows (copy), or has its size at once and is filled
        (extend).
    metadata
        Whether the metadata come before or after their movie.
    quiet
        Print nothing.
    """
    chosen = set(faults or ())
    plan = SessionPlan(
        movies=movies,
        specimen=specimen,
        particles=particles,
        end_on=end_on,
        seed=seed,
        layout=layout,
        container=container,
        size=size,
        frames=frames,
        pixel_size=pixel_size,
        voltage=voltage,
        spherical_aberration=cs,
        dose_per_frame=dose_per_frame,
        amplitude_contrast=amplitude_contrast,
        defocus=defocus,
        astigmatism=astigmatism,
        b_factor=b_factor,
        thickness=ice,
        eer_frames=eer_frames,
        holes_per_square=holes_per_square,
        shots_per_hole=shots_per_hole,
        rate=rate,
        speed=speed,
        arrival=arrival,
        metadata_first=metadata == "first",
        faults=frozenset((chosen - {"all"}) | set(FAULTS) if "all" in chosen else chosen),
    )
    console = Console(quiet=quiet, highlight=False, markup=False)
    stop = Event()
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        done = acquire(plan, out, stop=stop, on_movie=_teller(console, plan))
    except (ValueError, FileExistsError) as problem:
        Console(stderr=True, highlight=False, markup=False).print(str(problem))
        return 2
    finally:
        signal.signal(signal.SIGINT, before)
    console.print(f"{done.movies} movies in {done.folder}", soft_wrap=True)
    console.print(f"gain reference {done.gain}", soft_wrap=True)
    console.print(f"truth {done.truth}", soft_wrap=True)
    return 0 if plan.movies in (done.movies, 0) else 130


def _teller(console: Console, plan: SessionPlan) -> Callable[[Shot, Path], None]:
    """Something that prints a line for each movie."""

    def tell(shot: Shot, movie: Path) -> None:
        of = f"/{plan.movies}" if plan.movies else ""
        notes = sorted(shot.faults - {"wrong-gain"})
        told = f"  {', '.join(notes)}" if notes else ""
        defocus = shot.conditions.aberrations.defocus * 1e-4
        console.print(
            f"{shot.number + 1}{of}  {movie.name}  {defocus:.2f} µm{told}", soft_wrap=True
        )

    return tell
