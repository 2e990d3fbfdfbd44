"""The short session from which costs are told; a whole one is in tests/unit/cli/test_plan.py."""

from collections.abc import Sequence
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
from icestream.planning.rehearsal import _Enough, rehearse, rehearsed_workflow
from icestream.planning.source import RepeatedMovie, registry_with_it
from icestream.store.records import Counts

MOVIE = Movie(
    exposure="movie", path=Path("/data/movie.tiff"), frames=8, shape=(512, 512),
    optics=Optics(pixel_size=1.8, voltage=300.0), dose_per_frame=5.0, size=1000,
)  # fmt: skip
SMALL = CameraKind(
    name="small", shape=(256, 256), container="tiff", frames=4, pixel_size=1.8, dose_per_frame=5.0
)


def test_the_movie_comes_first_and_what_follows_classes_is_left_out() -> None:
    short = rehearsed_workflow(load_workflow("default"), registry_with_it(), MOVIE, 40)
    assert validate(short, registry_with_it()) == []
    assert short.step("import").protocol == RepeatedMovie.name
    assert short.step("import").parameters["times"] == 40
    names = {step.name for step in short.steps}
    assert {"align", "ctf", "pick", "extract", "classify", "gain"} < names
    assert not {"keep", "volume", "map_monitor"} & names


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

    def request_stop(self) -> None:
        self.ended = True


def _progress(ended: int, batches: int) -> Progress:
    step = StepProgress(
        name="classify", kind="batch", state="running", reason="", counts=Counts(done=batches)
    )
    return Progress(found=100, behind=100 - ended, steps=(step,))


def test_it_goes_on_until_the_time_is_over_and_enough_was_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "time", _Clock([0.0, 0.0, 5.0, 11.0, 12.0, 13.0]))
    session, enough = _Session(), _Enough(4, 10.0)
    enough.begin(session)  # type: ignore[arg-type]
    for ended, batches, over in ((4, 2, False), (3, 2, False), (4, 1, False), (4, 2, True)):
        enough.look(_progress(ended, batches))
        assert session.ended is over


def test_it_ends_without_enough_when_it_would_take_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "time", _Clock([0.0, 0.0, 39.0, 41.0]))
    session, enough = _Session(), _Enough(4, 10.0)
    enough.begin(session)  # type: ignore[arg-type]
    enough.look(_progress(1, 0))
    assert not session.ended
    enough.look(_progress(1, 0))
    assert session.ended


def test_the_start_of_the_process_is_no_cost_of_an_exposure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "time", _Clock([0.0] * 5, computed=[7.0, 7.4, 8.0]))
    enough = _Enough(4, 1000.0)
    enough.begin(_Session())  # type: ignore[arg-type]
    for ended in (1, 3):
        enough.look(_progress(ended, 0))
    assert enough.engine == 0.0  # of two exposures nothing can be said
    enough.look(_progress(11, 0))
    assert enough.engine == pytest.approx(0.1)


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
