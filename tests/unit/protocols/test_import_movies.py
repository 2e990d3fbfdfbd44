"""Movies are taken when they are whole, once, and whatever goes wrong is said."""

import bz2
import gzip
import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
from mrcfile.dtypes import get_ext_header_dtype

from icestream.engine.graph.workflow import Step, Workflow
from icestream.engine.progress import Outcome
from icestream.engine.session import run_session
from icestream.formats.mrc import write_mrc
from icestream.formats.tiff import write_tiff
from icestream.model import Movie
from icestream.protocol import Cursor, Discovery, ProtocolError
from icestream.protocol.conformance import problems
from icestream.protocols.acquisition import Acquisition
from icestream.protocols.import_movies import ImportMovies
from icestream.protocols.import_parameters import ImportParameters
from icestream.store import queries
from icestream.store.open import open_store
from toy_session import InlineExecutor

RNG = np.random.default_rng(11)
GIVEN = {"pixel_size": 1.0, "voltage": 300.0, "dose_per_frame": 1.2, "metadata_wait": 0.0}
GIVEN["spherical_aberration"] = 2.7


class Session:
    """A source on a folder, with a clock that the test turns."""

    def __init__(self, folder: Path, **parameters: object) -> None:
        values = {"pattern": str(folder), "watch": True, "frames": 6, **GIVEN, **parameters}
        self.folder = folder
        self.parameters = ImportParameters(**values)  # type: ignore[arg-type]
        self.source = ImportMovies(self.parameters)
        self.now = time.time() + 100.0
        self.state: object = None

    def discover(self, later: float = 10.0) -> Discovery:
        self.now += later
        found = self.source.discover(Cursor(self.state, self.now))
        self.state = json.loads(json.dumps(found.state))
        return found

    def restart(self) -> None:
        self.source = ImportMovies(self.parameters)

    def movie(self, name: str, frames: int = 6) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_tiff(path, RNG.poisson(1.0, (frames, 32, 48)).astype(np.uint8))
        return path


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path)


def _names(found: Discovery) -> list[str]:
    return [item.exposure for item in found.items]


def test_it_is_a_good_protocol() -> None:
    assert problems(ImportMovies) == []


def test_movies_are_taken_as_they_come(session: Session) -> None:
    assert session.discover().items == []
    session.movie("a_fractions.tiff")
    session.movie("deep/b_fractions.tiff")
    found = session.discover()
    assert _names(found) == ["a", "b"]
    assert not found.closed
    movie = found.items[0]
    assert isinstance(movie, Movie)
    assert (movie.frames, movie.shape, movie.dose) == (6, (32, 48), pytest.approx(7.2))
    assert movie.size == movie.path.stat().st_size
    assert session.discover().items == []
    session.movie("late/c_fractions.tiff")
    assert _names(session.discover()) == ["c"]
    text = session.source.summarize(found.items)
    assert text.startswith("2 movies of 6 frames of 48 x 32 pixels were taken at 300 kV")


