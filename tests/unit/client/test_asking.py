"""What a program asks of a session is done, and kept with who and why."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import toys
from icestream.client import Client, NotValid, RequestRefused, ServedSession
from icestream.engine.machine.naming import person_here
from icestream.engine.requests.models import TakeFirst
from icestream.store import queries
from served import served
from toy_session import Session as ToySession
from toy_session import wait_for

SRC = ("src", "toy.count", {"count": 6}, {})
SEL = ("sel", "toy.select", {"below": 4}, {"number": "src"})
A = ("a", "toy.add", {"add": 1}, {"number": "sel.number"})


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ToySession]:
    """A session of toys at rest."""
    with closing(ToySession(tmp_path / "sessions" / "toy")) as made:
        made.run(SRC, SEL, A)
        yield made


@pytest.fixture
def session(toy: ToySession) -> Iterator[ServedSession]:
    with (
        served(toy.folder.parent, registry=toys.registry()) as address,
        Client(address) as client,
    ):
        yield client.session(client.sessions()[0].id)


def states(toy: ToySession) -> dict[str, str]:
    return {one.name: one.state for one in queries.exposures(toy.store(), limit=100)}


def test_what_is_asked_is_done_and_kept_with_who_and_why(
    session: ServedSession, toy: ToySession
) -> None:
    answer = session.reject("e000001", why="ice")
    assert (answer.state, answer.who, answer.document["why"]) == ("done", person_here(), "ice")
    assert states(toy)["e000001"] == "rejected"
    session.accept("e000001")
    assert states(toy)["e000001"] == "done"


def test_parameters_are_set_tried_adopted_and_taken_back(
    session: ServedSession, toy: ToySession
) -> None:
    assert session.set("a", add=5, why="more").answer == "a is at revision 2"
    assert queries.step(toy.store(), "a").changed == {"add": 5}
    session.undo()
    assert queries.step(toy.store(), "a").changed == {"add": 1}
    session.try_("bold", {"a": {"add": 9}}, ["e000000", "e000001"])
    branch = next(one for one in queries.branches(toy.store()) if one.name == "bold")
    assert branch.sample == 2
    session.adopt("bold")
    assert queries.session(toy.store()).branch == "bold"
    session.adopt("main")
    session.drop("bold")
    assert session.ask(TakeFirst(order="oldest")).state == "done"


def test_what_cannot_be_asked_says_why(session: ServedSession) -> None:
    with pytest.raises(NotValid, match="did you mean a"):
        session.set("aa", add=5)
    with pytest.raises(NotValid, match="no alert 7"):
        session.acknowledge(7)
    with pytest.raises(NotValid, match="no alert 7"):
        session.adopt(7)


def test_what_the_session_refuses_is_raised(session: ServedSession) -> None:
    with pytest.raises(RequestRefused):
        session.drop("main")


def test_a_session_that_runs_is_steered(tmp_path: Path) -> None:
    with closing(ToySession(tmp_path / "sessions" / "toy")) as toy:
        _steer(toy)


def _steer(toy: ToySession) -> None:
    background = toy.start(OPEN, A_OF)
    wait_for(lambda: toy.running is not None)
    wait_for(lambda: bool(queries.epochs(toy.store())))
    with (
        served(toy.folder.parent, registry=toys.registry()) as address,
        Client(address) as client,
    ):
        session = client.session("toy")
        assert session.steer("pause", step="a", why="look").answer == "a: pause"
        assert session.steer("resume", step="a").state == "done"
        assert session.steer("stop").state == "done"
    background.join()


OPEN = ("src", "toy.count", {"count": 6, "close": False}, {})
A_OF = ("a", "toy.add", {"add": 1}, {"number": "src"})
