"""Sessions as large as a campaign's, made by the real engine in a small part of the time.

    python benchmarks/loaded_session.py FOLDER EXPOSURES

makes one in ``FOLDER/session``. The engine processes the first 100 exposures: movies are real files
of 16 x 16 pixels with SerialEM's metadata beside them, imported by the real import; the other steps
are stand-ins, which have the names, versions and parameters of those of every day and make items of
the usual sizes, 100 particles an exposure among them, without looking at an image. Then what the
engine wrote of these 100, rows and files, is there as often as is asked, each time under other
names, numbers, keys and times. `icestream` takes the session for what it is, and goes on with it.
"""

import argparse
import json
import os
import re
import resource
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import structlog

sys.path.insert(0, str(Path(__file__).parent))

import loaded_session
from icestream.engine.graph.plan import bind
from icestream.engine.graph.workflow import Workflow
from icestream.engine.progress import Progress
from icestream.engine.record.segments import compact
from icestream.engine.session import Machine, run_session
from icestream.formats.arrivals import fingerprint
from icestream.model import (
    Ctf,
    Micrograph,
    MicrographQuality,
    Motion,
    Movie,
    Particles,
    Picks,
    column,
    source_key,
    task_key,
)
from icestream.protocol import Registry, Resources, Work
from icestream.protocols.align_movies import AlignMovies
from icestream.protocols.estimate_ctf import EstimateCtf
from icestream.protocols.extract_particles import ExtractParticles
from icestream.protocols.judge_micrographs import JudgeMicrographs
from icestream.protocols.pick_by_log import PickByLog
from icestream.store import tables as t
from icestream.store.open import open_store

__all__ = ["BASE", "grow", "make", "make_movies", "multiply", "quiet", "registry", "workflow"]

BASE = 100
"""Exposures that the engine processes; every session has a multiple of them."""
PARTICLES = 100
"""In an exposure."""
_FRAMES, _SIDE, _BOX = 4, 16, 4
_FIRST = 1_767_225_600.0
"""When the first movie was taken; the others follow in six seconds each, 600 an hour."""
_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)
_SMALL = Resources(memory=64 * 2**20)


def _draw(exposure: str) -> np.random.Generator:
    return np.random.default_rng(int(exposure.rsplit("_", 1)[1]))


def _write_stack(path: Path, images: np.ndarray) -> Path:
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(images)
    return path


class Align(AlignMovies):
    """Makes a micrograph of a movie that it does not read."""

    def need(self) -> Resources:
        return _SMALL

    def process(self, movie: Movie, work: Work) -> Micrograph:
        draw = _draw(movie.exposure)
        steps = draw.normal(0, 0.5, (40, 2)) * np.exp(-np.arange(40) / 9.0)[:, None]
        motion = Motion(
            shifts=column(np.cumsum(steps, axis=0)), local=column(draw.normal(0, 0.01, (2, 18))),
            pixel_size=movie.optics.pixel_size, frame_errors=column(np.full(40, 0.1)),
            frame_agreement=column(np.ones(40)), patch_quality=column(draw.normal(1, 0.1, (25, 4))),
        )  # fmt: skip
        thumbnail = work.path(f"{movie.exposure}.png")
        thumbnail.write_bytes(_PNG)
        image = np.zeros((8, 8), np.float32)
        return Micrograph(
            exposure=movie.exposure, path=_write_stack(work.path(f"{movie.exposure}.mrc"), image),
            shape=(4096, 4096), optics=movie.optics, motion=motion, movie=movie.path,
            dose_per_frame=movie.dose_per_frame, frames=40, half_correlation=0.9,
            group=movie.details.group if movie.details else 1, counted=0.8, thumbnail=thumbnail,
        )  # fmt: skip