def test_a_copy_in_place_is_taken_when_it_is_whole(session: Session) -> None:
    whole = session.movie("elsewhere/x.tiff").read_bytes()
    shutil.rmtree(session.folder / "elsewhere")
    path = session.folder / "a.tiff"
    for share in (0.1, 0.5, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        found = session.discover()
        assert (found.items, found.waiting) == ([], 1)
    path.write_bytes(whole)
    assert _names(session.discover()) == ["a"]


def test_a_copy_that_has_its_size_first(session: Session) -> None:
    whole = session.movie("elsewhere/x.tiff").read_bytes()
    shutil.rmtree(session.folder / "elsewhere")
    path = session.folder / "a.tiff"
    for share in (0.0, 0.4, 0.95):
        end = int(len(whole) * share)
        path.write_bytes(whole[:end] + bytes(len(whole) - end))
        found = session.discover()
        assert (found.items, found.refused, found.waiting) == ([], [], 1)
    path.write_bytes(whole)
    assert _names(session.discover()) == ["a"]


def test_a_truncated_movie_is_refused_and_taken_when_it_is_mended(session: Session) -> None:
    path = session.movie("a.tiff")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert session.discover().refused == []
    assert session.discover(299.0).refused == []
    (refusal,) = session.discover(2.0).refused
    assert (refusal.path, refusal.exposure) == (path, "a")
    assert "it is not whole: expected a whole TIFF file" in refusal.reason
    assert "has not changed for 301 s" in refusal.reason
    assert session.discover().waiting == 0
    path.write_bytes(whole)
    found = [session.discover() for _ in range(2)]
    assert [name for one in found for name in _names(one)] == ["a"]


def _told(found: Discovery) -> dict[str, str]:
    return {alert.key: f"{alert.level}: {alert.message}" for alert in found.alerts}


def test_copies_are_skipped_and_told(session: Session) -> None:
    first = session.movie("Images-Disc1/a.tiff")
    assert _names(session.discover()) == ["a"]
    for copy in ("Images-Disc2/a.tiff", "b.tiff"):
        (session.folder / copy).parent.mkdir(exist_ok=True)
        shutil.copy(first, session.folder / copy)
        found = session.discover()
        assert (found.items, found.refused, found.waiting) == ([], [], 0)
    assert _told(found)["import.copies"] == (
        "notice: copies of movies that were taken before are skipped: "
        f"a.tiff (of {first}), b.tiff (of {first})"
    )
    first.rename(session.folder / "c.tiff")
    found = session.discover()
    assert (_names(found), found.refused) == (["a"], []), "it is the exposure that it was"
    assert f"other names now: c.tiff (was {first!s})" in _told(found)["import.renamed"]


def test_a_movie_that_was_renamed_between_two_runs_is_the_same(session: Session) -> None:
    old, other = session.movie("a.tiff"), session.movie("b.tiff")
    os.utime(other, (1.7e9, 1.7e9))
    taken = list(session.discover().items)
    keys = {item.exposure: session.source.key(item) for item in taken}
    for name in ("new.tiff", "newer.tiff"):
        old = old.rename(session.folder / name)
        again = ImportMovies(session.source.parameters)
        found = again.discover(Cursor(None, session.now + 100.0, taken.copy))
        assert sorted(_names(found)) == ["a", "b"]
        assert {item.exposure: again.key(item) for item in found.items} == keys
        assert f"{name} (was {session.folder / 'a.tiff'})" in _told(found)["import.renamed"]
        taken += found.items


def test_what_was_taken_before_is_read_once(session: Session) -> None:
    session.movie("a.tiff")
    reads: list[int] = []

    def earlier() -> list[Any]:
        reads.append(1)
        return []

    session.source.discover(Cursor(None, session.now + 100.0, earlier))
    session.movie("b.tiff")
    session.source.discover(Cursor(None, session.now + 200.0, earlier))
    assert reads == [1]


def test_movies_of_one_name_in_two_folders_are_two_exposures(session: Session) -> None:
    for disc, size in ((1, 0.75), (2, 1.5)):
        movie = session.movie(f"Images-Disc{disc}/a.tiff")
        mdoc = movie.with_name("a.tiff.mdoc")
        mdoc.write_text(
            f"[FrameSet = 0]\nPixelSpacing = {size}\nTiltAngle = {disc}\nNumSubFrames = 6\n"
            "DateTime = 25-Sep-23  14:13:26\n"
        )
    found = session.discover()
    assert _names(found) == ["a", "a (Images-Disc2)"]
    assert [item.details.tilt for item in found.items] == [1.0, 2.0]
    session.restart()
    assert _names(session.discover()) == _names(found)


def test_one_exposure_as_two_movies_in_one_folder(session: Session) -> None:
    session.movie("a.tif")
    assert _names(session.discover()) == ["a"]
    session.movie("a.tiff")
    found = session.discover()
    assert (found.items, found.refused) == ([], [])
    assert _told(found)["import.twice"].endswith("skipped: a.tiff (a.tif was taken)")


def test_a_movie_that_changes_later_is_reported_and_not_taken_again(session: Session) -> None:
    path = session.movie("a.tiff")
    (movie,) = session.discover().items
    key = session.source.key(movie)
    os.utime(path)
    session.movie("a.tiff")
    found = session.discover()
    assert found.items == []
    assert [alert.key for alert in found.alerts] == ["import.changed.a"]
    assert "was changed after it was taken" in found.alerts[0].message
    assert session.source.key(movie) != key
    assert [alert.key for alert in session.discover().alerts] == ["import.changed.a"]


def test_a_name_that_is_used_only_while_copying(session: Session) -> None:
    (session.folder / "a.tiff").write_bytes(b"II*")
    assert session.discover().waiting == 1
    (session.folder / "a.tiff").unlink()
    assert session.discover().waiting == 0
    session.movie("a.tiff")
    assert _names(session.discover()) == ["a"]


def test_a_link_to_nothing_is_refused_and_taken_when_its_movie_comes(session: Session) -> None:
    (session.folder / "a_fractions.tiff").symlink_to(session.folder / "elsewhere" / "a.data")
    assert session.discover().waiting == 1
    (refusal,) = session.discover(later=400.0).refused
    assert "it is a link to" in refusal.reason
    session.movie("elsewhere/a.data")
    assert _names(session.discover()) == ["a"]


def test_metadata_that_come_after_their_movie(shared_data: Path, tmp_path: Path) -> None:
    xml = sorted((shared_data / "acquisition" / "epu_3.8_falcon4i").glob("*.xml"))[0]
    session = Session(tmp_path, voltage=None, dose_per_frame=None, metadata_wait=20.0)
    session.movie(f"{xml.stem}_fractions.tiff")
    assert session.discover().waiting == 1
    shutil.copy(xml, tmp_path / xml.name)
    assert session.discover().items == [], "it names a gain reference, which may come, too"
    (movie,) = session.discover().items
    assert movie.optics.voltage == 300.0
    assert movie.details.nominal_defocus == 12000.0
    session.movie("without_fractions.tiff")
    assert session.discover().items == []
    assert _names(session.discover(21.0)) == ["without"]


def test_metadata_that_are_still_being_written(tmp_path: Path) -> None:
    session = Session(tmp_path, metadata_wait=20.0)
    movie, mdoc = session.movie("a.tiff"), tmp_path / "a.tiff.mdoc"
    mdoc.write_text("Voltage = 300\n[FrameSet = 0]\nPixelSpac")
    assert session.discover().waiting == 1  # though everything is given
    mdoc.write_text("[FrameSet = 0]\nTargetDefocus = -1.5\nDateTime = 25-Sep-23  14:13:26\n")
    found = session.discover()
    assert [(each.path, each.details.nominal_defocus) for each in found.items] == [(movie, 15000.0)]
    assert found.alerts == ()


def test_metadata_in_another_tree(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "acquisition" / "epu_3.8_falcon4i"
    xml = sorted(folder.glob("*.xml"))[0]
    (tmp_path / "frames").mkdir()
    session = Session(tmp_path / "frames", voltage=None, dose_per_frame=None, metadata=str(folder))
    session.movie(f"{xml.stem}_EER.tiff")
    (movie,) = session.discover().items
    assert movie.optics.voltage == 300.0
    assert movie.dose == pytest.approx(24.67, abs=0.01)


def test_too_little_is_known(tmp_path: Path) -> None:
    session = Session(tmp_path, pixel_size=None)
    session.movie("a.tiff")
    (refusal,) = session.discover().refused
    assert "give --pixel-size" in refusal.reason
    (tmp_path / "a.tiff.mdoc").write_text(
        "Voltage = 300\n[FrameSet = 0]\nPixelSpacing = 1\nDateTime = 25-Sep-23  14:13:26\n"
    )
    found = [session.discover() for _ in range(2)]
    assert [name for one in found for name in _names(one)] == ["a"]


def test_metadata_that_say_too_little_are_not_looked_at_for_ever(tmp_path: Path) -> None:
    session = Session(tmp_path, voltage=None, watch=False)
    session.movie("a.tif")
    mdoc = tmp_path / "a.tif.mdoc"
    text = "[FrameSet = 0]\nTiltAngle = 1\nDateTime = 25-Sep-23  14:13:26\n"
    mdoc.write_text(text)
    found = [session.discover() for _ in range(3)]
    assert [len(one.refused) for one in found] == [1, 0, 0]
    assert found[-1].closed
    mdoc.write_text(f"Voltage = 300\n{text}")
    assert [name for _ in range(2) for name in _names(session.discover())] == ["a"]


def test_a_folder_may_hold_other_images_and_a_gain(session: Session) -> None:
    write_mrc(session.folder / "FoilHole_1.mrc", np.ones((8, 8), np.float32))
    write_mrc(session.folder / "gain.mrc", np.ones((32, 48), np.float32))
    session.movie("a.tiff")
    found = session.discover()
    assert _names(found) == ["a"]
    assert found.items[0].gain == session.folder / "gain.mrc"
    assert session.discover().refused == []
    assert session.discover().waiting == 0


def test_the_gain_at_the_top_of_an_epu_session(tmp_path: Path) -> None:
    (tmp_path / "EpuSession.dm").write_text("<a/>")
    write_mrc(tmp_path / "20250101_GainReference.mrc", np.ones((32, 48), np.float32))
    data = tmp_path / "Images-Disc1" / "GridSquare_1" / "Data"
    session = Session(data, pattern=f"{data}/*_fractions.tiff")
    session.movie("a_fractions.tiff")
    (movie,) = session.discover().items
    assert movie.gain == tmp_path / "20250101_GainReference.mrc"


def test_a_gain_that_the_metadata_name_is_waited_for(tmp_path: Path) -> None:
    session = Session(tmp_path, metadata_wait=20.0)

    def movie(name: str, gain: str = "CountRef_1.mrc") -> None:
        session.movie(name)
        text = f"Voltage = 300\n[FrameSet = 0]\nPixelSpacing = 1\nGainReference = {gain}\n"
        (tmp_path / f"{name}.mdoc").write_text(text)

    movie("a.tiff")
    assert session.discover(1.0).waiting == 1
    assert session.discover(5.0).items == []
    write_mrc(tmp_path / "CountRef_1.mrc", np.ones((32, 48), np.float32))
    (taken,) = session.discover(10.0).items
    assert taken.gain == tmp_path / "CountRef_1.mrc"
    movie("b.tiff", "CountRef_2.mrc")
    assert session.discover(1.0).items == []
    found = session.discover(25.0)
    assert [item.gain for item in found.items] == [None]
    assert any(alert.key == "import.gain.missing" for alert in found.alerts)
    movie("c.tiff", "CountRef_2.mrc")
    assert len(session.discover(10.0).items) == 1, "none waits once one went without"


def test_it_closes_when_what_is_there_was_taken(tmp_path: Path) -> None:
    session = Session(tmp_path, watch=False, frames=None)
    path = session.movie("a.tiff")
    short = session.movie("b.tiff")
    for one in (path, short):
        os.utime(one, (time.time() - 1000,) * 2)
    short.write_bytes(short.read_bytes()[:-500])
    os.utime(short, (time.time() - 1000,) * 2)
    # On a busy machine the first movie alone may take the half second of one look.
    looks = [session.discover()]
    while not looks[-1].closed and len(looks) < 5:
        looks.append(session.discover())
    assert [name for found in looks for name in _names(found)] == ["a"]
    assert [refusal.exposure for found in looks for refusal in found.refused] == ["b"]
    assert looks[-1].closed


def test_it_closes_after_the_idle_time(tmp_path: Path) -> None:
    session = Session(tmp_path, idle_timeout=60.0)
    assert not session.discover().closed
    session.movie("a.tiff")
    assert not session.discover(55.0).closed
    assert not session.discover(55.0).closed
    assert session.discover(10.0).closed
    endless = Session(tmp_path)
    endless.discover()
    assert not endless.discover(1e6).closed


def test_a_restart_reports_the_same_again(session: Session) -> None:
    for name in ("a.tiff", "b.tiff"):
        session.movie(name)
    before = session.discover()
    keys = [session.source.key(movie) for movie in before.items]
    session.restart()
    after = session.discover()
    assert [session.source.key(movie) for movie in after.items] == keys
    assert after.items == before.items


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"pattern": ""}, "no folder of movies is given"),
        ({"pattern": "/nowhere/at/all", "watch": False}, "is not there"),
        ({"gain": Path("/nowhere/gain.mrc")}, "gain reference, /nowhere/gain.mrc, is not there"),
    ],
)
def test_what_cannot_work_is_said(
    tmp_path: Path, parameters: dict[str, object], message: str
) -> None:
    with pytest.raises(ProtocolError, match=message):
        Session(tmp_path, **parameters).discover()


