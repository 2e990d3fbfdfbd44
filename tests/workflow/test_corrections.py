"""Picks corrected by hand while a session runs, across restarts, and where nobody runs it."""

from pathlib import Path
from typing import Any

import toys
from icestream.engine.requests.at_rest import carry_out_at_rest
from icestream.engine.requests.models import CorrectPicks, Request, SetParameters
from icestream.engine.requests.send import answer_of, send
from icestream.model import Picks
from icestream.store import queries
from icestream.store.items import items_of
from toy_picks import CHAIN, FOUND
from toy_session import Session, wait_for

E1 = "e000001"


def chain(log: Path, *, close: bool = True, **changed: dict[str, Any]) -> list[Any]:
    """The chain of toys, which notes in a log what it does."""
    changed["src"] = {"close": close}
    notes = {"pick": {"log": str(log)}, "cut": {"log": str(log)}}
    return [
        (name, kind, {**given, **notes.get(name, {}), **changed.get(name, {})}, links)
        for name, kind, given, links in CHAIN
    ]


def lines(log: Path) -> list[str]:
    return sorted(log.read_text().splitlines())


def places(session: Session) -> list[tuple[float, float]]:
    (found,) = items_of(session.store(), queries.results_of(session.store(), E1)["pick"]).values()
    assert isinstance(found, Picks)
    return sorted(zip(found.x.tolist(), found.y.tolist(), strict=True))


def test_a_running_session_does_again_what_follows_for_that_exposure_alone(
    session: Session, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    running = session.start(*chain(log, close=False))

    def is_done() -> bool:
        values = session.values("after")
        return len(values) == 3

    wait_for(is_done)
    first = lines(log)
    assert len(first) == 6  # three of each

    def ask(**asked: Any) -> str:
        request: Request = CorrectPicks(exposure=E1, who="ada", **asked)
        state, answer = answer_of(session.folder, send(session.folder, request), timeout=20)
        assert state == "done", answer
        return answer

    said = ask(add=((20, 30),), remove=((100, 50), (200, 50)))
    assert said == f"picks of {E1} at pick: 1 added, 2 removed by hand"
    wait_for(lambda: session.values("after")[E1] == 1320)
    assert [line for line in lines(log) if line not in first] == [f"cut {E1} 2"]
    assert ask(undo=True) == f"picks of {E1} at pick: as the step found them"
    wait_for(lambda: session.values("after")[E1] == 1600)
    assert ask(add=((20, 30),), remove=((100, 50), (200, 50))) == said
    wait_for(lambda: session.values("after")[E1] == 1320)
    assert len(lines(log)) == 7  # all of that was known
    running.stop()

    session.running = None
    again = session.start(*chain(log, close=False))
    wait_for(lambda: session.running is not None)
    assert ask(remove=((300, 50),)) == f"picks of {E1} at pick: 1 added, 3 removed by hand"
    wait_for(lambda: session.values("after")[E1] == 1020)
    again.stop()
    assert places(session) == [(20, 30)]
    assert len(lines(log)) == 8  # what was corrected before is known after the restart


def test_what_is_corrected_at_rest_is_redone_by_the_next_run(
    session: Session, tmp_path: Path
) -> None:
    """Also when that is with other parameters: what is removed is what is found there then."""
    log = tmp_path / "log"
    session.run(*chain(log))
    asked = CorrectPicks(exposure=E1, remove=((100, 50),))
    said = carry_out_at_rest(session.folder, asked, toys.registry())
    assert said == ("done", f"picks of {E1} at pick: 0 added, 1 removed by hand")
    assert len(lines(log)) == 6
    session.run(*chain(log))
    assert session.values("cut") == {"e000000": 600, E1: 500, "e000002": 600}
    assert len(lines(log)) == 7
    moved = SetParameters(step="pick", changes={"shift": 4.0})
    assert carry_out_at_rest(session.folder, moved, toys.registry())[0] == "done"
    session.run(*chain(log, pick={"shift": 4.0}))
    assert session.values("cut") == {"e000000": 606, E1: 504, "e000002": 606}
    assert places(session) == [(x + 2, y) for x, y in FOUND[1:]]