class Estimate(EstimateCtf):
    """Makes up the CTF of a micrograph."""

    resources = _SMALL

    @classmethod
    def warm(cls) -> None:
        """Nothing is compiled."""

    def process(self, micrograph: Micrograph, work: Work) -> Ctf:
        draw = _draw(micrograph.exposure)
        defocus = 9000.0 + 4000.0 * draw.integers(5) + draw.normal(0, 300)
        spectrum = work.path(f"{micrograph.exposure}_ctf.png")
        spectrum.write_bytes(_PNG)
        return Ctf(
            exposure=micrograph.exposure, optics=micrograph.optics, defocus_u=defocus + 90.0,
            defocus_v=defocus - 90.0, angle=31.0, score=0.9, spectrum=spectrum,
            resolution=3.1 + draw.gamma(1.6, 0.28), ice_ring=draw.gamma(1.5, 0.03),
            curve=column(draw.random((3, 180))), defocus_error=30.0, astigmatism_error=20.0,
            angle_error=3.0, gradient_error=0.01, shape=micrograph.shape,
        )  # fmt: skip


class Judge(JudgeMicrographs):
    """Finds every micrograph decent."""

    resources = _SMALL

    def process(self, micrograph: Micrograph, ctf: Ctf | None, work: Work) -> MicrographQuality:
        return MicrographQuality(
            exposure=micrograph.exposure, label="decent", score=0.7, reason="rings to 4 Å",
            texture=1.4, patches=1.1, objects=0.01, skew=-0.2,
        )  # fmt: skip


class Pick(PickByLog):
    """Makes up the usual number of particles."""

    resources = _SMALL

    def process(self, micrograph: Micrograph, ctf: Ctf | None) -> Picks:
        draw = _draw(micrograph.exposure)
        places = draw.uniform(200, 3900, (2, PARTICLES))
        return Picks(
            exposure=micrograph.exposure, x=column(places[0]), y=column(places[1]),
            score=column(np.linspace(1, 0.4, PARTICLES)), diameter=150.0,
            pixel_size=micrograph.optics.pixel_size,
        )  # fmt: skip


class Extract(ExtractParticles):
    """Writes a stack of tiny images."""

    resources = _SMALL

    def process(self, micrograph: Micrograph, ctf: Ctf, picks: Picks, work: Work) -> Particles:
        images = np.zeros((len(picks), _BOX, _BOX), np.float32)
        same = column(np.full(len(picks), ctf.defocus_u))
        return Particles(
            exposure=micrograph.exposure, box=_BOX, optics=micrograph.optics.binned(4.0),
            stack=_write_stack(work.path(f"{micrograph.exposure}.mrcs"), images),
            micrograph=micrograph.path, micrograph_pixel_size=micrograph.optics.pixel_size,
            x=picks.x, y=picks.y, score=picks.score, defocus_u=same, defocus_v=same,
            defocus_angle=same, ctf_resolution=ctf.resolution, ctf_score=ctf.score,
            group=micrograph.group, diameter=picks.diameter,
        )  # fmt: skip


def registry() -> Registry:
    """The protocols of every day, of which those that compute are stand-ins."""
    stands = (Align, Estimate, Judge, Pick, Extract)
    points = {point.name: point for point in entry_points(group="icestream.protocols")}
    for kind in stands:
        # By the name by which workers import it, also when this file is run as a program.
        target = f"{loaded_session.__name__}:{kind.__qualname__}"
        points[kind.name] = EntryPoint(kind.name, target, "icestream.protocols")
    return Registry(points.values())


def workflow(movies: Path) -> Workflow:
    """What a session of every day does as far as particles, and its monitors."""
    made: list[dict[str, object]] = [
        {"name": "import", "protocol": "movies.import", "inputs": {},
         "parameters": {"pattern": str(movies), "watch": False}},
        {"name": "align", "protocol": "movies.align", "inputs": {"movie": "import.movie"}},
        {"name": "ctf", "protocol": "ctf.estimate", "inputs": {"micrograph": "align.micrograph"}},
        {"name": "judge", "protocol": "micrographs.judge",
         "inputs": {"micrograph": "align.micrograph", "ctf": "ctf.ctf"}},
        {"name": "select", "protocol": "exposures.select",
         "inputs": {"micrograph": "align.micrograph", "ctf": "ctf.ctf",
                    "quality": "judge.micrograph_quality"}},
        {"name": "pick", "protocol": "picks.log", "parameters": {"diameter": 150.0},
         "inputs": {"micrograph": "select.micrograph", "ctf": "select.ctf"}},
        {"name": "extract", "protocol": "particles.extract",
         "inputs": {"micrograph": "select.micrograph", "ctf": "select.ctf",
                    "picks": "pick.picks"}},
        {"name": "machine", "protocol": "monitor.system", "inputs": {}},
        {"name": "arrivals", "protocol": "monitor.arrivals", "inputs": {}},
        {"name": "changes", "protocol": "monitor.changes", "inputs": {}},
        {"name": "pace", "protocol": "monitor.pace", "inputs": {}},
        {"name": "ctf_monitor", "protocol": "monitor.ctf", "parameters": {"jumps": False},
         "inputs": {"ctf": "ctf.ctf"}},
    ]  # fmt: skip
    return Workflow.from_document({"name": "load", "steps": made})