def test_an_idle_look_costs_little(session: Session) -> None:
    """However many movies were taken; the limit is generous for a loaded machine."""
    for number in range(40):
        session.movie(f"{number % 4}/{number}.tiff")
    # A look ends after half a second, in which a busy machine does not get to all of them.
    taken = [item for _ in range(40) for item in session.discover().items]
    assert len(taken) == 40
    start = time.process_time()
    for _ in range(20):
        session.discover(0.1)
    assert (time.process_time() - start) / 20 < 0.005


def test_what_is_waited_for_is_said_with_its_end(tmp_path: Path) -> None:
    """Not while a file is being copied, but when nothing has changed for a while."""
    session = Session(tmp_path, patience=120.0)
    half = session.movie("a.tiff")
    half.write_bytes(half.read_bytes()[:-200])
    assert session.discover().alerts == ()
    found = session.discover(11.0)
    assert (found.waiting, [one.key for one in found.alerts]) == (1, ["import.waiting"])
    assert re.fullmatch(
        r"a.tiff is not whole yet: waiting until \d\d:\d\d at most, while nothing is added "
        r"\(the import's patience\)",
        found.alerts[0].message,
    )
    refused = session.discover(120.0)
    assert len(refused.refused) == 1
    assert refused.alerts == ()


def test_a_watched_folder_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    wanted = ImportParameters(pattern=str(tmp_path / "later"), watch=True)
    source = ImportMovies(wanted)
    (alert,) = source.discover(Cursor()).alerts
    assert alert.message == f"the folder {tmp_path / 'later'} is not there yet; waiting for it"
    (tmp_path / "later").mkdir()
    assert source.discover(Cursor()).alerts == ()
    assert source.waits()
    at_once = ImportMovies(ImportParameters(pattern=str(tmp_path / "never")))
    assert not at_once.waits()
    with pytest.raises(ProtocolError, match="never is not there"):
        at_once.discover(Cursor())


