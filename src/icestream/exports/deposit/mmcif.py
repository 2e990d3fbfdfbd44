"""A session as the ``_em_*`` categories of PDBx/mmCIF: the beginning of an entry of EMDB or PDB.

It is what the archive's dictionary wants: its categories that are for everybody, its words, ASCII
alone, and every item that an entry must have, of which nobody may know the value (``?``).
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from icestream.exports.deposit.about import About, read_about
from icestream.exports.deposit.facts import DepositFacts, UsedStep, common, gather_facts
from icestream.model import Classes, Ctf, Micrograph, Particles, Picks, Volume, safe_file_name
from icestream.whole import written_whole

__all__ = ["em_categories", "export_mmcif"]

Value = str | int | float | None
"""None is written as ``?``: not known."""
Rows = Sequence[Mapping[str, Value]]

_SOFTWARE: Sequence[tuple[type[object], str, str]] = (
    (Picks, "PARTICLE SELECTION", "image_processing_id"),
    (Ctf, "CTF CORRECTION", "image_processing_id"),
    (Classes, "CLASSIFICATION", "image_processing_id"),
    (Volume, "INITIAL EULER ASSIGNMENT", "image_processing_id"),
    (Volume, "RECONSTRUCTION", "image_processing_id"),
)
"""Categories of the archive's list of what programs were used for, and what each row points to."""


_ALWAYS = frozenset(
    (
        "embedding_applied", "shadowing_applied", "staining_applied", "vitrification_applied",
        "source", "type", "name",
    )
)  # fmt: skip
"""Items that the dictionary wants although nobody may know them."""
_LETTERS = str.maketrans(
    {
        "Å": "A", "µ": "u", "μ": "u", "×": "x", "°": " deg", "²": "^2", "–": "-", "—": "-",
        "…": "...", "’": "'", "‘": "'", "“": '"', "”": '"', "ß": "ss", "æ": "ae", "Æ": "AE",
        "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
        "ð": "d", "þ": "th", "ı": "i",
    }
)  # fmt: skip
"""What has no accent to be taken off; of all else the letter stays."""


def export_mmcif(session: Path, out: Path, about: Path | None = None) -> tuple[str, ...]:
    """Write the ``_em_*`` categories of the session in a folder; say what they lack.

    Parameters
    ----------
    session
        The session's folder; it may still be running.
    out
        The CIF file.
    about
        What people say of it; by default ``deposition.toml`` in the session's folder.
    """
    from gemmi import cif  # only this export needs it

    said = read_about(session, about)
    facts = gather_facts(session)
    document = cif.Document()
    block = document.add_new_block(safe_file_name(facts.session.name))
    found = em_categories(facts, said)
    for category, rows in found.items():
        # A column without any value says nothing, and the archive takes its absence as unknown.
        names = [
            name for name in rows[0]
            if name in _ALWAYS or any(row[name] is not None for row in rows)
        ]  # fmt: skip
        loop = block.init_loop(f"_{category}.", names)
        for row in rows:
            loop.add_row([_quoted(row[name]) for name in names])
    out.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(out) as unfinished:
        style = cif.WriteOptions()
        style.prefer_pairs, style.align_pairs = True, 40
        document.write_file(str(unfinished), style)
    return (*_missing(facts, said), *_unwritten(found), *facts.assumptions())


def _unwritten(found: Mapping[str, Rows]) -> Iterator[str]:
    """Texts that the archive cannot take as they are."""
    values = (value for rows in found.values() for row in rows for value in row.values())
    for text in dict.fromkeys(value for value in values if isinstance(value, str)):
        if (written := _ascii(text)).count("?") > text.count("?"):
            yield (
                f"{text!r} is written as {written!r}, since the archive takes ASCII alone: say it "
                "in Latin letters"
            )


def _quoted(value: Value) -> str:
    from gemmi import cif

    if value is None:
        return "?"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value) if isinstance(value, int) else str(cif.quote(_ascii(value)))


