"""The short session from which costs are told; a whole one is in tests/unit/cli/test_plan.py."""

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

import toys
from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow, load_workflow
from icestream.engine.progress import Progress, StepProgress
from icestream.engine.session import Machine
from icestream.model import Movie, Optics
from icestream.planning import rehearsal as module
from icestream.planning.cameras import CameraKind
from icestream.planning.rehearsal import (
    _Enough,
    _reported,
    _single,
    rehearse,
    rehearsed_workflow,
)
from icestream.planning.source import RepeatedMovie, registry_with_it
from icestream.store.records import Counts
from report_session import SampleSession

MOVIE = Movie(
    exposure="movie", path=Path("/data/movie.tiff"), frames=8, shape=(512, 512),
    optics=Optics(pixel_size=1.8, voltage=300.0), dose_per_frame=5.0, size=1000,
)  # fmt: skip
SMALL = CameraKind(
    name="small", shape=(256, 256), container="tiff", frames=4, pixel_size=1.8, dose_per_frame=5.0
)


def test_the_movie_comes_first_and_all_that_follows_is_run() -> None:
    short = rehearsed_workflow(load_workflow("default"), registry_with_it(), MOVIE, 40)
    assert validate(short, registry_with_it()) == []
    assert short.step("import").protocol == RepeatedMovie.name
    assert short.step("import").parameters["times"] == 40
    assert [step.name for step in short.steps] == [
        step.name for step in load_workflow("default").steps
    ]


def test_what_waits_for_classes_is_no_step_of_single_exposures() -> None:
    short = rehearsed_workflow(load_workflow("default"), registry_with_it(), MOVIE, 40)
    single = _single(short, registry_with_it())
    assert single == {"align", "ctf", "judge", "select", "pick", "extract"}


@pytest.mark.parametrize("name", ["eer", "quick-look", "screening", "phase-plate", "cluster"])
def test_shipped_workflows_can_be_measured(name: str) -> None:
    short = rehearsed_workflow(load_workflow(name), registry_with_it(), MOVIE, 2)
    assert validate(short, registry_with_it()) == []


def test_what_nobody_filled_is_asked_for() -> None:
    with pytest.raises(InvalidWorkflow, match=r"leaves open diameter.*--from"):
        rehearsed_workflow(load_workflow("relion"), registry_with_it(), MOVIE, 2)


def test_a_workflow_without_movies_cannot_be_measured() -> None:
    whole = Workflow.from_document(toys.workflow(("src", "toy.count", {}, {})))
    with pytest.raises(InvalidWorkflow, match="takes no movies"):
        rehearsed_workflow(whole, toys.registry(), MOVIE, 2)


class _Clock:
    """A clock that shows what it is told to, and the seconds that were computed."""

    def __init__(self, shows: Sequence[float], computed: Sequence[float] = ()) -> None:
        self.monotonic = iter(shows).__next__
        self.process_time = iter(computed or [0.0] * len(shows)).__next__


class _Session:
    """Notes that it was asked to end."""

    ended = False

    def request_stop(self, *, drain: bool) -> None:
        assert not drain, "what runs is not waited for"
        self.ended = True


def _progress(aligned: int, picked: int, batches: int, keeping: int = 0) -> Progress:
    kinds = {"align": "item", "pick": "item", "keep": "selection", "classify": "batch"}
    counts = {"align": aligned, "pick": picked, "keep": 0, "classify": batches}
    steps = tuple(
        StepProgress(
            name=name,
            kind=kind,  # type: ignore[arg-type]
            state="running",
            reason="",
            counts=Counts(done=counts[name], running=keeping if name == "keep" else 0),
        )
        for name, kind in kinds.items()
    )
    return Progress(found=100, behind=100, steps=steps)


def _enough(seconds: float) -> tuple[_Session, _Enough]:
    session, enough = _Session(), _Enough({"align", "pick"}, {"keep"}, 3, seconds)
    enough.begin(session)  # type: ignore[arg-type]
    return session, enough


@pytest.mark.parametrize(
    ("done", "keeping", "until"),
    [
        ((4, 3, 1), 0, 10.0),
        ((4, 3, 1), 1, 20.0),
        ((4, 2, 1), 0, 20.0),
        ((4, 1, 1), 1, 20.0),
        ((4, 0, 1), 0, 120.0),
        ((4, 3, 0), 0, 120.0),
    ],
)
def test_the_less_was_seen_the_longer_it_goes_on(
    done: tuple[int, int, int], keeping: int, until: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "time", _Clock([0.0, 0.0, until - 1.0, until + 1.0]))
    session, enough = _enough(10.0)
    for over in (False, True):
        enough.look(_progress(*done, keeping))
        assert session.ended is over


def test_the_start_of_the_process_is_no_cost_of_an_exposure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "time", _Clock([0.0] * 5, computed=[7.0, 7.4, 8.0]))
    _, enough = _enough(1000.0)
    for aligned in (1, 3):
        enough.look(_progress(aligned, 0, 0))
    assert enough.engine == 0.0  # of two exposures nothing can be said
    enough.look(_progress(11, 0, 0))
    assert enough.engine == pytest.approx(0.1)


def test_a_report_is_kept_as_it_is_beside_any_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_REPORT", 0.01)
    with _reported(tmp_path / "grid", registry_with_it()):
        with closing(SampleSession(tmp_path / "grid", start=0.0).store):
            page = tmp_path / "grid" / "report" / "index.html"
            until = time.monotonic() + 120.0
            while not page.exists() and time.monotonic() < until:
                time.sleep(0.01)
        assert page.exists()


def test_a_folder_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "make_movie", fail)
    with pytest.raises(KeyboardInterrupt):
        rehearse(
            load_workflow("screening"),
            SMALL,
            tmp_path,
            machine=Machine(cores=1),
        )
    assert list(tmp_path.iterdir()) == []
