"""What a RELION project hands over: its Extract job, and the coordinates of its AutoPick job."""

from collections.abc import Iterator
from pathlib import Path

from icestream.exports.relion.jobs import PARTICLES, PICKS, WITH_CTF
from icestream.exports.verify.handed import HandedList, HandedParticle, spread
from icestream.formats.star import Block, read_star

__all__ = ["is_relion", "read_relion"]

_OPTICS = {
    "rlnImagePixelSize": "image pixel size",
    "rlnMicrographPixelSize": "micrograph pixel size",
    "rlnVoltage": "voltage",
    "rlnSphericalAberration": "spherical aberration",
    "rlnAmplitudeContrast": "amplitude contrast",
}
_CTF = {
    "rlnDefocusU": "defocus u",
    "rlnDefocusV": "defocus v",
    "rlnDefocusAngle": "defocus angle",
    "rlnPhaseShift": "phase shift",
}


def is_relion(folder: Path) -> bool:
    """Whether a folder is a RELION project."""
    return (folder / "default_pipeline.star").exists()


def read_relion(folder: Path, most: int) -> Iterator[HandedList]:
    """Particles and picks of a project of ours, at most so many of each."""
    groups = _groups(folder / WITH_CTF.path)
    particles = folder / PARTICLES.path
    if particles.exists():
        yield _particles(folder, particles, groups, most)
    picks = folder / PICKS.path
    if picks.exists():
        yield _picks(folder, picks, groups, most)


def _particles(
    folder: Path, path: Path, groups: dict[str, dict[str, float]], most: int
) -> HandedList:
    blocks = read_star(path)
    table, images = blocks["particles"], _rows(blocks["optics"])
    inverted = _inverted(path.with_name("job.star"))
    sample = []
    for row in spread(len(table), most):
        index, _, stack = table.columns["rlnImageName"][row].partition("@")
        group = table.columns["rlnOpticsGroup"][row]
        optics = {**groups.get(group, {}), **_said(images[group], _OPTICS)}
        sample.append(
            HandedParticle(
                micrograph=folder / table.columns["rlnMicrographName"][row],
                x=float(table.columns["rlnCoordinateX"][row]),
                y=float(table.columns["rlnCoordinateY"][row]),
                number=int(index) - 1,
                stack=folder / stack,
                index=int(index) - 1,
                dark=inverted,
                box=int(images[group]["rlnImageSize"]),
                says=optics
                | {name: float(table.columns[label][row]) for label, name in _CTF.items()},
            )
        )
    return HandedList(name="particles", of="particles", total=len(table), sample=sample)


def _picks(folder: Path, path: Path, groups: dict[str, dict[str, float]], most: int) -> HandedList:
    """Of as many micrographs as particles are asked for, one of each, or else more."""
    listed = read_star(path)["coordinate_files"]
    chosen = spread(len(listed), most)
    each = -(-most // max(len(chosen), 1))
    group_of = _group_of(folder / WITH_CTF.path)
    sample = []
    for row in chosen:
        name = listed.columns["rlnMicrographName"][row]
        table = _first(folder / listed.columns["rlnMicrographCoordinates"][row])
        sample += [
            HandedParticle(
                micrograph=folder / name,
                x=float(table.columns["rlnCoordinateX"][number]),
                y=float(table.columns["rlnCoordinateY"][number]),
                number=number,
                says=groups.get(group_of.get(name, ""), {}),
            )
            for number in spread(len(table), each)
        ]
    sample = [sample[place] for place in spread(len(sample), most)]
    total = sum(
        int(count)
        for count in _first(path.with_name("summary.star")).columns["rlnGroupNrParticles"]
    )
    return HandedList(name="picks", of="picks", total=total, sample=sample)


def _first(path: Path) -> Block:
    return next(iter(read_star(path).values()))


def _groups(path: Path) -> dict[str, dict[str, float]]:
    """What the optics groups of the micrographs say, by their numbers."""
    if not path.exists():
        return {}
    return {name: _said(row, _OPTICS) for name, row in _rows(read_star(path)["optics"]).items()}


def _group_of(path: Path) -> dict[str, str]:
    table = read_star(path)["micrographs"].columns
    return dict(zip(table["rlnMicrographName"], table["rlnOpticsGroup"], strict=True))


def _rows(optics: Block) -> dict[str, dict[str, str]]:
    """Rows of an optics block, by the numbers of the groups."""
    labels = list(optics.columns)
    rows = (
        dict(zip(labels, row, strict=True)) for row in zip(*optics.columns.values(), strict=True)
    )
    return {row["rlnOpticsGroup"]: row for row in rows}


def _said(row: dict[str, str], names: dict[str, str]) -> dict[str, float]:
    return {name: float(row[label]) for label, name in names.items() if label in row}


def _inverted(path: Path) -> bool:
    """Whether the job says that it inverted the contrast; RELION's own default is that it did."""
    if not path.exists():
        return True
    options = read_star(path)["joboptions_values"].columns
    said = dict(zip(options["rlnJobOptionVariable"], options["rlnJobOptionValue"], strict=True))
    return bool(said.get("do_invert", "Yes") == "Yes")