def make_movies(folder: Path, first: int, last: int) -> None:
    """Write the movies numbered `first` to `last` - 1, with their metadata."""
    folder.mkdir(parents=True, exist_ok=True)
    template = folder.parent / "template.mrc"
    if not template.exists():
        _write_stack(template, np.zeros((_FRAMES, _SIDE, _SIDE), np.int8))
    header = template.read_bytes()[:1024]
    for number in range(first, last):
        path = folder / f"{_name(number)}.mrc"
        content = np.random.default_rng(number).integers(0, 3, _FRAMES * _SIDE * _SIDE, np.int8)
        path.with_name(f"{path.name}.mdoc").write_text(_mdoc(number, path.name))
        path.write_bytes(header + content.tobytes())
        os.utime(path, (_taken(number), _taken(number)))


def _taken(number: int) -> float:
    """When a movie was taken: 600 an hour."""
    return _FIRST + 6.0 * number


def _name(number: int) -> str:
    return f"grid1_{number:07d}"


def _mdoc(number: int, name: str) -> str:
    """What SerialEM says of a movie: nine shots from each of seven holes of a square."""
    when = time.strftime("%d-%b-%y  %H:%M:%S", time.gmtime(_taken(number)))
    square, inside = divmod(number, 63)
    values = {
        "TiltAngle": "0.0012",
        "StagePosition": f"{-500 + 60 * (square % 17):.3f} {-500 + 60 * (square // 17 % 17):.3f}",
        "StageZ": "-12.0",
        "Magnification": "165000",
        "ExposureDose": "40.0",
        "PixelSpacing": "0.83",
        "SpotSize": "7",
        "Defocus": f"{-0.9 - 0.1 * (number % 12):.3f}",
        "ImageShift": f"{0.1 * (inside % 3):.3f} {0.1 * (inside // 3 % 3):.3f}",
        "ExposureTime": "2.0",
        "Binning": "1",
        "TargetDefocus": f"{-0.9 - 0.1 * (number % 12):.3f}",
        "SubFramePath": f"X:\\frames\\{name}",
        "NumSubFrames": f"{_FRAMES}",
        "FrameDosesAndNumber": f"10.0 {_FRAMES}",
        "DateTime": when,
        "NavigatorLabel": f"{square + 1}-{inside // 9 + 1}",
        "MultishotHoleAndPosition": f"{inside // 9 + 1} {inside % 9}",
    }
    lines = [f"T = SerialEM: simulated {when}", "Voltage = 300", "", "[FrameSet = 0]"]
    return "\n".join([*lines, *(f"{key} = {value}" for key, value in values.items())]) + "\n\n"


