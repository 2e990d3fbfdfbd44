"""refine2d runs in rounds of several jobs, whose sums are merged, again as particles come."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icestream.formats import read_stack, write_mrc
from icestream.formats.parquet import read_columns
from icestream.model import Optics, Particles, column
from icestream.protocol import Batch, ItemFailed, Work, missing
from icestream.protocol.conformance import problems
from icestream_cistem.classify_with_cistem import (
    CistemClassParameters,
    CistemProgress,
    ClassifyWithCistem,
)
from icestream_cistem.rounds import schedule

Install = Callable[..., None]
OPTICS = Optics(pixel_size=2.0, voltage=300.0, spherical_aberration=2.7, amplitude_contrast=0.1)
BOX = 32


def particles(folder: Path, name: str, count: int = 12) -> Particles:
    """Bright bars along x in even images, along y in odd ones."""
    rng = np.random.default_rng(len(name))
    images = 0.3 * rng.normal(size=(count, BOX, BOX))
    images[0::2, 14:18, 6:26] += 3.0
    images[1::2, 6:26, 14:18] += 3.0
    stack = write_mrc(folder / f"{name}.mrcs", images.astype(np.float32), 2.0)
    many = column(np.arange(count))
    return Particles(
        exposure=name,
        stack=stack,
        box=BOX,
        optics=OPTICS,
        micrograph=folder / f"{name}.mrc",
        micrograph_pixel_size=2.0,
        x=many,
        y=many + 5,
        score=many,
        defocus_u=many + 11000,
        defocus_v=many + 10000,
        defocus_angle=many + 30,
        phase_shift=90.0,
        diameter=40.0,
    )


def step(**given: object) -> ClassifyWithCistem:
    wanted = {"classes": 2, "iterations": 2, "iterations_later": 1, "size": 16, **given}
    return ClassifyWithCistem(CistemClassParameters(**wanted))


def test_it_keeps_the_rules() -> None:
    assert problems(ClassifyWithCistem) == []


def test_rounds_are_those_of_cistem() -> None:
    shares = [share for _, share in schedule(20, 40, 8, 50, 150_000)]
    assert shares == [0.1] * 10 + [0.3] * 5 + [1.0] * 5
    finest = [each for each, _ in schedule(20, 40, 8, 50, 150_000)]
    assert (finest[0], finest[14], finest[19]) == (40, 8, 8)
    assert schedule(5, 8, 8, 50, 9) == ((8, 1.0),) * 5
    assert schedule(1, 40, 8, 50, 9) == ((8, 1.0),)


def test_classes_are_found_and_go_on_when_more_come(
    install: Install, tmp_path: Path, work: Work, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(version, "refine2d", "merge2d")
    calls = tmp_path / "calls"
    monkeypatch.setenv("STAND_IN_CALLS", str(calls))
    protocol = step(jobs=3)
    assert missing(protocol) == ()
    state = protocol.start(Batch((particles(tmp_path, "a"),)), work)
    told = [line.split() for line in calls.read_text().splitlines()]
    assert told[0] == ["2", "1", "12", "1.000", "300.00"]
    assert {tuple(line[:3]) for line in told[1:4]} == {
        ("0", "1", "4"), ("0", "5", "8"), ("0", "9", "12")
    }  # fmt: skip
    assert [line[4] for line in told[1::3]] == ["40.00", "8.00"]
    made = protocol.snapshot(state, work)
    assert (made.particles, made.box, made.pixel_size) == (12, 16, 4.0)
    assert sorted(made.counts.tolist()) == [6, 6]
    averages = read_stack(made.averages)
    assert (averages[:, 7:9, 7:9] > 1).all()  # bright, as the particles
    rows = read_columns(made.assignments)
    one, other = (set(rows["class"][half::2].tolist()) for half in (0, 1))
    assert len(one) == len(other) == 1 and one != other
    assert set(rows["angle"].tolist()) == {-30.0}
    # Against RELION's origin: an image is moved by this to bring its particle into the middle.
    assert set(zip(rows["shift_y"], rows["shift_x"], strict=True)) == {(4.0, -2.0)}
    assert rows["x"][:3].tolist() == [0, 2, 4] and rows["y"][:3].tolist() == [10, 12, 14]
    assert rows["likelihood"][0] == pytest.approx(0.8)
    assert (work.folder / "refine2d.log").is_file()

    calls.unlink()
    later = replace(work, folder=tmp_path / "later", kept=tmp_path / "kept2")
    later.folder.mkdir()
    # As a checkpoint would give it, in another folder beside.
    protocol.save(state, tmp_path / "state")
    state = protocol.load(tmp_path / "state")
    state = protocol.update(state, Batch((particles(tmp_path, "bb", 7),), final=True), later)
    told = [line.split() for line in calls.read_text().splitlines()]
    assert len(told) == 3 and {line[0] for line in told} == {"0"}
    made = protocol.snapshot(state, later)
    assert (made.particles, made.iteration) == (19, 2)
    assert read_columns(made.assignments)["index"].tolist() == [*range(12), *range(7)]
    assert "19 particles were sorted into 2 2D classes" in protocol.summarize([made])


def test_a_round_goes_on_where_an_attempt_was_ended(
    install: Install, tmp_path: Path, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("2.0.0-alpha", "refine2d", "merge2d")
    monkeypatch.setenv("STAND_IN_CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("STAND_IN", "later")  # the third round fails
    protocol, batch = step(jobs=1, iterations=4), Batch((particles(tmp_path, "a"),))
    with pytest.raises(ItemFailed) as told:
        protocol.start(batch, work)
    assert told.value.code == "other-questions"
    assert len((tmp_path / "calls").read_text().splitlines()) == 4
    monkeypatch.setenv("STAND_IN", "")
    again = replace(work, folder=tmp_path / "again")
    again.folder.mkdir()
    state = protocol.start(batch, again)
    finest = [line.split()[4] for line in (tmp_path / "calls").read_text().splitlines()[4:]]
    assert finest == ["8.00", "8.00"]
    assert protocol.snapshot(state, again).particles == 12
    # What is left of other particles is of no use.
    third = replace(work, folder=tmp_path / "third")
    third.folder.mkdir()
    step(jobs=1, iterations=1).start(Batch((particles(tmp_path, "a", 10),)), third)
    assert len((tmp_path / "calls").read_text().splitlines()) == 4 + 2 + 2


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_refine2d import Batch, Work, particles, step
folder = Path(sys.argv[1])
step(jobs=2).start(Batch((particles(folder, "a"),)), Work(folder=folder, exposure="a"))
"""


