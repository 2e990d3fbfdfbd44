"""What a change of parameters would make run again, said before it is made."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import ValidationError

import toys
from icestream.engine.revising import Preview, preview
from icestream.store import queries
from toy_session import Session

STEPS: tuple[Any, ...] = (
    ("src", "toy.count", {"count": 10}, {}),
    ("sel", "toy.select", {"below": 6}, {"number": "src"}),
    ("a", "toy.add", {"seconds": 0.005}, {"number": "sel.number"}),
    ("b", "toy.add", {}, {"number": "a"}),
)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    folder: Path = tmp_path_factory.mktemp("revising")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICESTREAM_STATE", str(folder / "state"))
        made = Session(folder / "session")
        made.run(*STEPS)
        yield made
    made.close()
    structlog.reset_defaults()


def look(session: Session, step: str, **changes: Any) -> Preview:
    return preview(session.store(), toys.registry(), step, changes)


def test_what_depends_on_the_step_runs_again(session: Session) -> None:
    found = look(session, "a", add=7)
    assert {one.name: one.tasks for one in found.steps} == {"a": 6, "b": 6}
    assert found.seconds > 6 * 0.005
    assert {one.name: one.tasks for one in look(session, "b", add=7).steps} == {"b": 6}


def test_new_limits_judge_again_and_keep_the_rest(session: Session) -> None:
    found = {one.name: (one.tasks, one.kept) for one in look(session, "sel", below=8).steps}
    assert found == {"sel": (10, 0), "a": (0, 6), "b": (0, 6)}


def test_no_change_runs_nothing(session: Session) -> None:
    assert look(session, "a", seconds=0.005).steps == ()


def test_nothing_is_changed_by_looking(session: Session) -> None:
    look(session, "a", add=7)
    assert len(queries.revisions(session.store(), "a")) == 1


def test_what_is_wrong_with_a_change_is_said(session: Session) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        look(session, "a", ad=7)
    with pytest.raises(LookupError, match="no step 'c'"):
        look(session, "c", add=7)