def grow(folder: Path, exposures: int) -> dict[str, float]:
    """Bring a session to so many exposures; what the coordinator did for each of the new ones."""
    movies, session = folder / "movies", folder / "session"
    had = sum(1 for _ in movies.glob("*.mrc")) if movies.is_dir() else 0
    make_movies(movies, had, exposures)
    marks: list[tuple[int, float]] = []

    def note(progress: Progress) -> None:
        done = next((step.counts.done for step in progress.steps if step.name == "extract"), 0)
        marks.append((done, time.process_time()))

    begun = time.process_time()
    run_session(
        session, workflow(movies), registry=registry(), machine=Machine(cores=2), order="newest",
        on_progress=note,
    )  # fmt: skip
    new = exposures - had
    found = {
        "all": time.process_time() - begun,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    if new:
        # Without the first and the last tenth, in which workers start and end.
        first = next(mark for mark in marks if mark[0] >= had + new // 10)
        last = next(mark for mark in marks if mark[0] >= exposures - new // 10)
        found["first"] = next(at for done, at in marks if done > had) - begun
        found["each"] = (last[1] - first[1]) / max(1, last[0] - first[0])
    return found


def make(folder: Path, exposures: int) -> None:
    """Make a session of so many exposures in a folder, unless it is there; a process does it."""
    if not (folder / "whole").exists():
        command = [sys.executable, __file__, str(folder), str(exposures)]
        subprocess.run(command, check=True)


def _make(folder: Path, exposures: int) -> None:
    quiet(folder)
    grow(folder, BASE)
    multiply(folder, exposures // BASE)
    _write_segments(folder / "session")
    (folder / "whole").touch()


def quiet(folder: Path) -> None:
    """Keep the state of the machine in the folder, and log errors alone."""
    os.environ["ICESTREAM_STATE"] = str(folder / "state")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))


# -- many of what the engine made once ------------------------------------------------------------

_COPIED = {
    "subject": "kind = 'exposure' AND id",
    "exposure": "id",
    "task": "id",
    "result": "id",
    "input": "result_id",
    "file": "result_id",
    "quality": "id",
    "part": "result_id",
    "event": "subject_id IS NOT NULL AND seq",
    "sample": "id",
}
"""Tables of which each copy has rows of its own, and what tells the rows that the engine wrote."""
_NUMBERS = {
    "id": "", "seq": "event", "subject_id": "subject", "result_id": "result", "source_id": "result",
    "serial": "event", "rank": "subject",
}  # fmt: skip
"""Columns that hold a number of a row, and of which table; of its own where none is said."""
_TIMES = frozenset({"time", "found", "ended", "started"})
_NAMED = frozenset({"name", "document", "path", "pictures", "details"})
"""Columns in which an exposure is named."""
_RESULT = re.compile(r'"result": (\d+)')
_SPAN = 6.0 * BASE
"""Seconds in which as many exposures as the engine processed are taken."""


def multiply(folder: Path, times: int) -> None:
    """Have what the engine wrote of the first exposures so many times, with all their files."""
    make_movies(folder / "movies", BASE, times * BASE)
    _link_files(folder / "session", times)
    with closing(sqlite3.connect(folder / "session" / "icestream.db")) as store:
        store.execute("PRAGMA synchronous = OFF")
        # A segment has the particles of many exposures: the engine writes them anew at the end.
        store.execute("UPDATE part SET segment_id = NULL")
        store.execute("DELETE FROM segment")
        first = {
            table: 1 + store.execute(f"SELECT max({key}) FROM {table}").fetchone()[0]
            for table, key in (
                ("subject", "id"), ("task", "id"), ("result", "id"), ("quality", "id"),
                ("event", "seq"), ("sample", "id"),
            )
        }  # fmt: skip
        first["exposure"] = first["subject"]
        columns = {
            table: [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
            for table in _COPIED
        }
        for table, columns_of in columns.items():
            earlier = [f"{c} = {c} - {_SPAN * (times - 1)}" for c in columns_of if c in _TIMES]
            if earlier:
                store.execute(f"UPDATE {table} SET {', '.join(earlier)}")
        keys = _source_keys(folder, times)
        for copy in range(1, times):
            for name, function in _functions(copy, first, keys).items():
                store.create_function(name, -1, function, deterministic=True)
            for table, of_table in columns.items():
                said = ", ".join(_copied(table, name, copy, first) for name in of_table)
                whose = f"{_COPIED[table]} < ?"
                last = first.get(table, first["result"])
                copied = f"INSERT INTO {table} SELECT {said} FROM {table} WHERE {whose}"
                store.execute(copied, (last,))
        for table in ("result", "exposure"):
            _date(store, table)
        store.execute(
            "UPDATE counter SET done = done * :n, seconds = seconds * :n, cpu = cpu * :n,"
            " metered = metered * :n, rejected = rejected * :n",
            {"n": times},
        )
        store.execute("UPDATE session SET created = created - ?", (_SPAN * (times - 1),))
        store.execute("UPDATE epoch SET started = started - ?", (_SPAN * (times - 1),))
        store.commit()
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _copied(table: str, column: str, copy: int, first: dict[str, int]) -> str:
    """What a column is in a copy, as SQL."""
    if column in _NUMBERS:
        return f"{column} + {copy * first[_NUMBERS[column] or table]}"
    if column in _TIMES:
        return f"{column} + {_SPAN * copy}"
    if column in _NAMED and table not in ("sample", "quality", "event"):
        return f"renamed({column})"
    others = {
        ("subject", "number"): f"number + {copy * BASE}",
        ("task", "inputs"): "shifted_inputs(inputs)",
        ("event", "document"): "shifted_event(document)",
        ("task", "key"): "copied_key(key)",
        ("result", "key"): "copied_key(key)",
        ("part", "segment_id"): "NULL",
    }
    return others.get((table, column), f'"{column}"')


def _functions(copy: int, first: dict[str, int], keys: dict[str, list[str]]) -> dict[str, Any]:
    """What SQL calls to make the values of a copy."""
    results = copy * first["result"]

    def renamed(text: str) -> str:
        at = text.find("grid1_")
        if at < 0:
            return text
        number = int(text[at + 6 : at + 13])
        return text.replace(_name(number), _name(number + copy * BASE))

    def shifted_inputs(text: str) -> str:
        return json.dumps([[p, label, r + results, out] for p, label, r, out in json.loads(text)])

    def shifted_event(text: str) -> str:
        return _RESULT.sub(lambda found: f'"result": {int(found[1]) + results}', text)

    def copied_key(key: str) -> str:
        return keys[key][copy] if key in keys else f"{key}-{copy}"

    return {
        "renamed": renamed, "shifted_inputs": shifted_inputs, "shifted_event": shifted_event,
        "copied_key": copied_key,
    }  # fmt: skip


def _source_keys(folder: Path, times: int) -> dict[str, list[str]]:
    """The keys that the import gives to the movies of all copies, by that of the first."""
    step = bind(workflow(folder / "movies"), registry())["import"]
    protocol = step.protocol

    def key(number: int) -> str:
        path = folder / "movies" / f"{_name(number)}.mrc"
        status = path.stat()
        item = source_key(path.name, status.st_size, status.st_mtime_ns)
        return task_key(protocol.name, protocol.version, step.deciding, {"item": item})

    return {key(n): [key(n + copy * BASE) for copy in range(times)] for n in range(BASE)}


def _date(store: sqlite3.Connection, table: str) -> None:
    """Say in the documents of movies and exposures when each was taken, and what is in it."""
    column, chosen = ("document", "step_id = 1") if table == "result" else ("details", "true")
    rows = store.execute(f"SELECT id, {column} FROM {table} WHERE {chosen}").fetchall()
    changed = []
    for number, text in rows:
        document = json.loads(text)
        details = document["movie"]["details"] if table == "result" else document
        moment = datetime.fromtimestamp(_taken(int(details["name"][6:])), UTC)
        if table == "result":
            document["movie"]["content"] = fingerprint(Path(document["movie"]["path"])).hex()
        details["acquired"] = details["written"] = moment.isoformat().replace("+00:00", "Z")
        changed.append((json.dumps(document), number))
    store.executemany(f"UPDATE {table} SET {column} = ? WHERE id = ?", changed)


def _link_files(session: Path, times: int) -> None:
    """Files of the copies: other names of those of the first."""
    for folder in ("align", "ctf", "extract"):
        for path in sorted((session / folder).glob("grid1_*")):
            number, ending = int(path.name[6:13]), path.name[13:]
            for copy in range(1, times):
                other = path.with_name(f"{_name(number + copy * BASE)}{ending}")
                if not other.exists():
                    other.hardlink_to(path)


def _write_segments(session: Path) -> None:
    """Have the engine write its tables of particles."""
    with closing(open_store(session)) as store:
        for number, made in enumerate(compact(store, least=1), start=1):
            with store.write() as connection:
                connection.execute(
                    t.segment.insert().values(
                        id=number, step_id=made.step, revision_id=made.revision, path=made.path,
                        rows=made.rows, created=time.time(), size=made.size, hash=made.hash,
                    )
                )  # fmt: skip
                of_it = t.part.c.result_id.in_(made.results)
                connection.execute(t.part.update().where(of_it).values(segment_id=number))


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("folder", type=Path)
    asked.add_argument("exposures", type=int)
    given = asked.parse_args()
    loaded_session._make(given.folder.absolute(), given.exposures)
