"""Figures of a session are read from its own store."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update

from icestream.facility.memory.measure import measure, measure_store
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.newest import newest_gain
from icestream.store.open import NoStore
from report_session import SampleSession


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[SampleSession]:
    made = SampleSession(tmp_path / "processing", start=time.time() - 3600.0)
    made.grow(60)
    with closing(made.store):
        yield made


def details(sample: SampleSession, **values: object) -> None:
    """Let metadata say more of every exposure."""
    with sample.store.write() as connection:
        for row in connection.execute(t.exposure.select()).all():
            told = json.dumps({**json.loads(row.details), **values})
            connection.execute(
                update(t.exposure).where(t.exposure.c.id == row.id).values(details=told)
            )


def test_figures_are_medians_with_their_spread_and_what_measured_them(
    sample: SampleSession,
) -> None:
    found = measure(sample.folder, 30)
    known = {one.name: one for one in found.figures}
    values = np.asarray(
        [one.value for one in queries.qualities(sample.store, names=["ctf.resolution"])]
    )
    resolution = known["resolution"]
    assert resolution.value == pytest.approx(float(np.median(values)))
    spread = 1.4826 * float(np.median(np.abs(values - np.median(values))))
    assert resolution.spread == pytest.approx(spread)
    assert (resolution.count, resolution.by) == (len(values), "ctf.estimate")
    assert known["motion"].by == "movies.align"
    counts = queries.count_exposures(sample.store)
    share = counts["done"] / sum(counts.values())
    assert known["accepted"].value == pytest.approx(share)
    assert (found.exposures, found.pixel, found.apart) == (60, 1.5, "")
    assert known["particles"].value > 0


def test_rate_and_uptime_leave_pauses_out(sample: SampleSession) -> None:
    sample.now += 1800.0
    sample.grow(60)
    known = {one.name: one.value for one in measure_store(sample.store, 30).figures}
    assert known["rate"] == pytest.approx(300.0, rel=0.01)
    running = 118 * 12.0
    assert known["uptime"] == pytest.approx(running / (running + 1812.0), rel=0.01)


def test_when_files_were_found_says_nothing_of_the_microscope(sample: SampleSession) -> None:
    details(sample, acquired=None)
    known = {one.name for one in measure_store(sample.store, 30).figures}
    assert not {"rate", "uptime"} & known


def test_the_spread_of_the_defocus_is_about_what_was_asked_for(sample: SampleSession) -> None:
    assert "defocus_spread" not in {one.name for one in measure_store(sample.store, 30).figures}
    with sample.store.write() as connection:
        for row in connection.execute(t.exposure.select()).all():
            number = (
                connection.execute(t.subject.select().where(t.subject.c.id == row.id)).one().number
            )
            asked = 9000.0 + 4000.0 * ((number - 1) % 5)
            told = json.dumps({**json.loads(row.details), "nominal_defocus": asked})
            connection.execute(
                update(t.exposure).where(t.exposure.c.id == row.id).values(details=told)
            )
    known = {one.name: one for one in measure_store(sample.store, 30).figures}
    assert known["defocus_spread"].value == pytest.approx(350.0, rel=0.4)


def test_what_is_known_of_the_gain_is_a_figure(sample: SampleSession) -> None:
    assert newest_gain(sample.store) is None
    sample.estimate_gain()
    known = {one.name: one for one in measure_store(sample.store, 30).figures}
    assert known["gain_residual"].value == pytest.approx(0.051)
    assert known["gain_residual"].count == 40
    assert known["dose"].value == 1.0


def test_too_few_exposures_have_no_figure(sample: SampleSession) -> None:
    assert measure_store(sample.store, 500).figures == ()


@pytest.mark.parametrize(
    ("values", "says"),
    [({"tilt": -30.0}, "tilted"), ({"tilt": 1.0}, ""), ({"phase_plate": True}, "phase plate")],
)
def test_sessions_of_another_kind_stand_apart(
    sample: SampleSession, values: dict[str, object], says: str
) -> None:
    details(sample, **values)
    apart = measure_store(sample.store, 30).apart
    assert says in apart
    assert bool(says) == bool(apart)


def test_a_folder_without_a_session_has_none(tmp_path: Path) -> None:
    with pytest.raises(NoStore):
        measure(tmp_path, 30)