def test_another_pattern_brings_more_and_makes_nothing_run_again(tmp_path: Path) -> None:
    """Of a session that goes on: what it took is taken still."""
    movies = Session(tmp_path / "movies", scan_every=60.0)
    movies.movie("a/one.tiff")
    movies.movie("b/two.tiff")

    def run(folder: str, left_out: list[str]) -> Outcome:
        given = {**GIVEN, "pattern": str(tmp_path / "movies" / folder), "exclude": left_out}
        step = Step(name="import", protocol="movies.import", parameters={"frames": 6, **given})
        workflow = Workflow(name="import", steps=(step,))
        return run_session(tmp_path / "session", workflow, executor=InlineExecutor())

    assert dict(run("a", []).exposures)["done"] == 1
    outcome = run("", ["none"])
    assert dict(outcome.exposures)["done"] == 2
    store = open_store(tmp_path / "session", readonly=True)
    assert queries.step(store, "import").revision == 1
    assert [one.exposure for one in queries.results(store, "import")] == ["one", "two"]
    store.close()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.mrc.bz2", bz2.compress(bytes(5000)), "decompress it first: bunzip2 a.mrc.bz2"),
        ("a.TIF.GZ", gzip.compress(bytes(5000), mtime=0), "decompress it first: gunzip a.TIF.GZ"),
        ("a.tif", b"<html>404 not found</html>", "a web page"),
    ],
)
def test_what_is_no_movie_is_refused_at_the_first_look(
    session: Session, name: str, content: bytes, said: str
) -> None:
    """Nobody waits for it as for a movie under way, and nobody passes it over."""
    (session.folder / name).write_bytes(content)
    (refusal,) = session.discover().refused
    assert refusal.reason.startswith("it cannot be read: expected")
    assert said in refusal.reason
    assert "not whole" not in refusal.reason
    assert session.discover().waiting == 0


