"""What the page shows of one exposure, and the facts of the acquisition."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from icestream.model import ITEM_TYPES, QUALITIES, Ctf, Micrograph, Movie, Picks, Picture
from icestream.model.ctf import LEAST_TILT
from icestream.report.follow import rank
from icestream.report.pictures import Found
from icestream.report.shots import ring_edge, specimen_track
from icestream.report.trends import rounded
from icestream.store import queries
from icestream.store.corrections import corrections, standing_corrections
from icestream.store.items import Known, UnknownItem, items_of, pictures_in
from icestream.store.open import Store
from icestream.store.records import ResultRecord, StandingRecord, StepRecord

__all__ = ["Facts", "Session", "add_facts", "ctf_facts", "exposure_details", "shot_facts"]

T = TypeVar("T")
_MOST_PICKS = 3000
_CURVE_POINTS = 400


class Session(NamedTuple):
    """A session, as far as its exposures are understood by it."""

    store: Store
    steps: Sequence[StepRecord]
    titles: Mapping[str, str]
    """Of the steps."""
    known: Known = ITEM_TYPES
    standing: StandingRecord | None = None
    """Results that stand where there are none of now."""


class _Made(NamedTuple):
    """One item of an exposure, and the result that it is in."""

    record: ResultRecord
    port: str
    item: Any


def exposure_details(
    session: Session, name: str, facts: "Facts"
) -> tuple[dict[str, Any], list[Found]]:
    """Details of an exposure for the page, and the pictures there are of it, the main one first."""
    store, titles = session.store, session.titles
    made, results = _made_of(session, name)
    micrograph, ctf, movie = _first(made, Micrograph), _first(made, Ctf), _first(made, Movie)
    facts.take(made)
    details: dict[str, Any] = {
        "picks": _picks(made, titles),
        "facts": list(shot_facts(movie or micrograph, ctf)),
        "decisions": [
            {
                "accepted": word.accepted,
                "step": word.step,
                "who": word.who,
                "why": word.why,
                "time": word.time,
            }
            for word in queries.decisions(store, exposure=name)
        ],
        "corrections": [
            asdict(one) for one in standing_corrections(corrections(store, exposure=name)).values()
        ],
        "unread": [
            f"{titles.get(result.record.step, result.record.step)}: {result.item.why}"
            for result in made
            if isinstance(result.item, UnknownItem)
        ],
    }
    if micrograph is not None:
        details["shape"] = list(micrograph.shape)
        details["pixel_size"] = micrograph.optics.pixel_size
        if micrograph.motion is not None:
            track = specimen_track(micrograph.motion)
            details["track"] = [[_short(dy), _short(dx)] for dy, dx in track]
    if ctf is not None and ctf.curve is not None:
        curve = np.asarray(ctf.curve)[:, :: max(1, ctf.curve.shape[1] // _CURVE_POINTS)]
        details["edge"] = rounded(ring_edge(ctf))
        details["curve"] = {
            key: [rounded(float(value)) for value in row]
            for key, row in zip(("s", "measured", "fitted"), curve, strict=True)
        }
    return details, _pictures(store, made, results)


def add_facts(session: Session, name: str, facts: "Facts") -> None:
    """Look at what an exposure says of the acquisition, and at nothing else of it."""
    facts.take(_made_of(session, name)[0])


def _made_of(session: Session, name: str) -> tuple[list[_Made], list[str]]:
    """All items of an exposure, the best first, and the steps that made them, in their order."""
    store = session.store
    ranks = {step.name: rank(step) for step in session.steps}
    results = queries.results_of(store, name)
    if session.standing is not None:
        stood = queries.results_of(store, name, branch=session.standing)
        results = {step: record for step, record in stood.items() if step in ranks} | results
    best = sorted(results.values(), key=lambda record: ranks[record.step], reverse=True)
    made = [
        _Made(record, port, item)
        for record in best
        for port, item in items_of(store, record, session.known).items()
    ]
    return made, list(results)


def _first(made: Iterable[_Made], kind: type[T]) -> T | None:
    return next((item.item for item in made if isinstance(item.item, kind)), None)


def _pictures(store: Store, made: Sequence[_Made], steps: Sequence[str]) -> list[Found]:
    """The pictures of the best item of each type, in the order of the steps, each once."""
    best: dict[Any, int] = {}
    chosen: dict[Path, Found] = {}
    for record, port, item in made:
        kind = item.type if isinstance(item, UnknownItem) else type(item)
        if best.setdefault(kind, record.id) == record.id:
            for _, path, picture in pictures_in(store, record, {port: item}):
                role = _role(item, path)
                shown = Found(step=record.step, path=path, picture=picture, role=role)
                chosen.setdefault(path, shown)
            if isinstance(item, Micrograph) and item.thumbnail is None:
                # Aligned elsewhere: nobody has made a small picture of it yet.
                chosen[item.path] = Found(
                    step=record.step,
                    path=item.path,
                    picture=Picture("Micrograph"),
                    role="micrograph",
                    pixel_size=item.optics.pixel_size,
                )
    return sorted(chosen.values(), key=lambda f: (f.role != "micrograph", steps.index(f.step)))


def _role(item: Any, path: Path) -> str:
    if isinstance(item, Micrograph) and path == item.thumbnail:
        return "micrograph"
    return "spectrum" if isinstance(item, Ctf) and path == item.spectrum else ""


def _picks(made: Iterable[_Made], titles: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    boxes = {}
    for record, _, picks in made:
        if isinstance(picks, Picks):
            best = np.argsort(-np.asarray(picks.score), kind="stable")[:_MOST_PICKS]
            boxes[titles.get(record.step, record.step)] = {
                "x": np.rint(np.asarray(picks.x)[best]).astype(int).tolist(),
                "y": np.rint(np.asarray(picks.y)[best]).astype(int).tolist(),
                "diameter": picks.diameter,
                "known": picks.diameter_known,
            }
    return boxes


def shot_facts(taken: Movie | Micrograph | None, ctf: Ctf | None) -> Iterator[tuple[str, str]]:
    """What else a person may ask about one exposure, from what was taken in: label and value."""
    shot = taken.details if taken is not None else None
    if shot is not None and shot.nominal_defocus is not None:
        yield "Nominal defocus", f"{shot.nominal_defocus * 1e-4:.2f} µm"
    if ctf is not None:
        yield from ctf_facts(ctf)
    if shot is not None and shot.stage is not None:
        yield "Stage", ", ".join(f"{coordinate:.1f}" for coordinate in shot.stage) + " µm"
    if shot is not None and shot.tilt is not None and abs(shot.tilt) >= 0.1:
        yield "Stage tilt", f"{shot.tilt:.1f}°"
    if shot is not None:
        yield "Exposure group", str(shot.group)
    if taken is not None and taken.inherited:
        names = ", ".join(name.replace("_", " ") for name in taken.inherited)
        yield "From the movies before", f"{names}: no metadata of its own"


def ctf_facts(ctf: Ctf) -> Iterator[tuple[str, str]]:
    """What the CTF says beyond what is plotted, with its errors: label and value.

    What is a quality, too, has its title, and is shown in its place.
    """
    if ctf.doubt:
        yield "CTF in doubt", ctf.doubt
    if ctf.astigmatism_error is not None:
        yield "Astigmatism error", f"± {ctf.astigmatism_error:.0f} Å"
    if not ctf.angle_known:
        yield _title("ctf.angle"), "unknown: hardly any astigmatism"
    elif ctf.angle_error is not None:
        yield _title("ctf.angle"), f"{ctf.angle:.0f} ± {ctf.angle_error:.0f}°"
    if ctf.phase_shift_error is not None:
        yield _title("ctf.phase_shift"), f"{ctf.phase_shift:.0f} ± {ctf.phase_shift_error:.0f}°"
    if ctf.gradient is not None:
        yield (
            _title("ctf.tilt"),
            f"{ctf.tilt:.1f} ± {ctf.tilt_error:.1f}° about {ctf.tilt_axis:.0f}°",
        )
    elif ctf.gradient_error is not None:
        yield _title("ctf.tilt"), f"none that can be told, less than {LEAST_TILT:.0f}°"
    if ctf.thickness is not None:
        error = f" ± {ctf.thickness_error:.0f}" if ctf.thickness_error is not None else ""
        yield _title("ctf.thickness"), f"{ctf.thickness:.0f}{error} Å"
    elif ctf.thickness_least is not None:
        yield _title("ctf.thickness"), f"{ctf.thickness_least:.0f} Å at least"


def _title(quality: str) -> str:
    return QUALITIES[quality].title


def _short(value: float) -> float:
    return round(float(value), 2)


class Facts:
    """What the movies say about the acquisition; a value that is not always the same shows so."""

    def __init__(self) -> None:
        self._values: dict[str, list[str]] = {}
        self.pixel_size = 0.0
        """Largest of the micrographs that were looked at, Å; 0 before the first."""

    def __len__(self) -> int:
        return len(self._values)

    def take(self, made: "Sequence[_Made]") -> None:
        """Look at the items of one exposure."""
        micrograph, movie = _first(made, Micrograph), _first(made, Movie)
        taken = movie or micrograph
        if taken is not None:
            self.add(taken, micrograph)

    def add(self, taken: Movie | Micrograph, micrograph: Micrograph | None) -> None:
        """Look at one movie and what was made of it; or at a micrograph, aligned elsewhere."""
        optics = taken.optics
        height, width = taken.shape
        self.pixel_size = max(self.pixel_size, (micrograph or taken).optics.pixel_size)
        facts = {
            "Pixel size": f"{optics.pixel_size:.4g} Å",
            "Voltage": f"{optics.voltage:g} kV",
            "Spherical aberration": f"{optics.spherical_aberration:g} mm",
            "Amplitude contrast": f"{optics.amplitude_contrast:g}",
        }
        facts |= _of_movie(taken) if isinstance(taken, Movie) else {}
        facts |= {
            "Frame size" if isinstance(taken, Movie) else "Size": f"{width} × {height} px",
            "Format": taken.path.suffix.lstrip(".").upper(),
        }
        if isinstance(taken, Movie):
            facts["Gain reference"] = taken.gain.name if taken.gain else "none: corrected already"
            if micrograph is not None and abs(micrograph.binning - 1.0) > 1e-6:
                facts["Micrograph pixel size"] = f"{micrograph.optics.pixel_size:.4g} Å"
        for name, source in taken.assumed:
            facts[name.replace("_", " ").capitalize()] += f" ({source})"
        for label, value in facts.items():
            seen = self._values.setdefault(label, [])
            if value not in seen:
                seen.append(value)

    def shown(self, groups: int = 0) -> list[dict[str, str | None]]:
        """Label, value, and what else was found under the same label.

        Parameters
        ----------
        groups
            Exposure groups of all exposures, of which those that were looked at know a part.
        """
        told: list[dict[str, str | None]] = [
            {
                "label": label,
                "value": seen[0],
                "note": f"also {', '.join(seen[1:4])}" if len(seen) > 1 else None,
            }
            for label, seen in self._values.items()
        ]
        if groups:
            told.append({"label": "Exposure groups", "value": str(groups), "note": None})
        return told


def _of_movie(movie: Movie) -> dict[str, str]:
    facts = {
        "Dose per frame": _known(movie.dose_per_frame, "e/Å²"),
        "Dose": _known(movie.dose, "e/Å²"),
        "Frames": str(movie.frames),
    }
    if movie.eer_grouping > 1:
        facts["EER frames in one"] = str(movie.eer_grouping)
    return facts


def _known(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}" if value > 0 else "not known"
