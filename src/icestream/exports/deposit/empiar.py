"""A session as a deposition in EMPIAR: JSON of the schema that `empiar-depositor` checks."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from icestream.exports.deposit.about import About, Author, read_about
from icestream.exports.deposit.facts import DepositFacts, gather_facts
from icestream.formats.errors import FormatError
from icestream.formats.movie import movie_facts
from icestream.formats.mrc import read_mrc_header
from icestream.model import Movie
from icestream.whole import written_whole

__all__ = ["empiar", "export_empiar"]

_Document = dict[str, Any]
_FORMATS = {".mrc": "T1", ".mrcs": "T2", ".tif": "T3", ".tiff": "T3", ".eer": "T9"}
_VOXELS = {"u1": "T1", "i1": "T2", "u2": "T3", "i2": "T4", "u4": "T5", "i4": "T6", "f4": "T7"}
_FOUR_BITS = "('T9', '')"
_MULTIFRAME, _SINGLE, _PARTICLES = "('T2', '')", "('T1', '')", "('T7', '')"
WORKFLOW = "data/workflow.json"


def export_empiar(session: Path, out: Path, about: Path | None = None) -> tuple[str, ...]:
    """Write a deposition of the session in a folder; say what it lacks.

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
    document, missing = empiar(gather_facts(session), said)
    out.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(out) as unfinished:
        text = json.dumps(document, indent=2, ensure_ascii=False)
        unfinished.write_text(f"{text}\n", encoding="utf-8")
    return missing


def empiar(facts: DepositFacts, about: About) -> tuple[_Document, tuple[str, ...]]:
    """The deposition, and sentences on what EMPIAR asks for and nobody said.

    Files of an image set are to lie in its directory below ``data`` when they are uploaded.
    """
    missing: list[str] = list(_missing(about))
    image_sets = [*_movies(facts, missing), *_micrographs(facts, missing), *_particles(facts)]
    if not image_sets:
        missing.append("imagesets is required: the session has no images yet")
    corresponding = [author for author in about.authors if author.corresponding]
    leading = [author for author in about.authors if author.principal_investigator]
    found: _Document = {
        "title": about.title,
        "release_date": about.release,
        "experiment_type": 3,
        "scale": "1",
        "cross_references": [{"name": name} for name in about.emdb],
        "workflow_file": {"path": WORKFLOW},
        "authors": _authors(about.authors),
        "corresponding_author": _person(corresponding[0]) if corresponding else None,
        "principal_investigator": [_person(author) for author in leading],
        "imagesets": image_sets,
        "citation": _citation(about),
    }
    return {name: value for name, value in found.items() if value or value == 0}, tuple(missing)


def _missing(about: About) -> Iterator[str]:
    if about.title is None:
        yield "title is required: say title"
    if about.release is None:
        yield "release_date is required: say release (RE, EP, HP or HO)"
    if not about.authors:
        yield "authors is required: say authors"
    for flag, name in (
        ("corresponding", "corresponding_author"),
        ("principal_investigator", "principal_investigator"),
    ):
        people = [author for author in about.authors if getattr(author, flag)]
        if not people:
            yield f"{name} is required: say {flag} = true of an author"
        for author in people:
            lacking = [
                part for part in ("email", "organization", "country") if not getattr(author, part)
            ]
            if lacking:
                yield f"{name} {author.last} lacks what is required: say {', '.join(lacking)}"
    if sum(author.corresponding for author in about.authors) > 1:
        yield "several authors are corresponding: EMPIAR takes one, and the first is written"


def _authors(authors: Sequence[Author]) -> list[_Document]:
    """In EMPIAR's form: ``('Lovelace', 'AM')``."""
    found = []
    for number, author in enumerate(authors):
        initials = "".join(part[0].upper() for part in author.first.replace("-", " ").split())
        one = {"name": f"('{author.last}', '{initials}')", "order_id": number}
        found.append(one | {"author_orcid": author.orcid})
    return found


def _person(author: Author) -> _Document:
    found = {
        "author_orcid": author.orcid,
        "first_name": author.first,
        "last_name": author.last,
        "organization": author.organization,
        "email": author.email,
        "country": author.country,
    }
    return {name: value for name, value in found.items() if value}


def _citation(about: About) -> list[_Document]:
    """The paper; without one, the deposition's title and authors, not published."""
    said = about.citation
    title = said.title if said is not None else about.title
    if title is None or not about.authors:
        return []
    found: _Document = {
        "authors": _authors(about.authors),
        "editors": [],
        "published": said is not None and said.published,
        "j_or_nj_citation": True,
        "title": title,
    }
    if said is not None:
        known = {"journal": said.journal, "year": said.year, "doi": said.doi}
        found |= {name: value for name, value in known.items() if value is not None}
    return [found]


