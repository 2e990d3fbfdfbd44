"""A session as OSC-EM metadata: JSON of the schema for single particles, version 1.0.1."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from icestream.exports.deposit.about import About, read_about
from icestream.exports.deposit.facts import DepositFacts, common, gather_facts
from icestream.model import Ctf, Micrograph, Movie, Picks, Volume
from icestream.whole import written_whole

__all__ = ["export_osc_em", "osc_em"]

_Document = dict[str, Any]
_SI = {
    "kV": (1e3, "V"),
    "mm": (1e-3, "m"),
    "Å": (1e-10, "m"),
    "nm": (1e-9, "m"),
    "e/Å²": (1e20, "1/m²"),
}
"""Factor and unit of the SI for each unit that is written."""


def export_osc_em(session: Path, out: Path, about: Path | None = None) -> tuple[str, ...]:
    """Write OSC-EM metadata of the session in a folder; say what they lack.

    Parameters
    ----------
    session
        The session's folder; it may still be running.
    out
        The JSON file.
    about
        What people say of it; by default ``deposition.toml`` in the session's folder.
    """
    said = read_about(session, about)
    facts = gather_facts(session)
    document, missing = osc_em(facts, said)
    out.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(out) as unfinished:
        text = json.dumps(document, indent=1, ensure_ascii=False)
        unfinished.write_text(f"{text}\n", encoding="utf-8")
    return missing


def osc_em(facts: DepositFacts, about: About) -> tuple[_Document, tuple[str, ...]]:
    """The metadata, and sentences on what the schema asks for and nobody said.

    What is not known is left out, so metadata that lack something that the schema requires are
    refused by it.
    """
    document = {
        "acquisition": _acquisition(facts, about),
        "instrument": _instrument(facts, about),
        "organizational": _organizational(about),
        "processing": _processing(facts),
    }
    known = {name: part for name, part in document.items() if part}
    return known, (*_missing(document, about), *facts.assumptions())


def _missing(document: Mapping[str, _Document], about: About) -> Iterator[str]:
    wanted = {
        "acquisition": {
            "detectors": "say microscope.detector",
            "date_time": "the metadata of the movies do not say when they were taken",
            "binning_camera": "say microscope.binning",
            "pixel_size": "the session has taken in no image yet",
        },
        "instrument": {
            "microscope": "say microscope.model",
            "illumination": "say microscope.illumination",
            "imaging": "say microscope.imaging",
            "electron_source": "say microscope.electron_source",
            "acceleration_voltage": "the session has taken in no image yet",
        },
    }
    for part, names in wanted.items():
        for name, why in names.items():
            if name not in document[part]:
                yield f"{part}.{name} is required and not known: {why}"
    for number, author in enumerate(about.authors, 1):
        lacking = [name for name in ("email", "organization_type") if not getattr(author, name)]
        if lacking:
            yield f"author {number} is left out: say {' and '.join(lacking)}"
    if not about.authors:
        yield "organizational.authors is not known: say authors"


def _acquisition(facts: DepositFacts, about: About) -> _Document:
    movies = facts.movies
    shots = [movie.details for movie in movies if movie.details is not None]
    acquired = facts.acquired
    defoci = [shot.nominal_defocus * 0.1 for shot in shots if shot.nominal_defocus is not None]
    doses = [movie.dose for movie in movies if movie.dose_per_frame > 0]
    shape = common(movie.shape for movie in movies)
    gains = {str(movie.gain_orientation) for movie in movies if movie.gain is not None}
    microscope = about.microscope
    found = {
        "technique": "spa",
        "detectors": [_known({"name": microscope.detector, "mode": microscope.detector_mode})]
        if microscope.detector
        else None,
        "date_time": acquired[0].isoformat() if acquired else None,
        "binning_camera": {"height": microscope.binning, "width": microscope.binning}
        if microscope.binning
        else None,
        "pixel_size": _quantity(facts.optics.pixel_size, "Å") if facts.optics else None,
        "nominal_defocus": _span(defoci, "nm"),
        "dose_per_movie": _quantity(fmean(doses), "e/Å²") if doses else None,
        "image_size": {"height": shape[0], "width": shape[1]} if shape else None,
        "frames_per_movie": common(movie.frames for movie in movies),
        "images_generated": len(facts.exposures) or None,
        "beamtiltgroups": len({shot.group for shot in shots}) or None,
        "gainref_flip_rotate": gains.pop() if len(gains) == 1 else None,
    }
    return _known(found)


def _instrument(facts: DepositFacts, about: About) -> _Document:
    said, optics = about.microscope, facts.optics
    microscope = _known({"model": said.model, "manufacturer": said.manufacturer})
    found = {
        "microscope": microscope if said.model else None,
        "illumination": said.illumination,
        "imaging": said.imaging,
        "electron_source": said.electron_source,
        "acceleration_voltage": _quantity(optics.voltage, "kV") if optics else None,
        "cs": _quantity(optics.spherical_aberration, "mm") if optics else None,
    }
    return _known(found)


def _organizational(about: About) -> _Document:
    authors = [
        _known(
            {
                "family_name": author.last,
                "given_name": author.first,
                "email": author.email,
                "orcid": author.orcid,
                "name_org": author.organization,
                "type_org": author.organization_type,
                "country": author.country,
            }
        )
        for author in about.authors
        if author.email and author.organization_type
    ]
    return {"authors": authors} if authors else {}


def _processing(facts: DepositFacts) -> _Document:
    kept, movies, fits = facts.kept, facts.movies, facts.fits
    micrographs = sum(one.micrograph is not None for one in kept)
    found: _Document = {}
    if movies:
        doses = [movie.dose_per_frame for movie in movies if movie.dose_per_frame > 0]
        gain = common(movie.gain.name for movie in movies if movie.gain is not None)
        found["movies"] = _known(
            {
                "dose_per_image": _plain(fmean(doses), "e/Å²") if doses else None,
                "initial_dose": _plain(fmean(one.pre_exposure for one in movies), "e/Å²"),
                "gain_image": gain,
                "descriptors": _descriptors(facts, (Movie,)),
            }
        )
    if micrographs:
        made = {
            "number_micrographs": micrographs,
            "descriptors": _descriptors(facts, (Micrograph,)),
        }
        found["micrographs"] = _known(made)
    if fits:
        found["ctfs"] = _ctfs(facts, fits)
    with_picks = [len(one.picks) for one in kept if one.picks is not None]
    if with_picks:
        found["coordinates"] = _known(
            {
                "number_particles": facts.picked,
                "particles_per_micrograph": fmean(with_picks),
                "num_source_micrographs": len(with_picks),
                "descriptors": _descriptors(facts, (Picks,)),
            }
        )
    if facts.classes is not None:
        found["classes2D"] = _known(
            {
                "particles_per_2Dclass": [round(float(one)) for one in facts.classes.counts],
                "descriptors": _descriptors(facts, (type(facts.classes),)),
            }
        )
    if facts.volume is not None:
        found["volumes"] = [_volume(facts, facts.volume)]
    return found


def _ctfs(facts: DepositFacts, fits: Sequence[Ctf]) -> _Document:
    defoci = [fit.defocus for fit in fits]
    reached = [fit.resolution for fit in fits if fit.resolution > 0]
    return _known(
        {
            "amplitude_contrast": common(fit.optics.amplitude_contrast for fit in fits),
            "defocus": _extremes("defocus", defoci),
            "resolution": _extremes("resolution", reached),
            "descriptors": _descriptors(facts, (Ctf,)),
        }
    )


def _volume(facts: DepositFacts, volume: Volume) -> _Document:
    sides = [volume.box] * 3 if volume.box else None
    # Of uneven views no one number holds in all directions, and a limit is no resolution.
    told = volume.resolution > 0 and volume.even and not volume.resolution_is_limit
    return _known(
        {
            "volume_type": "initial volume",
            "vol_number_particles": volume.particles,
            "vol_resolution": _plain(volume.resolution, "Å") if told else None,
            "size": sides,
            "descriptors": _descriptors(facts, (Volume,)),
        }
    )


def _descriptors(facts: DepositFacts, kinds: Iterable[type[object]]) -> list[_Document] | None:
    """The steps that made something, with their programs and all their parameters."""
    found = [step for step in map(facts.step_of, kinds) if step is not None]
    return [
        {
            "descriptor_name": step.title,
            "descriptor_thing": {
                "step": step.record.name,
                "protocol": step.record.protocol,
                "version": step.run.version if step.run is not None else None,
                "parameters": dict(step.record.parameters),
            },
        }
        for step in found
    ] or None


def _extremes(name: str, values: Sequence[float]) -> _Document | None:
    if not values:
        return None
    return {
        f"output_min_{name}": _plain(min(values), "Å"),
        f"output_max_{name}": _plain(max(values), "Å"),
        f"output_avg_{name}": _plain(fmean(values), "Å"),
    }


def _span(values: Sequence[float], unit: str) -> _Document | None:
    if not values:
        return None
    return {"minimal": _quantity(min(values), unit), "maximal": _quantity(max(values), unit)}


def _quantity(value: float, unit: str) -> _Document:
    factor, base = _SI[unit]
    return _plain(value, unit) | {"valueSI": float(f"{value * factor:.10g}"), "unitSI": base}


def _plain(value: float, unit: str) -> _Document:
    return {"value": float(f"{value:.8g}"), "unit": unit}


def _known(document: Mapping[str, Any]) -> _Document:
    return {name: value for name, value in document.items() if value is not None}