def _ascii(text: str) -> str:
    """A text as the archive takes it; a letter that has none like it becomes ``?``."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return kept.encode("ascii", "replace").decode()


def em_categories(facts: DepositFacts, about: About) -> dict[str, Rows]:
    """Rows of each category; those are left out of which nothing is known.

    Units are those of the dictionary: kV, mm, nm (defocus), Å, e/Å².
    """
    entry = safe_file_name(facts.session.name)
    authors: Rows = [
        {"pdbx_ordinal": number, "name": f"{author.last}, {_initials(author.first)}"}
        for number, author in enumerate(about.authors, 1)
    ]
    title: Rows = [{"entry_id": entry, "title": about.title}] if about.title else []
    experiment: Rows = [
        {
            "id": 1,
            "entry_id": entry,
            "entity_assembly_id": 1,
            "reconstruction_method": "SINGLE PARTICLE",
            "aggregation_state": "PARTICLE",
        }
    ]
    processing = f"{len(facts.classes.counts)} 2D classes" if facts.classes is not None else None
    found: dict[str, Rows] = {
        "entry": [{"id": entry}],
        "exptl": [{"entry_id": entry, "method": "ELECTRON MICROSCOPY"}],
        "struct": title,
        "audit_author": authors,
        "em_entity_assembly": [
            {"id": 1, "parent_id": 0, "name": None, "source": None, "type": None}
        ],
        "em_experiment": experiment,
        "em_specimen": [{"id": 1, "experiment_id": 1, **_SPECIMEN}],
        "em_imaging": _imaging(facts, about, entry),
        "em_image_recording": _recording(facts, about),
        "em_image_scans": _scans(facts, entry),
        "em_image_processing": [{"id": 1, "image_recording_id": 1, "details": processing}],
        "em_ctf_correction": _ctf(facts),
        "em_particle_selection": _selection(facts),
        "em_single_particle_entity": _symmetry(facts, entry),
        "em_3d_reconstruction": _reconstruction(facts, entry),
        "em_software": _software(facts),
    }
    return {name: rows for name, rows in found.items() if rows}


_SPECIMEN: Mapping[str, Value] = {
    f"{what}_applied": None for what in ("embedding", "shadowing", "staining", "vitrification")
}


def _initials(first: str) -> str:
    return "".join(f"{name[0]}." for name in first.replace("-", " ").split())


def _imaging(facts: DepositFacts, about: About, entry: str) -> Rows:
    said, optics = about.microscope, facts.optics
    shots = [movie.details for movie in facts.movies if movie.details is not None]
    wanted = [shot.nominal_defocus * 0.1 for shot in shots if shot.nominal_defocus is not None]
    measured = [fit.defocus * 0.1 for fit in facts.fits]
    acquired = facts.acquired
    return [
        {
            "id": 1,
            "entry_id": entry,
            "specimen_id": 1,
            "date": f"{acquired[0]:%Y-%m-%d}" if acquired else None,
            "microscope_model": said.model,
            "electron_source": said.electron_source,
            "illumination_mode": said.illumination,
            "mode": said.imaging,
            "accelerating_voltage": round(optics.voltage) if optics else None,
            "nominal_cs": optics.spherical_aberration if optics else None,
            "nominal_defocus_min": min(wanted, default=None),
            "nominal_defocus_max": max(wanted, default=None),
            "calibrated_defocus_min": min(measured, default=None),
            "calibrated_defocus_max": max(measured, default=None),
        }
    ]


def _recording(facts: DepositFacts, about: About) -> Rows:
    doses = [movie.dose for movie in facts.movies if movie.dose_per_frame > 0]
    return [
        {
            "id": 1,
            "imaging_id": 1,
            "film_or_detector_model": about.microscope.detector,
            "detector_mode": about.microscope.detector_mode,
            "avg_electron_dose_per_image": sum(doses) / len(doses) if doses else None,
            "num_real_images": len(facts.exposures) or None,
        }
    ]


def _scans(facts: DepositFacts, entry: str) -> Rows:
    movies = facts.movies
    shape = common(movie.shape for movie in movies)
    if shape is None:
        return []
    return [
        {
            "id": 1,
            "entry_id": entry,
            "image_recording_id": 1,
            "dimension_height": shape[0],
            "dimension_width": shape[1],
            "frames_per_image": common(movie.frames for movie in movies),
        }
    ]


def _ctf(facts: DepositFacts) -> Rows:
    if not facts.fits:
        return []
    kept = [one.particles for one in facts.kept if one.particles is not None]
    kind = None
    if kept and all(particles.phases_flipped for particles in kept):
        kind = "PHASE FLIPPING ONLY"
    elif facts.volume is not None:
        kind = "PHASE FLIPPING AND AMPLITUDE CORRECTION"
    return [
        {
            "id": 1,
            "em_image_processing_id": 1,
            "type": kind,
            "details": "estimated for each micrograph",
        }
    ]


def _selection(facts: DepositFacts) -> Rows:
    step = facts.step_of(Picks)
    if step is None or not facts.picked:
        return []
    return [
        {
            "id": 1,
            "image_processing_id": 1,
            "num_particles_selected": facts.picked,
            "method": step.title,
            "details": f"in {sum(one.picks is not None for one in facts.kept)} micrographs",
        }
    ]


def _symmetry(facts: DepositFacts, entry: str) -> Rows:
    if facts.volume is None or not facts.volume.symmetry:
        return []
    return [
        {
            "id": 1,
            "entry_id": entry,
            "image_processing_id": 1,
            "point_symmetry": facts.volume.symmetry,
        }
    ]


def _reconstruction(facts: DepositFacts, entry: str) -> Rows:
    volume = facts.volume
    if volume is None:
        return []
    # Of uneven views no one number holds in all directions, and a limit is no resolution.
    told = volume.resolution > 0 and volume.even and not volume.resolution_is_limit
    return [
        {
            "id": 1,
            "entry_id": entry,
            "image_processing_id": 1,
            "resolution": volume.resolution if told else None,
            "resolution_method": "FSC 0.143 CUT-OFF" if told else None,
            "num_particles": volume.particles,
            "symmetry_type": "POINT",
            "actual_pixel_size": volume.pixel_size or None,
            "details": f"first map of the session; {volume.reached}",
        }
    ]


def _software(facts: DepositFacts) -> Rows:
    """One row for each use of a program; ids are in their order."""
    rows: list[dict[str, Value]] = []

    def add(category: str, name: str, version: str | None, details: str | None, to: str) -> None:
        row: dict[str, Value] = {
            "id": len(rows) + 1,
            "category": category,
            "name": name,
            "version": version,
            "details": details,
            "imaging_id": 1 if to == "imaging_id" else None,
            "image_processing_id": 1 if to == "image_processing_id" else None,
        }
        rows.append(row)

    for kind, category, to in _SOFTWARE:
        step = facts.step_of(kind)
        if step is not None and step.run is not None:
            add(category, *_program(facts, step), to)
    for kind, said in ((Micrograph, "alignment of movies"), (Particles, "extraction")):
        step = facts.step_of(kind)
        if step is not None and step.run is not None:
            name, version, details = _program(facts, step)
            add("OTHER", name, version, f"{said}: {details}", "image_processing_id")
    return rows


def _program(facts: DepositFacts, step: UsedStep) -> tuple[str, str | None, str]:
    """Name, version and details: of a plugin's protocol the package, whose version was recorded."""
    software = facts.epochs[-1].software if facts.epochs else {}
    package = step.package or step.record.protocol
    version = software.get(package)
    number = step.run.version if step.run is not None else None
    return package, version, f"{step.title} ({step.record.protocol}, version {number})"


def _missing(facts: DepositFacts, about: About) -> Iterator[str]:
    said = about.microscope
    for value, name in (
        (about.title, "title"),
        (about.authors, "authors"),
        (said.model, "microscope.model"),
        (said.electron_source, "microscope.electron_source"),
        (said.illumination, "microscope.illumination"),
        (said.imaging, "microscope.imaging"),
        (said.detector, "microscope.detector"),
    ):
        if not value:
            yield f"{name} is not known: say it"
    if facts.optics is None:
        yield "voltage and Cs are not known: the session has taken in no image yet"
    elif not facts.acquired:
        yield "the date is not known: the metadata of the movies do not say it"
    if facts.volume is None:
        yield "there is no map yet, and so no reconstruction"
