"""Errors against the truth beside a session: of which exposures, read how often."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from icestream.model import Ctf
from icestream.report.accuracy import Accuracy, _sample
from icestream.report.follow import Follower
from icestream.report.table import ExposureTable
from icestream.store import queries
from icestream.store.items import latest_items
from report_session import SIZE, SampleSession

MANY = 12
LATER = 1e12
"""A deadline that never comes."""


def truth_of(name: str, ctf: Ctf, off: float) -> dict[str, Any]:
    """What the simulator writes of an exposure, its defocus `off` Å from what was found."""
    return {
        "exposure": name, "movie": f"{name}.tiff", "faults": [], "diameter": 150.0,
        "optics": {"pixel_size": 1.5}, "defocus_u": ctf.defocus_u + off,
        "defocus_v": ctf.defocus_v + off, "angle": ctf.angle, "b_factor": 60.0,
        "thickness": 300.0, "crystalline": 0.0, "dose_per_frame": 1.0, "shifts": [[0.0, 0.0]] * 40,
        "local": [[[0.0] * 6] * 2] * 40,
        "particles": {"y": [], "x": [], "defocus": [], "rotations": []},
    }  # fmt: skip


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    """Of twelve exposures, of the first eight of which there is a second estimate."""
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.movies = tmp_path / "scope" / "disc1"
    session.grow(MANY)
    session.agree(8)
    folder = tmp_path / "scope_truth"
    folder.mkdir()
    (folder / "session.json").write_text(json.dumps({"size": SIZE}))
    for ctf in latest_items(session.store, "ctf", "ctf", Ctf):
        path = folder / f"{ctf.exposure}.json"
        path.write_text(json.dumps(truth_of(ctf.exposure, ctf, 100.0)))
    return session


def follower_of(session: SampleSession) -> Follower:
    follower = Follower(session.store)
    follower.read()
    return follower


def test_errors_are_of_the_exposures_that_all_have(session: SampleSession) -> None:
    follower = follower_of(session)
    alone = Accuracy().judge(follower, ["ctf"], LATER)
    assert alone is not None
    assert (alone.exposures, alone.looked_at) == (MANY, MANY)
    both = Accuracy().judge(follower, ["ctf", "ctf_other", "pick"], LATER)
    assert both is not None
    picked = queries.step(session.store, "pick").counts.done
    assert 0 < both.exposures < 9 <= picked
    defocus, astigmatism = both.spreads["ctf"]
    assert (defocus.name, defocus.unit, defocus.better) == ("defocus", "Å", "low")
    assert (defocus.low, defocus.median, defocus.high, defocus.worst) == (100, 100, 100, 100)
    assert defocus.count == astigmatism.count == both.exposures
    assert astigmatism.median == 0
    other = both.spreads["ctf_other"][0]
    assert other.median is not None
    assert other.median > 100, "it was drawn anew, and is another"


def test_a_step_that_made_nothing_takes_nothing_from_the_others(session: SampleSession) -> None:
    judged = Accuracy().judge(follower_of(session), ["ctf", "pick_other", "nobody"], LATER)
    assert judged is not None
    assert judged.exposures == MANY
    assert judged.spreads.keys() == {"ctf"}


def test_without_truth_nothing_is_said(grown: SampleSession) -> None:
    assert Accuracy().judge(follower_of(grown), ["ctf"], LATER) is None


def test_a_truth_that_cannot_be_read_is_not_known(session: SampleSession, tmp_path: Path) -> None:
    first, second, third, *_ = queries.exposures(session.store)
    folder = tmp_path / "scope_truth"
    (folder / f"{second.name}.json").write_text("{}")
    (folder / f"{third.name}.json").write_bytes(b"\xff")
    judged = Accuracy().judge(follower_of(session), ["ctf"], LATER)
    assert judged is not None
    assert judged.exposures == MANY - 2
    (folder / f"{first.name}.json").unlink()  # by which the folder is found
    assert Accuracy().judge(follower_of(session), ["ctf"], LATER) is None


def test_what_was_read_is_not_read_again(session: SampleSession, tmp_path: Path) -> None:
    accuracy, follower = Accuracy(), follower_of(session)
    assert accuracy.judge(follower, ["ctf"], time.monotonic() - 1) is not None
    assert not accuracy.complete
    judged = accuracy.judge(follower, ["ctf"], LATER)
    assert accuracy.complete
    shutil.rmtree(tmp_path / "scope_truth")
    assert accuracy.judge(follower, ["ctf"], time.monotonic() - 1) == judged
    assert accuracy.complete, "nothing was left to read"


def test_of_a_long_session_some_are_looked_at_and_stay_so() -> None:
    table = ExposureTable()
    samples = []
    for number in range(1000):
        table.add(f"e{number}", found=0.0, time=0.0, place="")
        samples.append(set(_sample(table)))
    assert max(map(len, samples)) == 200
    assert len(samples[-1]) == 125
    assert samples[-1] < samples[150] | samples[-1]
    assert all(f"e{8 * number}" in samples[-1] for number in range(125))
