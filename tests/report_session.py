"""A session with made-up results, written through the store's own writer.

It grows by as many exposures as a test asks for, without images being processed: a pool of small
drawn pictures stands for what the protocols would have made.
"""

import functools
import io
import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
from PIL import Image
from sqlalchemy import func, select

from icestream.formats import write_picture
from icestream.model import (
    Classes,
    Ctf,
    CtfAgreement,
    Exposure,
    Gain,
    Micrograph,
    Motion,
    Movie,
    Optics,
    Orientation,
    Particles,
    PickerAgreement,
    Picks,
    Volume,
    column,
    to_document,
)
from icestream.processing.grey import draw_thumbnail
from icestream.processing.motion.local_motion import LocalMotion
from icestream.processing.motion.picture import draw_tracks
from icestream.processing.volume.picture import draw_volume
from icestream.report.writer import ReportWriter
from icestream.store import tables as t
from icestream.store.events import (
    AlertAdopted,
    ExposureStateChanged,
    RequestAnswered,
    StepAdded,
    StepRevised,
    TaskDone,
)
from icestream.store.open import Store, open_store
from icestream.store.writing import Numbers, Writes

STEPS = (
    ("import", "movies.import", "source", 0),
    ("align", "movies.align", "item", 1),
    ("ctf", "ctf.estimate", "item", 2),
    ("select", "exposures.select", "selection", 3),
    ("pick", "picks.log", "item", 4),
    ("extract", "particles.extract", "item", 5),
    ("classify", "classes2d.online", "batch", 6),
    ("volume", "volume.initial", "batch", 7),
    ("gain", "gain.estimate", "batch", 1),
    ("machine", "monitor.system", "monitor", 0),
    ("ctf_monitor", "monitor.ctf", "monitor", 3),
)
LINKS = (
    ("align", "movie", "import"),
    ("ctf", "micrograph", "align"),
    ("select", "ctf", "ctf"),
    ("select", "micrograph", "align"),
    ("pick", "micrograph", "select"),
    ("pick", "ctf", "select"),
    ("extract", "picks", "pick"),
    ("extract", "micrograph", "select"),
    ("extract", "ctf", "select"),
    ("classify", "particles", "extract"),
    ("volume", "classes", "classify"),
    ("gain", "movie", "import"),
    ("ctf_monitor", "ctf", "ctf"),
)
TYPES = {
    "movie": "Movie", "micrograph": "Micrograph", "ctf": "Ctf", "picks": "Picks",
    "particles": "Particles", "classes": "Classes", "volume": "Volume", "gain": "Gain",
}  # fmt: skip
"""What is at each output port."""
ITEM_STEPS = ("import", "align", "ctf", "select", "pick", "extract")
SIZE = 1024
PIXEL = 1.5
POOL = 6
OPTICS = Optics(pixel_size=PIXEL, voltage=300.0)


@dataclass
class Shot:
    """What a made-up exposure measures."""

    defocus: float
    astigmatism: float
    resolution: float
    ice: float
    jump: float
    rejected: tuple[str, ...] = ()