def test_no_job_outlives_its_session(install: Install, tmp_path: Path) -> None:
    install("2.0.0-alpha", "refine2d", "merge2d")
    noted = tmp_path / "pid"
    given = {**os.environ, "STAND_IN": "hang", "STAND_IN_PID": str(noted)}
    given["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    script = SCRIPT.format(tests=str(Path(__file__).parent))
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], env=given) as session:
        deadline = time.monotonic() + 120
        while not (noted.is_file() and noted.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        job = int(noted.read_text())
        session.send_signal(signal.SIGKILL)
    for _ in range(100):
        if not Path(f"/proc/{job}").exists():
            return
        time.sleep(0.05)
    pytest.fail(f"job {job} outlived its session")


@pytest.mark.parametrize(
    ("version", "played", "code"),
    [
        ("1.0.0-beta", "half", "half-output"),
        ("2.0.0-alpha", "half", "half-output"),
        ("2.0.0-alpha", "class", "garbage-output"),
    ],
)
def test_failures_are_named(
    install: Install,
    tmp_path: Path,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    played: str,
    code: str,
) -> None:
    install(version, "refine2d", "merge2d")
    monkeypatch.setenv("STAND_IN", played)
    with pytest.raises(ItemFailed) as told:
        step(iterations=1).start(Batch((particles(tmp_path, "a"),)), work)
    assert told.value.code == code


def test_particles_that_do_not_go_together_are_refused(
    install: Install, tmp_path: Path, work: Work
) -> None:
    install("1.0.0-beta", "refine2d", "merge2d")
    one = particles(tmp_path, "a")
    for other, code in [
        (replace(one, box=64), "boxes-differ"),
        (replace(one, phases_flipped=True), "phases-flipped"),
        (replace(one, optics=replace(OPTICS, voltage=200.0)), "different-optics"),
    ]:
        with pytest.raises(ItemFailed) as told:
            step().start(Batch((one, other)), work)
        assert told.value.code == code
    (said,) = missing(step(auto_mask=True))
    assert "auto_mask is on" in said


def test_without_a_particle_there_are_no_classes(work: Work) -> None:
    protocol = step()
    state = protocol.update(CistemProgress(), Batch((), final=True), work)
    made = protocol.snapshot(state, work)
    assert made.particles == 0 and made.counts.tolist() == [0]
    assert "no particle has come" in protocol.summarize([made])


def test_particles_beyond_the_most_are_left(install: Install, tmp_path: Path, work: Work) -> None:
    install("2.0.0-alpha", "refine2d", "merge2d")
    batch = Batch((particles(tmp_path, "a"), particles(tmp_path, "bb")))
    state = step(most=15, iterations=1).start(batch, work)
    assert len(state) == 15
    assert json.loads((tmp_path / "kept" / "about.json").read_text())["particles"] == 15