def _movies(facts: DepositFacts, missing: list[str]) -> Iterator[_Document]:
    """A set for each kind of file and size of frame."""
    kinds: dict[tuple[str, tuple[int, int], float], list[Movie]] = {}
    for movie in facts.movies:
        kind = movie.path.suffix.lower(), movie.shape, movie.optics.pixel_size
        kinds.setdefault(kind, []).append(movie)
    for number, ((suffix, _, _), movies) in enumerate(kinds.items(), 1):
        of = "movies" if number == 1 else f"movies_{number}"
        frames, shape, voxel, why = _stored(movies[0])
        counts = {movie.frames for movie in movies}
        if why:
            missing.append(f"data/{of}: {why}; its voxel_type is required")
        gains = {movie.gain for movie in movies if movie.gain is not None}
        details = [f"dose {movies[0].dose:.4g} e/Å² per movie"] if movies[0].dose_per_frame else []
        details += [f"gain reference {gain.name}, to be uploaded with it" for gain in sorted(gains)]
        if len(counts) > 1:
            details.append(
                f"movies differ: {min(counts)} to {max(counts)} frames were read of them"
            )
        scale = movies[0].shape[0] / shape[0]
        yield _image_set(
            name=f"Movies of {facts.session.name}",
            directory=f"data/{of}",
            category=_MULTIFRAME,
            stored=_stored_as(suffix),
            count=len(movies),
            frames=frames,
            voxel=voxel,
            pixel=movies[0].optics.pixel_size * scale,
            shape=shape,
            details="; ".join(details),
        )


def _stored(movie: Movie) -> tuple[int, tuple[int, int], str | None, str]:
    """Frames, their size and the type of a pixel in a movie's file, and why that is not known.

    Of EER these are the camera's own frames, each a list of electrons, not what was read of them.
    """
    try:
        said = movie_facts(movie.path)
        voxel = _voxel(said.dtype)
        if said.container == "eer":
            voxel = "('OT', 'ELECTRON EVENTS')"
        elif said.container == "mrc" and read_mrc_header(movie.path).packed:
            voxel = _FOUR_BITS
    except (FormatError, OSError) as error:
        return movie.frames, movie.shape, None, f"{movie.path} cannot be read ({error})"
    return said.frames, said.shape, voxel, ""


def _voxel(dtype: np.dtype[Any]) -> str:
    code = _VOXELS.get(f"{dtype.kind}{dtype.itemsize}")
    return f"('{code}', '')" if code else f"('OT', '{8 * dtype.itemsize} BIT FLOAT')"


def _stored_as(suffix: str) -> str:
    code = _FORMATS.get(suffix)
    return f"('{code}', '')" if code else f"('OT', '{suffix.lstrip('.').upper()}')"


def _micrographs(facts: DepositFacts, missing: list[str]) -> Iterator[_Document]:
    kept = [one.micrograph for one in facts.kept if one.micrograph is not None]
    if not kept:
        return
    first = kept[0]
    path = facts.folder / first.path
    voxel = None
    try:
        header = read_mrc_header(path)
        voxel = _FOUR_BITS if header.packed else _voxel(header.dtype)
    except (FormatError, OSError) as error:
        missing.append(
            f"data/micrographs: {path} cannot be read ({error}); its voxel_type is required"
        )
    yield _image_set(
        name=f"Aligned micrographs of {facts.session.name}"
        if facts.movies
        else f"Micrographs of {facts.session.name}",
        directory="data/micrographs",
        category=_SINGLE,
        stored=_stored_as(first.path.suffix.lower()),
        count=len(kept),
        frames=1,
        voxel=voxel,
        pixel=first.optics.pixel_size,
        shape=first.shape,
        details="those of accepted exposures",
    )


def _particles(facts: DepositFacts) -> Iterator[_Document]:
    cut = [one.particles for one in facts.kept if one.particles is not None and len(one.particles)]
    if not cut:
        return
    flipped = " and their phases flipped" if all(one.phases_flipped for one in cut) else ""
    found = _image_set(
        name=f"Particles of {facts.session.name}",
        directory="data/particles",
        category=_PARTICLES,
        stored=_stored_as(".mrcs"),
        count=sum(len(one) for one in cut),
        frames=1,
        voxel="('T7', '')",
        pixel=cut[0].optics.pixel_size,
        shape=(cut[0].box, cut[0].box),
        details=f"one stack for each micrograph; bright, normalised{flipped}",
    )
    yield found | {
        "micrographs_file_pattern": f"data/micrographs/*{cut[0].micrograph.suffix}",
        "picked_particles_directory": "data/particles",
    }


def _image_set(  # noqa: PLR0913 - each is a field of the schema
    *,
    name: str,
    directory: str,
    category: str,
    stored: str,
    count: int,
    frames: int,
    voxel: str | None,
    pixel: float,
    shape: tuple[int, int],
    details: str,
) -> _Document:
    found: Mapping[str, Any] = {
        "name": name[:200],
        "directory": directory,
        "category": category,
        "header_format": stored,
        "data_format": stored,
        "num_images_or_tilt_series": count,
        "frames_per_image": frames,
        "voxel_type": voxel,
        "pixel_width": float(f"{pixel:.8g}"),
        "pixel_height": float(f"{pixel:.8g}"),
        "image_width": shape[1],
        "image_height": shape[0],
        "details": details or None,
    }
    return {name: value for name, value in found.items() if value is not None}