class SampleSession:
    """Grows a session's store as the engine would."""

    def __init__(
        self,
        folder: Path,
        *,
        start: float,
        name: str = "apoferritin-grid-2",
        documents: bool = True,
        places: bool = True,
        url: str | None = None,
    ) -> None:
        self.folder = folder
        self.places = places
        """Whether the metadata say where on the grid an exposure was taken."""
        self.documents = documents
        """False: results are left out, which is quick; states and qualities are there."""
        self.now = start
        self.random = np.random.default_rng(7)
        self.store: Store = open_store(folder, url=url)
        self.total = 0
        self.movies = Path("/data")
        """Where the movies are said to be."""
        self.going: list[tuple[int, str, int, Shot]] = []
        self.step_ids: dict[str, int] = {}
        self.batches = 0
        self.picks: list[np.ndarray] = []
        self.asked = 0
        if documents:
            (folder / "pool").mkdir()
            for number in range(POOL):
                thumbnail, spectrum, places = _draw(number)
                (folder / "pool" / f"{number}.png").write_bytes(thumbnail)
                (folder / "pool" / f"{number}-spectrum.png").write_bytes(spectrum)
                (folder / "pool" / f"{number}-tracks.png").write_bytes(_draw_tracks(number))
                self.picks.append(places)
        with self.store.write() as connection:
            self.numbers = Numbers(connection)
            writes = Writes(self.numbers, start)
            writes.insert(
                t.session, id=1, name=name, workflow="single-particle", order="newest",
                state="running", epoch=1, holder="1@scope", created=start, changed=start,
            )  # fmt: skip
            writes.insert(
                t.branch, id=1, name="main", workflow="single-particle", state="active",
                created=start,
            )  # fmt: skip
            writes.insert(
                t.epoch, id=1, started=start, holder="1@scope",
                software=json.dumps({"icestream": "0.1", "numpy": "2.0"}),
            )  # fmt: skip
            for step, protocol, kind, depth in STEPS:
                self._add_step(writes, step, protocol, kind, depth)
            for step, port, source in LINKS:
                writes.insert(
                    t.link, revision_id=self.step_ids[step], port=port,
                    source_id=self.step_ids[source], source_port=port,
                )  # fmt: skip
            writes.flush(connection)

    def _add_step(self, writes: Writes, name: str, protocol: str, kind: str, depth: int) -> None:
        number = self.step_ids[name] = writes.insert(t.step, name=name)
        revision = writes.insert(
            t.revision, step_id=number, number=1, protocol=protocol, kind=kind, version=1,
            depth=depth, parameters="{}", changed="{}", created=self.now, fingerprint="",
            state="running", gate="open",
        )  # fmt: skip
        assert revision == number
        writes.insert(t.member, branch_id=1, step_id=number, revision_id=revision)
        writes.insert(t.counter, revision_id=revision)

    def grow(self, count: int, *, every: float = 12.0, settle: bool = True) -> None:
        """Find `count` more movies, one each `every` seconds; all but the last few are settled."""
        for first in range(0, count, 250):
            with self.store.write() as connection:
                for _ in range(min(250, count - first)):
                    self.now += every
                    writes = Writes(self.numbers, self.now)
                    self._find(writes)
                    while len(self.going) > 3:
                        self._settle(writes)
                    writes.flush(connection)
        if settle:
            self.settle()

    def settle(self) -> None:
        """Finish what is in progress."""
        with self.store.write() as connection:
            writes = Writes(self.numbers, self.now)
            while self.going:
                self._settle(writes)
            writes.flush(connection)

    def _find(self, writes: Writes) -> None:
        number = self.total
        self.total += 1
        square, hole = 8999138 + number // 60 * 48, 9015883 + number // 3
        name = f"FoilHole_{hole}_Data_9017347_{number % 3}"
        shot = self._shot(number)
        acquired = datetime.fromtimestamp(self.now - 8.0).astimezone()
        exposure = self._add_subject(writes, "exposure", "", self.total, name)
        writes.insert(
            t.exposure, id=exposure, state="going", reasons="[]", found=self.now,
            details=json.dumps({
                "name": name, "acquired": acquired.isoformat(),
                **(_place(number, square, hole) if self.places else {}),
            }),
        )  # fmt: skip
        self.going.append((exposure, name, number, shot))
        if self.documents:
            self._import(writes, exposure, name, number)

    @staticmethod
    def _add_subject(writes: Writes, kind: str, family: str, number: int, name: str) -> int:
        return writes.insert(t.subject, kind=kind, family=family, number=number, name=name)

    def _import(self, writes: Writes, exposure: int, name: str, number: int) -> None:
        details = Exposure(
            name=name, group=1 + number % 3, nominal_defocus=12000.0, stage=(10.0, -20.5, 3.0),
        )  # fmt: skip
        movie = Movie(
            exposure=name, path=self.movies / f"{name}_Fractions.tiff", frames=40,
            shape=(SIZE, SIZE), optics=OPTICS, dose_per_frame=1.02, gain=Path("/data/gain.mrc"),
            details=details,
        )  # fmt: skip
        self._result(writes, "import", exposure, {"movie": to_document(movie)}, {}, 0.01)

    def _shot(self, number: int) -> Shot:
        draw = self.random
        drift = 1.0 + 2.5 * (0.32 < (number % 400) / 400 < 0.36)
        shot = Shot(
            defocus=9000 + 4000 * (number % 5) + draw.normal(0, 350),
            astigmatism=abs(draw.normal(160, 60)) + 700 * (150 <= number % 400 < 158),
            resolution=3.1 + draw.gamma(1.6, 0.28) + 1.2 * (drift > 1),
            ice=draw.gamma(1.5, 0.03) + 0.4 * (draw.random() < 0.03),
            jump=drift * draw.gamma(6, 1.1),
        )
        reasons = []
        if shot.resolution > 5.0:
            reasons.append(f"select: CTF fit resolution {shot.resolution:.1f} Å is above 5 Å")
        if shot.astigmatism > 600:
            reasons.append(f"select: astigmatism {shot.astigmatism:.0f} Å is above 600 Å")
        if shot.ice > 0.3:
            reasons.append(f"select: ice ring {shot.ice:.2f} is above 0.3")
        shot.rejected = tuple(reasons)
        return shot

    @staticmethod
    def fails(number: int) -> bool:
        """Whether the movie of an exposure is cut short."""
        return number % 97 == 40

    def _settle(self, writes: Writes) -> None:
        exposure, name, number, shot = self.going.pop(0)
        if self.fails(number):
            reason = "align: the movie has 37 of 40 frames and ends early: copy it again"
            self._task(writes, "align", exposure, "failed", reason=reason)
            self._end(writes, exposure, "failed", [reason])
            return
        if not self.documents:
            self._settle_lightly(writes, exposure, shot)
            return
        micrograph = self._micrograph(name, number, shot)
        ctf = self._ctf(name, number, shot)
        self._result(
            writes, "align", exposure, {"micrograph": to_document(micrograph)},
            micrograph.qualities(), 2.9,
        )  # fmt: skip
        self._result(writes, "ctf", exposure, {"ctf": to_document(ctf)}, ctf.qualities(), 0.8)
        said = {"accepted": not shot.rejected, "reasons": list(shot.rejected)}
        verdict = {"verdict": said}
        self._result(writes, "select", exposure, verdict, {}, 0.001, rejected=bool(shot.rejected))
        if shot.rejected:
            self._end(writes, exposure, "rejected", list(shot.rejected))
            return
        picks = self._picks(name, number)
        self._result(
            writes, "pick", exposure, {"picks": to_document(picks)}, picks.qualities(), 0.6
        )
        particles = self._particles(name, picks)
        self._result(
            writes, "extract", exposure, {"particles": to_document(particles)},
            particles.qualities(), 0.3,
        )  # fmt: skip
        self._end(writes, exposure, "done", [])

    def _settle_lightly(self, writes: Writes, exposure: int, shot: Shot) -> None:
        for step, name, value in (
            ("align", "motion.total", shot.jump),
            ("ctf", "ctf.defocus", shot.defocus),
            ("ctf", "ctf.astigmatism", shot.astigmatism),
            ("ctf", "ctf.resolution", shot.resolution),
            ("ctf", "ctf.ice_ring", shot.ice),
        ):
            number = self.step_ids[step]
            writes.insert(
                t.quality, step_id=number, revision_id=number, subject_id=exposure, result_id=0,
                name=name, value=value,
            )  # fmt: skip
        self._end(writes, exposure, "rejected" if shot.rejected else "done", list(shot.rejected))

    def _micrograph(self, name: str, number: int, shot: Shot) -> Micrograph:
        steps = self.random.normal(0, 0.25, (40, 2))
        steps += np.outer(shot.jump * np.exp(-np.arange(40) / 3.0) / 4.0, [0.8, -0.6])
        shifts = np.cumsum(steps, axis=0) / PIXEL
        return Micrograph(
            exposure=name, path=Path(f"work/{name}.mrc"), shape=(SIZE, SIZE), optics=OPTICS,
            dose_per_frame=1.02, frames=40,
            motion=Motion(shifts=column(shifts - shifts[0]), pixel_size=PIXEL),
            thumbnail=Path(f"pool/{number % POOL}.png"),
            tracks=Path(f"pool/{number % POOL}-tracks.png"),
        )  # fmt: skip

    def _ctf(self, name: str, number: int, shot: Shot) -> Ctf:
        s = np.linspace(0.02, 0.33, 180)
        wavelength = OPTICS.wavelength
        chi = math.pi * wavelength * s**2 * (shot.defocus - 0.5 * wavelength**2 * s**2 * 2.7e7)
        fitted = np.sin(chi + 0.1) ** 2
        fall = np.exp(-((s * shot.resolution) ** 2) * 1.2)
        measured = 0.5 + (fitted - 0.5) * fall + self.random.normal(0, 0.03, s.size)
        return Ctf(
            exposure=name, optics=OPTICS, defocus_u=shot.defocus + shot.astigmatism / 2,
            defocus_v=shot.defocus - shot.astigmatism / 2, angle=31.0, score=0.92 * float(fall[60]),
            resolution=shot.resolution, ice_ring=shot.ice,
            spectrum=Path(f"pool/{number % POOL}-spectrum.png"),
            curve=column(np.stack([s, measured, fitted])),
        )  # fmt: skip

    def _picks(self, name: str, number: int) -> Picks:
        places = self.picks[number % POOL]
        kept = places[: int(self.random.integers(len(places) - 25, len(places)))]
        return Picks(
            exposure=name, x=column(kept[:, 1]), y=column(kept[:, 0]),
            score=column(np.linspace(1, 0.4, len(kept))), diameter=130.0, pixel_size=PIXEL,
        )  # fmt: skip

    def _particles(self, name: str, picks: Picks) -> Particles:
        same = column(np.full(len(picks), 12000.0))
        return Particles(
            exposure=name, stack=Path(f"work/{name}.mrcs"), box=64, optics=OPTICS.binned(2.0),
            micrograph=Path(f"work/{name}.mrc"), micrograph_pixel_size=PIXEL, x=picks.x, y=picks.y,
            score=picks.score, defocus_u=same, defocus_v=same, defocus_angle=same,
            diameter=picks.diameter,
        )  # fmt: skip

    def classify(self) -> None:
        """Commit a snapshot of 2D classes."""
        averages = _draw_classes(24)
        folder = self.folder / "pool"
        stack = folder / f"averages-{self.batches + 1}.mrcs"
        with mrcfile.new(stack) as file:
            file.set_data(averages)
            file.set_image_stack()
        counts = np.sort(self.random.gamma(1.2, 4000, len(averages)))[::-1]
        classes = Classes(
            averages=Path("pool") / stack.name, box=64, pixel_size=3.0, counts=column(counts),
            resolution=column(np.linspace(6.2, 19.0, len(averages))),
            score=column(np.linspace(1, 0, len(averages))), assignments=Path("pool/x.parquet"),
            particles=int(counts.sum()), iteration=self.batches + 1,
        )  # fmt: skip
        self._commit("classify", {"classes": to_document(classes)})
        self.classes = classes

    def add_choice(self, chosen: Sequence[bool]) -> None:
        """A further step that chooses among the classes of the last snapshot."""
        with self.store.write() as connection:
            writes = Writes(self.numbers, self.now)
            self._add_step(writes, "keep", "classes2d.select", "item", 7)
            writes.insert(
                t.link, revision_id=self.step_ids["keep"], port="classes",
                source_id=self.step_ids["classify"], source_port="classes",
            )  # fmt: skip
            writes.flush(connection)
        judged = replace(self.classes, selected=column(np.asarray(chosen)))
        self._commit("keep", {"classes": to_document(judged)})

    def reconstruct(self, efficiency: float = 0.83) -> None:
        """Commit a first 3D map, of views as even as that."""
        draw = np.random.default_rng(5)
        z, y, x = np.mgrid[-32:32, -32:32, -32:32]
        radius = np.sqrt(z * z + y * y + x * x) + 1e-6
        cube = (np.abs(z) ** 4 + np.abs(y) ** 4 + np.abs(x) ** 4) / radius**4
        shell = np.exp(-(((radius - 18 * (1.2 - 0.3 * cube)) / 3) ** 2))
        density = (shell + draw.normal(0, 0.03, shell.shape)).astype(np.float32)
        write_picture(self.folder / "pool" / "map.png", draw_volume(density))
        volume = Volume(
            particles=4120, iteration=2, map=Path("pool/map.mrc"), box=64, pixel_size=3.0,
            picture=Path("pool/map.png"), diameter=140.0, symmetry="O", resolution=11.4,
            resolution_half=14.2, efficiency=efficiency,
            fsc=column(1 / (1 + np.exp((np.arange(33) - 13.4) * 0.9))),
        )  # fmt: skip
        self._commit("volume", {"volume": to_document(volume)})

    def estimate_gain(self) -> None:
        """Commit an estimate of the gain that finds the reference turned."""
        draw = np.random.default_rng(6)
        y, x = np.mgrid[:256, :256]
        gain = 1 + 0.04 * ((x // 64 + y // 128) % 2) + draw.normal(0, 0.02, x.shape)
        write_picture(self.folder / "pool" / "gain.jpg", draw_thumbnail(gain, 1.0, 256))
        found = Gain(
            iteration=3, movies=40, frames=640, shape=(SIZE, SIZE), reference=Path("/d/gain.mrc"),
            verdict="wrong", orientation=Orientation(rotation=90), certainty=41.0,
            scores=column(np.linspace(0.9, 0.0, 8)), pattern=0.042, residual=0.051,
            residual_rows=0.002, residual_columns=0.003, residual_error=0.0004, error=0.011,
            bad_pixels=17, defects=None, dose=column(np.ones(40)), picture=Path("pool/gain.jpg"),
        )  # fmt: skip
        self._commit("gain", {"gain": to_document(found)})

    def _commit(self, step: str, outputs: dict[str, Any]) -> None:
        self.batches += 1
        with self.store.write() as connection:
            writes = Writes(self.numbers, self.now)
            name = f"batch_{self.batches:05d}"
            subject = self._add_subject(writes, "batch", step, self.batches, name)
            self._result(writes, step, subject, outputs, {}, 21.0)
            writes.flush(connection)

    def change(self, *steps: str, who: str = "ann") -> None:
        """Give steps revisions that have nothing yet, as a change of parameters does."""
        with self.store.write() as connection:
            begun = Writes(self.numbers, self.now - 1.0)
            for number in self.step_ids.values():
                begun.event(StepAdded(), step_id=number)
            begun.flush(connection)
            writes = Writes(self.numbers, self.now)
            made = {}
            for step in steps:
                number = self.step_ids[step]
                chosen = t.revision.select().where(t.revision.c.id == number)
                values = {**connection.execute(chosen).one()._asdict(), "number": 2}
                del values["id"]
                values |= {"fingerprint": "changed", "backfill": 0, "state": "waiting"}
                revision = writes.insert(t.revision, **values)
                writes.insert(t.counter, revision_id=revision)
                for row in connection.execute(
                    t.link.select().where(t.link.c.revision_id == number)
                ):
                    link = {**row._asdict(), "revision_id": revision}
                    del link["id"]
                    writes.insert(t.link, **link)
                writes.event(StepRevised(revision=2, who=who, changed={}), step_id=number)
                made[number] = revision
            writes.flush(connection)
            for number, revision in made.items():
                members = t.member.update().where(t.member.c.step_id == number)
                connection.execute(members.values(revision_id=revision))

    def teach(self, step: str, **changed: Any) -> None:
        """Have the monitor of the CTF change parameters of a step, by itself."""
        with self.store.write() as connection:
            writes = Writes(self.numbers, self.now)
            number, monitor = self.step_ids[step], self.step_ids["ctf_monitor"]
            first = connection.execute(t.revision.select().where(t.revision.c.id == number)).one()
            values = {**first._asdict(), "number": 2, "changed": json.dumps(changed)}
            del values["id"]
            revision = writes.insert(t.revision, **{**values, "fingerprint": "taught"})
            writes.insert(t.counter, revision_id=revision)
            writes.event(StepAdded(), step_id=number)
            said = StepRevised(revision=2, who="ctf_monitor", changed=changed)
            writes.event(said, step_id=number)
            offer = {"step": step, "changes": changed, "automatic": True}
            writes.event(AlertAdopted(alert=1, who="ctf_monitor", offer=offer), step_id=monitor)
            writes.flush(connection)
            connection.execute(
                t.member.update().where(t.member.c.step_id == number).values(revision_id=revision)
            )

    def add_branch(self, name: str, sample: Sequence[int] | None = None) -> None:
        """Make a branch that has the same steps but those that pick and extract."""
        with self.store.write() as connection:
            made = t.branch.insert().values(
                id=1 + connection.execute(select(func.max(t.branch.c.id))).scalar_one(),
                name=name, workflow="single-particle", state="active", created=self.now,
                sample=None if sample is None else json.dumps(list(sample)),
            )  # fmt: skip
            (branch,) = connection.execute(made).inserted_primary_key
            for step, own in self.step_ids.items():
                if step not in ("pick", "extract"):
                    member = {"branch_id": branch, "step_id": own, "revision_id": own}
                    connection.execute(t.member.insert().values(**member))

    def warn(self, level: str, message: str, exposure: str, *, cleared: bool = False) -> None:
        """Raise an alert."""
        with self.store.write() as connection:
            writes = Writes(self.numbers, self.now)
            writes.insert(
                t.alert, branch_id=1, step_id=self.step_ids["ctf_monitor"], key=message[:12],
                level=level, message=message, exposure=exposure, raised=self.now - 900,
                seen=self.now, cleared=self.now - 300 if cleared else None,
            )  # fmt: skip
            writes.flush(connection)

    def agree(self, count: int) -> None:
        """Consensus steps of two CTF estimates and of three pickers, of the first exposures."""
        with self.store.write() as connection:
            writes = Writes(self.numbers, self.now)
            for step, protocol, kind, depth in (
                ("ctf_other", "ctf.estimate", "item", 2), ("pick_other", "picks.log", "item", 5),
                ("pick_third", "picks.template", "item", 5),
                ("ctf_agree", "ctf.consensus", "consensus", 3),
                ("pick_agree", "picks.consensus", "consensus", 6),
            ):  # fmt: skip
                self._add_step(writes, step, protocol, kind, depth)
            for step, port, source in (
                ("ctf_agree", "ctf", "ctf"), ("ctf_agree", "ctf", "ctf_other"),
                ("pick_agree", "picks", "pick"), ("pick_agree", "picks", "pick_other"),
                ("pick_agree", "picks", "pick_third"),
            ):  # fmt: skip
                writes.insert(
                    t.link, revision_id=self.step_ids[step], port=port,
                    source_id=self.step_ids[source], source_port=port,
                )  # fmt: skip
            chosen = t.subject.select().where(t.subject.c.kind == "exposure").limit(count)
            for row in connection.execute(chosen.order_by(t.subject.c.id)).all():
                number = row.number - 1
                ctf = self._ctf(row.name, number, self._shot(number))
                votes = ("ctf", "ctf_other")
                lost = votes[1:] if number % 7 == 3 else ()
                agreement = CtfAgreement(
                    members=votes[:1] if lost else votes, outvoted=lost,
                    resolution=3.0 + self.random.gamma(2, 0.3), worst=5.0,
                )  # fmt: skip
                self._result(writes, "ctf_other", row.id, {"ctf": to_document(ctf)}, {}, 1.6)
                ctf = replace(ctf, agreement=agreement)
                self._result(writes, "ctf_agree", row.id, {"ctf": to_document(ctf)},
                             {"ctf.agreement": agreement.resolution}, 0.01)  # fmt: skip
                each = self.random.integers(80, 120, 3)
                both = self.random.integers(40, 70, 3)
                shared = np.diag(each)
                for (i, j), value in zip(((0, 1), (0, 2), (1, 2)), both, strict=True):
                    shared[i, j] = shared[j, i] = value
                kept = self._picks(row.name, number)
                kept = replace(kept, agreement=PickerAgreement(
                    pickers=("pick", "pick_other", "pick_third"), shared=column(shared),
                    scores=column(np.zeros((len(kept), 3))),
                ))  # fmt: skip
                self._result(writes, "pick_agree", row.id, {"picks": to_document(kept)},
                             kept.qualities(), 0.01)  # fmt: skip
            writes.flush(connection)

    def decide(self, verb: str, document: dict[str, Any], **more: Any) -> None:
        """Somebody decided something, which has been carried out."""
        said = {"who": "ann", "why": "", "state": "done", "answer": "", "ago": 0.0} | more
        with self.store.write() as connection:
            writes = Writes(self.numbers, self.now - said["ago"])
            self.asked += 1
            connection.execute(t.request.insert().values(
                token=f"token-{self.asked}", time=self.now - said.pop("ago"), verb=verb,
                document=json.dumps({**document, "why": said.pop("why")}), **said,
            ))  # fmt: skip
            writes.event(RequestAnswered(
                verb=verb, verdict=said["state"], answer=said["answer"],
                token=f"token-{self.asked}", who=said["who"],
            ))  # fmt: skip
            writes.flush(connection)

    def measure(self, minutes: int) -> None:
        """Samples of the machine's load up to now."""
        with self.store.write() as connection:
            writes = Writes(self.numbers, self.now)
            for place in range(minutes * 6):
                time = self.now - (minutes * 6 - place) * 10
                wave = math.sin(place / 40.0)
                for name, value, unit in (
                    ("machine.cpu", 78 + 14 * wave + self.random.normal(0, 4), "%"),
                    ("machine.memory", 41 + 3 * wave, "%"),
                    ("machine.disk_free", 2.4e12 - place * 4e8, "B"),
                    ("machine.disk_fills", 40.0, "MB/s"),
                    ("machine.disk_full_in", 16.0 - place / 360.0, "h"),
                    ("machine.disk_full_soonest", 13.0 - place / 360.0, "h"),
                    ("machine.disk_full_latest", 20.0 - place / 360.0, "h"),
                    ("machine.disk_write", 9e7 + 2e7 * wave, "B/s"),
                ):
                    writes.insert(t.sample, time=time, name=name, value=float(value), unit=unit)
            writes.flush(connection)

    def finish(self) -> None:
        """The session is done."""
        self._leave("done")

    def stop(self) -> None:
        """The session was stopped."""
        self._leave("stopped")

    def _leave(self, state: str) -> None:
        with self.store.write() as connection:
            writes = Writes(self.numbers, self.now)
            writes.update(t.session, 1, state=state, changed=self.now)
            for number in self.step_ids.values():
                writes.update(t.revision, number, state="done")
            writes.flush(connection)

    def accept(self, name: str) -> None:
        """A person overrules a rejection."""
        with self.store.write() as connection:
            chosen = t.subject.select().where(t.subject.c.name == name)
            number = connection.execute(chosen).one().id
            writes = Writes(self.numbers, self.now)
            self._end(writes, number, "done", [])
            writes.flush(connection)

    def _end(self, writes: Writes, exposure: int, state: str, reasons: list[str]) -> None:
        writes.update(t.exposure, exposure, state=state, reasons=json.dumps(reasons))
        writes.event(ExposureStateChanged(state=state, reasons=reasons), subject_id=exposure)

    def _task(self, writes: Writes, step: str, subject: int, state: str, **more: Any) -> None:
        number = self.step_ids[step]
        more.setdefault("reason", "")
        more.setdefault("passed", True)
        more.setdefault("result_id", None)
        done = TaskDone(result=more["result_id"])
        serial = writes.event(done, step_id=number, subject_id=subject)
        writes.insert(
            t.task, step_id=number, revision_id=number, subject_id=subject,
            key=f"{step}{subject}", inputs="[]",
            state=state, rank=0, attempt=1, epoch=1, serial=serial, ended=self.now, **more,
        )  # fmt: skip
        writes.count(number, **{state: 1, "rejected": int(not more["passed"])})

    def _result(
        self,
        writes: Writes,
        step: str,
        subject: int,
        outputs: dict[str, Any],
        qualities: dict[str, float],
        seconds: float,
        *,
        rejected: bool = False,
    ) -> None:
        number = self.step_ids[step]
        names = TYPES | {"verdict": "Rejected" if rejected else "Accepted"}
        types = {port: f"icestream.model:{names[port]}" for port in outputs}
        result = writes.insert(
            t.result, key=f"{step}-{subject}-{self.numbers.last('result')}", step_id=number,
            revision_id=number, subject_id=subject, document=json.dumps(outputs), epoch=1,
            attempt=1, started=self.now - seconds, seconds=seconds, host="scope",
            types=json.dumps(types), cpu=0.9 * seconds, memory=3e8,
        )  # fmt: skip
        self._task(writes, step, subject, "done", result_id=result, passed=not rejected)
        writes.count(number, seconds=seconds, cpu=0.9 * seconds, metered=1)
        writes.reach(number, 3e8)
        for name, value in qualities.items():
            writes.insert(
                t.quality, step_id=number, revision_id=number, subject_id=subject,
                result_id=result, name=name, value=value,
            )  # fmt: skip


def _place(number: int, grid_square: int, foil_hole: int) -> dict[str, Any]:
    """Where an exposure lies: of three in a hole, of nine holes around a stage position."""
    square, inside = divmod(number, 60)
    cluster, hole = divmod(inside // 3, 9)
    across, down = hole % 3 - 1, hole // 3 - 1
    turn = 2.1 * (number % 3)
    return {
        "grid_square": str(grid_square),
        "foil_hole": str(foil_hole),
        "group": 1 + hole,
        "stage": (
            -180.0 + 120.0 * (square % 5) + 8.0 * cluster + 3.0 * (square % 2),
            -130.0 + 120.0 * (square // 5) + 8.0 * (cluster % 2),
            -12.0,
        ),
        "beam_shift": (
            0.05 * across + 0.008 * math.cos(turn),
            0.05 * down + 0.008 * math.sin(turn),
        ),
    }


@functools.cache
def _draw(number: int) -> tuple[bytes, bytes, np.ndarray]:
    """A thumbnail with round particles, a spectrum with rings, and the particles as (y, x)."""
    draw = np.random.default_rng(number)
    places = np.empty((0, 2))
    for place in draw.uniform(60, SIZE - 60, (900, 2)):
        if len(places) == 0 or np.hypot(*(places - place).T).min() > 92:
            places = np.vstack([places, place])
    small = 384
    y, x = np.mgrid[:small, :small] * (SIZE / small)
    image = draw.normal(0, 0.8, (small, small)) + 0.6 * np.sin(x / 900 + number) + 0.4 * y / SIZE
    for py, px in places:
        distance = np.hypot(y - py, x - px)
        image -= 0.9 * np.exp(-(((distance - 34) / 11) ** 2)) + 0.35 * (distance < 40)
    ky, kx = np.mgrid[-160:160, -160:160] / 320 * 0.66
    s = np.hypot(ky, kx) + 1e-6
    stretch = 1 + 0.015 * np.cos(2 * np.arctan2(ky, kx) - 1.0)
    rings = np.sin(math.pi * 0.0197 * s**2 * (9000 + 4000 * (number % 5)) * stretch + 0.1) ** 2
    noise = 0.5 + (rings - 0.5) * np.exp(-((s * 3.6) ** 2)) + draw.normal(0, 0.16, s.shape)
    half = np.where((kx > 0) & (s < 0.3), rings, noise)
    return _png(image), _png(np.where(s < 0.03, 0.5, half)), places


@functools.cache
def _draw_tracks(number: int) -> bytes:
    draw = np.random.default_rng(number)
    frames = np.arange(40.0)
    shifts = 12 * (1 - np.exp(-frames / 6))[:, None] * draw.normal(0, 1, 2)
    scale = np.tile([1 / 40, 1 / 1600, 1 / 64000], 6)
    field = draw.normal(0, 4.0, (2, 18)) * scale
    buffer = io.BytesIO()
    tracks = draw_tracks(LocalMotion(shifts, field, 1.0), (SIZE, SIZE))
    Image.fromarray(tracks).save(buffer, "PNG")
    return buffer.getvalue()


def _png(image: np.ndarray) -> bytes:
    low, high = np.percentile(image, [0.5, 99.5])
    grey = np.clip((image - low) / (high - low), 0, 1) * 255
    buffer = io.BytesIO()
    Image.fromarray(grey.astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def _draw_classes(count: int) -> np.ndarray:
    draw = np.random.default_rng(3)
    y, x = np.mgrid[-32:32, -32:32]
    images = np.empty((count, 64, 64), np.float32)
    for number in range(count):
        turned = np.arctan2(y, x) + draw.uniform(0, 6.28)
        radius = np.hypot(y, x) * (1 + 0.06 * np.cos((2 + number % 4) * turned))
        shell = np.exp(-(((radius - 15) / 3.2) ** 2))
        shell *= 1 + 0.45 * np.cos((3 + number % 3) * turned)
        blur = max(0.0, 1 - number / count)
        images[number] = shell * blur + 0.25 * (radius < 18) + draw.normal(0, 0.1, y.shape)
    return images


def main() -> None:
    """``python tests/report_session.py FOLDER [EXPOSURES]``: a session and its report, timed."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 420
    session = SampleSession(folder, start=time.time() - 12.0 * count)
    session.grow(count, settle=False)
    session.classify()
    session.reconstruct()
    session.estimate_gain()
    session.measure(60)
    session.warn(
        "warning",
        "Astigmatism of 8 exposures in a row is above 600 Å (median 842 Å): check the stigmators",
        f"FoilHole_{9015883 + 51}_Data_9017347_0",
    )
    session.warn("notice", "Ice rings in 5 of the last 50 exposures", "", cleared=True)
    with ReportWriter(session.store) as writer:
        for what in ("first update", "update after 4 more exposures", "update without news"):
            started = time.process_time()
            writer.update(patience=float("inf"))
            used = time.process_time() - started
            sys.stdout.write(f"{what}: {used:.3f} s of CPU\n")
            if what == "first update":
                session.grow(4, settle=False)
    tables = sum(path.stat().st_size for path in writer.folder.glob("*.*"))
    pictures = [path.stat().st_size for path in (writer.folder / "pictures").iterdir()]
    sys.stdout.write(
        f"{writer.page}\n{tables / 1e6:.2f} MB of pages and numbers, "
        f"{sum(pictures) / 1e6:.1f} MB in {len(pictures)} files of pictures and details\n"
    )


if __name__ == "__main__":
    main()