def test_pictures_beside_movies_are_not_waited_for(tmp_path: Path) -> None:
    """Whatever the pattern is; their metadata are those of the movie, with its frames."""
    session = Session(tmp_path, pattern=f"{tmp_path}/*.mrc", frames=None)
    counts = RNG.poisson(1.0, (6, 32, 48)).astype(np.uint8)
    write_mrc(tmp_path / "X_Fractions.mrc", counts)
    write_mrc(tmp_path / "X.mrc", counts.sum(axis=0).astype(np.float32))
    found = [session.discover() for _ in range(2)]
    assert [name for one in found for name in _names(one)] == ["X"]
    assert found[-1].waiting == 0
    assert found[-1].alerts == ()


def test_frames_in_files_of_their_own_are_told_once_and_never_taken(tmp_path: Path) -> None:
    session = Session(tmp_path, pattern=f"{tmp_path}/*.tif", frames=None)
    for movie in "ab":
        for frame in range(1, 9):
            session.movie(f"{movie}-{frame}.tif", frames=1)
    found = [session.discover() for _ in range(3)]
    assert [one.items for one in found] == [[], [], []]
    said = _told(found[-1])["import.images"]
    assert said.startswith(
        "warning: 16 files hold one image each, such as a-1.tif (in 2 numbered series): not taken"
    )
    assert "join those of each movie into one stack" in said
    assert "micrographs.import" in said


