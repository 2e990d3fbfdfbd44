"""Whole sessions: files that read as they should, in their time, with their faults."""

import json
import threading
import time
from datetime import UTC, datetime

import numpy as np
import pytest

from icestream.formats import (
    FormatError,
    movie_facts,
    open_movie,
    read_epu_exposure,
    read_gain,
    read_mdoc_frames,
)
from icestream.simulator.acquire import acquire
from icestream.simulator.plan import SessionPlan
from icestream.simulator.truth import read_truth

STARTED = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def _plan(**settings):
    small = {
        "movies": 2,
        "size": 128,
        "frames": 4,
        "particles": 2,
        "speed": 0.0,
        "eer_frames": 40,
        "started": STARTED,
    }
    return SessionPlan(**(small | settings))


def _movies(folder):
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in (".tiff", ".tif", ".mrc", ".eer")
        and "GainReference" not in path.name
        and "CountRef" not in path.name
    )


def test_an_epu_session_has_its_tree(tmp_path):
    done = acquire(_plan(), tmp_path / "s")
    assert done.movies == 2
    movies = _movies(done.folder)
    assert len(movies) == 2
    for movie in movies:
        stem = movie.name.removesuffix("_Fractions.tiff")
        exposure = read_epu_exposure(movie.with_name(f"{stem}.xml"))
        truth = read_truth(done.truth / f"{stem}.json")
        facts = movie_facts(movie)
        assert (facts.frames, facts.shape, facts.container) == (4, (128, 128), "tiff")
        assert exposure.fractions == facts.frames
        assert done.folder / truth.movie == movie
        assert abs(exposure.nominal_defocus - truth.defocus) < 4000
    assert (done.folder / "EpuSession.dm").is_file()
    assert not (done.truth / "staging").exists()
    session = json.loads((done.truth / "session.json").read_text())
    assert session["specimen"] == "cage"
    assert (done.folder / session["gain"]) == done.gain


@pytest.mark.parametrize("layout", ["epu", "serialem"])
@pytest.mark.parametrize("container", ["tiff", "mrc", "eer"])
def test_every_container_gives_the_same_counts_and_gain(tmp_path, layout, container):
    done = acquire(_plan(movies=1, layout=layout, container=container), tmp_path / "s")
    plain = acquire(_plan(movies=1, container="mrc"), tmp_path / "plain")
    grouping = 40 if container == "eer" else 1
    with open_movie(_movies(done.folder)[0], grouping) as movie:
        counts = movie.read_all().astype(float)
        gain = movie.read_gain(done.gain)
    with open_movie(_movies(plain.folder)[0]) as movie:
        expected = movie.read_all().astype(float)
    np.testing.assert_allclose(gain, read_gain(plain.gain, (128, 128)), rtol=1e-5)
    if container == "eer":
        # A second electron in a pixel of one camera frame is lost: hot pixels lose most.
        calm = expected.sum(axis=0) < 40
        assert counts[:, calm].sum() == pytest.approx(expected[:, calm].sum(), rel=0.06)
        assert np.corrcoef(counts[0][calm], expected[0][calm])[0, 1] > 0.95
    else:
        np.testing.assert_array_equal(counts, expected)


def test_a_serialem_session_names_its_movies(tmp_path):
    done = acquire(_plan(layout="serialem"), tmp_path / "s")
    for movie in _movies(done.folder):
        (frames,) = read_mdoc_frames(movie.with_name(f"{movie.name}.mdoc"))
        assert frames.movie == movie.name
        assert frames.frames == movie_facts(movie).frames
        assert (done.folder / frames.gain).is_file()
        assert (done.folder / frames.defects).is_file()


def test_the_seed_makes_the_session(tmp_path):
    first, again, other = (
        acquire(_plan(movies=1, seed=seed), tmp_path / name)
        for name, seed in (("a", 5), ("b", 5), ("c", 6))
    )
    read = [_movies(done.folder)[0].read_bytes() for done in (first, again, other)]
    assert read[0] == read[1] != read[2]


def test_faults_show_in_the_files(tmp_path):
    faults = frozenset({"truncated", "wrong-gain"})
    done = acquire(_plan(movies=1, faults=faults), tmp_path / "s")
    with pytest.raises(FormatError), open_movie(_movies(done.folder)[0]) as movie:
        movie.read_all()
    right = acquire(_plan(movies=1), tmp_path / "right")
    gains = [read_gain(found.gain, (128, 128)) for found in (done, right)]
    np.testing.assert_array_equal(gains[0], gains[1][::-1])


def test_a_duplicate_comes_in_another_folder(tmp_path):
    done = acquire(_plan(movies=1, faults=frozenset({"duplicate"})), tmp_path / "s")
    first, second = _movies(done.folder)
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()
    assert done.movies == 1


@pytest.mark.parametrize("metadata_first", [True, False])
def test_metadata_come_before_or_after_their_movie(tmp_path, metadata_first, monkeypatch):
    order = []
    from icestream.simulator import acquire as module

    genuine = module.deliver

    def watch(staged, target, **settings):
        xml = target.with_name(target.name.replace("_Fractions.tiff", ".xml"))
        order.append(xml.exists())
        genuine(staged, target, **settings)

    monkeypatch.setattr(module, "deliver", watch)
    acquire(_plan(metadata_first=metadata_first), tmp_path / "s")
    assert order == [metadata_first] * 2


def test_movies_come_at_their_pace(tmp_path):
    arrived = []
    plan = _plan(movies=3, rate=3600.0, speed=2.0)
    begun = time.monotonic()
    acquire(plan, tmp_path / "s", on_movie=lambda shot, path: arrived.append(time.monotonic()))
    # One each half second; a slow machine may be late but never early.
    assert arrived[2] - begun >= 1.0


def test_it_stops_between_movies_and_leaves_no_half_file(tmp_path):
    stop = threading.Event()
    worker_result = []
    worker = threading.Thread(
        target=lambda: worker_result.append(
            acquire(_plan(movies=0, rate=1.0, speed=1.0, arrival="copy"), tmp_path / "s", stop=stop)
        )
    )
    worker.start()
    while not _movies(tmp_path / "s"):
        time.sleep(0.02)
    stop.set()
    worker.join(30)
    assert not worker.is_alive()
    assert worker_result[0].movies in (1, 2)
    for path in _movies(tmp_path / "s"):
        with open_movie(path) as movie:
            assert movie.read_all().shape == (4, 128, 128)


def test_a_folder_in_use_is_refused(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "something").touch()
    with pytest.raises(FileExistsError, match="needs a new folder"):
        acquire(_plan(), tmp_path / "s")


def test_a_plan_that_cannot_be_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="size is 3"):
        acquire(_plan(size=3), tmp_path / "s")
    assert not (tmp_path / "s").exists()