def test_movies_of_one_frame_are_asked_for(tmp_path: Path) -> None:
    session = Session(tmp_path, frames=1)
    session.movie("a.tif", frames=1)
    assert _names(session.discover()) == ["a"]


def test_a_movie_whose_name_only_sounds_like_a_gain_reference(session: Session) -> None:
    for name in ("L1_again_001.tif", "gain_test_001.tif"):
        session.movie(name)
    found = session.discover()
    assert _names(found) == ["L1_again_001", "gain_test_001"]
    assert [item.gain for item in found.items] == [None, None]


def test_one_poisoned_file_costs_only_itself(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        session.movie(f"{name}.tif")
    describe = Acquisition.describe

    def poisoned(self: Acquisition, exposure: str, *rest: Any) -> Movie:
        if exposure == "b":
            raise OverflowError("cannot convert float infinity to integer")
        return describe(self, exposure, *rest)

    monkeypatch.setattr(Acquisition, "describe", poisoned)
    found = session.discover()
    assert _names(found) == ["a", "c"]
    (refusal,) = found.refused
    assert (refusal.exposure, "OverflowError" in refusal.reason) == ("b", True)


@pytest.mark.parametrize(
    "names", [("mov(1).tif", "mov[1].tif", "mov 1.tif", "mov_1.tif"), ("α.tif", "β.tif", "日.tif")]
)
def test_names_stay_apart_and_are_shown_as_they_are(
    session: Session, names: tuple[str, ...]
) -> None:
    for name in names:
        session.movie(name)
    assert sorted(_names(session.discover())) == sorted(name[:-4] for name in names)


def test_a_name_that_is_no_text_and_a_very_long_one(session: Session) -> None:
    session.movie(os.fsdecode(b"caf\xe9.tif"))
    session.movie("x" * 240 + ".tif")
    bad = session.folder / os.fsdecode(b"\xff.tif")
    bad.write_bytes(b"<html>")
    found = session.discover()
    assert sorted(_names(found)) == ["caf\\xe9", "x" * 240]
    assert found.refused[0].exposure == "\\xff"
    assert json.dumps(found.state)


def test_the_stack_of_a_tilt_series_is_no_movie(tmp_path: Path) -> None:
    """Beside the frames of its tilts, with all that a movie needs given."""
    session = Session(tmp_path)
    head = "PixelSpacing = 3\nImageFile = ts.mrc\n"
    sections = ""
    for n, tilt in enumerate((-3.0, 0.0, 3.0)):
        frames = f"ts_{n:03d}.tif"
        session.movie(f"frames/{frames}")
        sections += f"[ZValue = {n}]\nTiltAngle = {tilt}\nSubFramePath = X:\\f\\{frames}\n"
        sections += "DateTime = 25-Sep-23  14:13:26\n"
    write_mrc(tmp_path / "ts.mrc", RNG.poisson(9.0, (6, 32, 48)).astype(np.int16), 3.0)
    (tmp_path / "ts.mrc.mdoc").write_text(head + sections)
    found = [session.discover() for _ in range(3)]
    movies = {item.exposure: item for one in found for item in one.items}
    assert sorted(movies) == ["ts_000", "ts_001", "ts_002"]
    assert [movies[name].details.tilt for name in sorted(movies)] == [-3.0, 0.0, 3.0]
    assert [one.refused for one in found] == [[], [], []]
    assert found[-1].waiting == 0
    told = _told(found[-1])["import.stacks"]
    assert "and no movies: ts.mrc (3 images at tilts from -3° to 3°); import the frames" in told


def test_the_tilts_in_a_header_are_those_of_exposures(tmp_path: Path) -> None:
    """A stack of Tomography by Thermo Fisher, without an mdoc, and a movie with such a header."""
    session = Session(tmp_path)
    layout = get_ext_header_dtype(b"FEI1")
    for name, tilts in (("ts", (-6, -4, -2, 0, 2, 4)), ("movie", (30.0, 30.01, 30, 30, 30, 30))):
        records = np.zeros(6, layout)
        records["Alpha tilt"], records["Bitmask 1"] = tilts, 1 << 7
        with mrcfile.new(tmp_path / f"{name}.mrc") as theirs:
            theirs.set_data(RNG.poisson(9.0, (6, 32, 48)).astype(np.int16))
            theirs.set_image_stack()
            theirs.set_extended_header(records)
            theirs.header.exttyp = b"FEI1"
    found = session.discover()
    assert [(item.exposure, item.details.tilt) for item in found.items] == [("movie", 30.0)]
    assert "ts.mrc (6 images at tilts from -6° to 4°)" in _told(found)["import.stacks"]


@pytest.mark.parametrize(
    "ending", [".dm4", ".DM3", ".h5", ".emd", ".ser", ".tvips", ".mib", ".tar"]
)
def test_other_formats_are_told(tmp_path: Path, ending: str) -> None:
    """Nobody is left with an empty session and no word about the files in the folder."""
    session = Session(tmp_path, watch=False)
    for n in (2, 1, 3):
        (tmp_path / f"x_{n}{ending}").write_bytes(b"abcd" * 100)
    found = session.discover()
    assert (found.items, found.refused, found.closed) == ([], [], True)
    told = _told(found)["import.formats"]
    assert told.startswith(f"warning: 3 files, such as x_1{ending}, are of a format that is not re")
    session.movie("a.tif")
    for _ in range(2):
        found = session.discover()
    assert _told(found)["import.formats"].startswith("notice: 3 files")


def test_other_formats_that_are_not_meant_are_not_told(tmp_path: Path) -> None:
    (tmp_path / "SuperRef_1.dm4").write_bytes(b"abcd" * 100)
    assert "import.formats" not in _told(Session(tmp_path).discover())
    (tmp_path / "x.dm4").write_bytes(b"abcd" * 100)
    patterned = Session(tmp_path, pattern=str(tmp_path / "*.tif"))
    assert "import.formats" not in _told(patterned.discover())


def test_what_programs_made_of_movies_is_not_taken(tmp_path: Path) -> None:
    """Aligned frames beside their movie, and volumes; a movie of real numbers is one."""
    session = Session(tmp_path, frames=None)
    session.movie("m.tif")
    real = RNG.normal(5.0, 1.0, (32, 32, 32)).astype(np.float32)
    write_mrc(tmp_path / "m_Stk.mrc", real[:6], 1.0)
    write_mrc(tmp_path / "alone_Stk.mrc", real[:6] + 1.0, 1.0)
    write_mrc(tmp_path / "vol.mrc", real, 1.0, volume=True)
    write_mrc(tmp_path / "counts.mrc", real.astype(np.int16), 1.0)
    write_mrc(tmp_path / "m_spectra.mrcs", real[:6, :, :17], 1.0)
    found = [session.discover() for _ in range(3)]
    names = sorted(name for one in found for name in _names(one))
    assert names == ["alone_Stk", "counts", "m"]
    assert _told(found[-1])["import.made"] == (
        "notice: not taken, as they were made of movies: m_Stk.mrc (aligned "
        "frames), m_spectra.mrcs (power spectra), vol.mrc (a volume)"
    )


def test_two_files_of_one_shot_are_told(tmp_path: Path) -> None:
    """A movie and what it was converted to, in another folder; plain numbers say nothing."""
    session = Session(tmp_path)
    dated = "FoilHole_1_Data_2_3_20240831_200524"
    for folder in ("raw", "tiff"):
        session.movie(f"{folder}/{dated}_EER.tif")
        session.movie(f"{folder}/mov_001.tif")
    found = session.discover()
    assert sorted(_names(found)) == [dated, f"{dated} (tiff)", "mov_001", "mov_001 (tiff)"]
    assert f"taken as several: {dated} (tiff); if one" in _told(found)["import.twins"]


def test_a_movie_is_taken_before_links_to_it(tmp_path: Path) -> None:
    session = Session(tmp_path)
    (tmp_path / "import").mkdir()
    (tmp_path / "import" / "000123_a.tif").symlink_to("../raw/a.tif")
    session.movie("raw/a.tif")
    found = session.discover()
    assert _names(found) == ["a"]
    assert "000123_a.tif (of " in _told(found)["import.copies"]
