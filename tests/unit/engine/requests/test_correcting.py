"""Picks that are corrected by hand: what is asked, what is done again, what is refused."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from icestream.engine.requests.carry_out import carry_out, waiting_requests
from icestream.model import BY_HAND, Picks
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.corrections import corrections
from icestream.store.files import damaged_results
from icestream.store.items import items_of
from icestream.store.lineage import lineage
from icestream.store.writing import Numbers, Writes
from toy_picks import CHAIN, FOUND
from toy_record import Desk, desks

E0, E1 = "e0", "e1"
TOTAL = ("total", "toy.total", {"full": 2}, {"number": "cut"})


class Curator:
    """Somebody who corrects the picks of a session that has been processed."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def ask(self, exposure: str, **asked: Any) -> tuple[str, str]:
        """Ask for a correction; the verdict and the answer."""
        with self.desk.store.write() as connection:
            writes = Writes(Numbers(connection), 1.0)
            row = {"token": f"t{writes.now}{json.dumps(asked)}", "time": 1.0, "verb": "picks"}
            document = json.dumps({"exposure": exposure, **asked})
            writes.insert(t.request, document=document, who="ada", state="new", **row)
            writes.flush(connection)
        (one,) = waiting_requests(self.desk.record)
        carry_out(self.desk.record, one)
        (answered,) = self.desk.rows(t.request, token=row["token"])
        with self.desk.store.write() as connection:
            connection.execute(t.request.delete())
        return answered.state, answered.answer

    def picks(self, exposure: str, step: str = "pick", branch: str | None = None) -> Picks:
        """The picks that an exposure has now."""
        made = queries.results_of(self.desk.store, exposure, branch=branch)[step]
        (found,) = items_of(self.desk.store, made).values()
        assert isinstance(found, Picks)
        return found

    def places(self, *where: Any, **more: Any) -> list[tuple[float, float]]:
        """x and y of the picks that an exposure has now, in order of x."""
        found = self.picks(*where, **more)
        return sorted(zip(found.x.tolist(), found.y.tolist(), strict=True))


@pytest.fixture
def ada(desk: Callable[..., Desk]) -> Curator:
    return Curator(done(desk(*CHAIN)))


@pytest.fixture(scope="module")
def grace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Curator]:
    """Of one session for all that is refused: it changes nothing."""
    for make in desks(tmp_path_factory.mktemp("refused")):
        yield Curator(done(make(*CHAIN)))


def done(desk: Desk) -> Desk:
    """A session of which all is done."""
    desk.find(0, 1, 2)
    desk.work()
    return desk


def test_what_comes_after_is_done_again_for_that_exposure_alone(ada: Curator) -> None:
    before = ada.desk.tasks("after")
    said = ada.ask(E1, add=[[20, 30], [380, 190]], remove=[[101, 52]], why="they are ice")
    assert said == ("done", f"picks of {E1} at pick: 2 added, 1 removed by hand")
    assert ada.places(E1) == [(20, 30), (200, 50), (300, 50), (380, 190)]
    states = {step: ada.desk.states_of(step) for step in ("pick", "cut", "other", "after")}
    assert states["cut"] == {E0: "done", E1: "ready", "e2": "done"}
    assert states["pick"][E1] == states["other"][E1] == "done"
    ada.desk.work()
    assert ada.desk.values("cut") == {E0: 600, E1: 900, "e2": 600}
    assert ada.desk.values("after")[E1] == 1900
    after = ada.desk.tasks("after")
    assert {name for name in after if after[name].result_id != before[name].result_id} == {E1}
    assert ada.desk.exposures()[E1] == "done"


def test_picks_say_what_was_changed_by_hand_and_what_is_measured_follows(ada: Curator) -> None:
    ada.ask(E1, add=[[20, 30]], remove=[[100, 50], [300, 50]])
    found = ada.picks(E1)
    assert found.by_hand is not None
    assert (found.by_hand.added, found.by_hand.removed.tolist()) == (1, [[100, 50], [300, 50]])
    assert found.score[-1] == BY_HAND
    assert found.score[0] == 2  # the score that the step gave
    values = [one.value for one in ada.desk.rows(t.quality, name="picks.count", subject_id=2)]
    assert values == [3, 2]
    (event,) = ada.desk.rows(t.event, kind="picks.corrected")
    assert json.loads(event.document) == {"added": 1, "removed": 2, "who": "ada", "why": ""}


def test_the_steps_own_result_stays_and_is_what_the_other_was_made_of(ada: Curator) -> None:
    own = ada.desk.tasks("pick")[E1].result_id
    ada.ask(E1, add=[[20, 30]], why="it was missed")
    made = ada.desk.tasks("pick")[E1].result_id
    assert made != own
    by_hand, of = lineage(ada.desk.store, made)[:2]
    assert (by_hand.inputs, of.id) == ((("corrected", own),), own)
    assert by_hand.by_hand is not None
    assert of.by_hand is None
    told = by_hand.by_hand
    assert (told.who, told.why, told.added, told.removed) == ("ada", "it was missed", 1, 0)
    ada.desk.work()
    ancestors = {one.step for one in lineage(ada.desk.store, ada.desk.tasks("cut")[E1].result_id)}
    assert ancestors == {"cut", "pick", "film", "src"}


def test_taking_it_back_brings_all_results_back_and_runs_nothing(ada: Curator) -> None:
    before = {step: ada.desk.tasks(step)[E1].result_id for step in ("pick", "cut", "after")}
    ada.ask(E1, add=[[20, 30]])
    ada.desk.work()
    corrected = {step: ada.desk.tasks(step)[E1].result_id for step in ("pick", "cut", "after")}
    said = ada.ask(E1, undo=True)
    assert said == ("done", f"picks of {E1} at pick: as the step found them")
    assert {step: ada.desk.tasks(step)[E1].result_id for step in before} == before
    assert set(ada.desk.states_of("after").values()) == {"done"}
    values = [one.value for one in ada.desk.rows(t.quality, name="picks.count", subject_id=2)]
    assert values[-1] == 3
    ada.ask(E1, add=[[20, 30]])  # and so it is when the same is wanted again
    assert {step: ada.desk.tasks(step)[E1].result_id for step in before} == corrected
    assert [one.added for one in corrections(ada.desk.store, exposure=E1)] == [1, 0, 1]


def test_what_is_asked_adds_to_what_was_asked_before(ada: Curator) -> None:
    ada.ask(E1, add=[[20, 30]])
    ada.ask(E1, remove=[[200, 50]])
    ada.ask(E1, remove=[[22, 31]], add=[[40, 30]])  # one that was added is moved
    assert ada.places(E1) == [(40, 30), (100, 50), (300, 50)]
    ada.ask(E1, add=[[200, 50]])  # what was removed is there again, with its score
    assert ada.places(E1) == [(40, 30), *FOUND]
    assert sorted(ada.picks(E1).score.tolist())[:3] == [1, 2, 3]
    said = ada.ask(E1, remove=[[40, 30]])
    assert said == ("done", f"picks of {E1} at pick: as the step found them")


def test_all_places_at_once(ada: Curator) -> None:
    """As another program wrote them: what is there already keeps its score."""
    said = ada.ask(E1, only=[[100.4, 50.2], [20, 30]])
    assert said == ("done", f"picks of {E1} at pick: 1 added, 2 removed by hand")
    assert ada.places(E1) == [(20, 30), (100, 50)]
    assert ada.ask(E1, only=[]) == ("done", f"picks of {E1} at pick: 0 added, 3 removed by hand")
    assert ada.places(E1) == []


def test_it_holds_when_the_step_finds_others(ada: Curator) -> None:
    """What was added stays, and what was removed is what is found within half a diameter."""
    ada.ask(E1, add=[[20, 30]], remove=[[100, 50]])
    ada.desk.change("pick", shift=18.0, more=True)
    ada.desk.backfill()
    ada.desk.work()
    assert ada.places(E1) == [(20, 30), (59, 150), (209, 50), (309, 50)]
    assert len(ada.places(E0)) == 4
    ada.desk.change("pick", shift=22.0)  # 11 pixels away: farther than half of 40 Å
    ada.desk.backfill()
    ada.desk.work()
    assert len(ada.places(E1)) == 5


def test_it_holds_for_pixels_of_another_size(ada: Curator) -> None:
    ada.ask(E1, add=[[20, 30]], remove=[[100, 50]])
    ada.desk.change("film", pixel_size=4.0)
    ada.desk.backfill()
    ada.desk.work()
    assert ada.places(E1) == [(10, 15), (100, 25), (150, 25)]
    ada.ask(E1, add=[[80, 60]], pixel_size=2.0)
    assert ada.places(E1) == [(10, 15), (40, 30), (100, 25), (150, 25)]


def test_it_holds_where_a_change_is_taken_back_that_was_there_before_it(ada: Curator) -> None:
    """The revision rested while the picks of another were corrected."""
    ada.desk.change("pick", shift=4.0)
    ada.desk.backfill()
    ada.desk.work()
    ada.ask(E1, remove=[[100, 50]])
    ada.desk.change("pick", shift=0.0)
    ada.desk.backfill()
    ada.desk.work()
    assert ada.places(E1) == [(200, 50), (300, 50)]
    assert ada.desk.values("cut")[E1] == 500
    ada.ask(E1, undo=True)
    ada.desk.change("pick", shift=4.0)
    ada.desk.backfill()
    ada.desk.work()
    assert len(ada.places(E1)) == 3


def test_it_holds_in_branches_and_what_they_have_in_common_is_made_once(ada: Curator) -> None:
    found = ada.desk.branch("wide", *with_(pick={"diameter": 80.0}))
    assert found
    ada.desk.branch("same", *with_(after={"add": 7.0}))
    for name in ("wide", "same"):
        for step in ("pick", "cut", "after"):
            while ada.desk.record.backfill(ada.desk.step(step, name).id)[-1].active:
                pass
    ada.desk.work()
    ada.ask(E1, remove=[[100, 50]], add=[[20, 30]])
    ada.desk.work()
    for name in (None, "wide", "same"):
        assert ada.places(E1, branch=name) == [(20, 30), (200, 50), (300, 50)]
    keys = [row.key for row in ada.desk.rows(t.result) if row.correction_id is not None]
    assert len(keys) == len(set(keys)) == 2  # two revisions of `pick`


def test_equal_steps_of_two_names_share_what_a_person_made_of_them(
    desk: Callable[..., Desk],
) -> None:
    """Both have one key: the decision is about one of them, and the other stays as it was."""
    twin = ("again", "toy.find", {}, {"micrograph": "film"})
    ada = Curator(done(desk(*CHAIN, twin)))
    assert ada.ask(E1, remove=[[100, 50]], step="again")[0] == "done"
    assert len(ada.places(E1, "again")) == 2
    assert len(ada.places(E1, "pick")) == 3


def test_it_is_done_when_the_picks_come(desk: Callable[..., Desk]) -> None:
    """A task that was under way gets it when it ends: here after another diameter was wanted."""
    ada = Curator(done(desk(*CHAIN)))
    ada.ask(E1, add=[[20, 30]])
    ada.desk.change("pick", diameter=42.0)
    ada.desk.backfill()
    assert ada.desk.states_of("pick")[E1] == "ready"
    said = ada.ask(E1, add=[[20, 80]])
    assert said == ("refused", f"{E1} has no picks of pick: its task is ready")
    assert ada.ask(E1, undo=True)[0] == "done"  # that needs no picks
    ada.desk.work()
    assert ada.places(E1) == list(FOUND)


def test_a_batch_that_has_not_taken_them_in_gets_them_anew(desk: Callable[..., Desk]) -> None:
    ada = Curator(done(desk(*CHAIN, ("total", "toy.total", {"full": 9}, {"number": "cut"}))))
    assert len(ada.desk.rows(t.arrival)) == 3
    assert ada.ask(E1, remove=[[100, 50]])[1].endswith("1 removed by hand")
    assert len(ada.desk.rows(t.arrival)) == 2  # it is cut again
    ada.desk.work()
    ada.desk.gather("total", final=True)
    ada.desk.work()
    assert list(ada.desk.values("total", "total").values()) == [600 + 500 + 600]


def test_a_batch_that_has_taken_them_in_keeps_them_and_says_so(desk: Callable[..., Desk]) -> None:
    ada = Curator(done(desk(*CHAIN, TOTAL)))
    ada.desk.gather("total")
    ada.desk.work()
    said = ada.ask(E1, remove=[[100, 50]])
    assert said[1].endswith(
        "1 removed by hand; total took its particles in before, and keeps those"
    )
    ada.desk.work()
    ada.desk.gather("total", final=True)
    ada.desk.work()
    assert list(ada.desk.values("total", "total").values()) == [1200, 1800]


def with_(**changed: dict[str, Any]) -> list[Any]:
    """The chain with other parameters."""
    return [(n, p, {**given, **changed.get(n, {})}, links) for n, p, given, links in CHAIN]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"add": [[400, 50]]}, "(400, 50) is not in the micrograph, which has 400 x 200 pixels of"),
        ({"add": [[20, -1]]}, "(20, -1) is not in the micrograph"),
        ({"only": [[20, 199.6]]}, "(20, 199.6) is not in the micrograph"),
        ({"remove": [[150, 50]]}, f"{E1} at pick: no pick is within 10 pixels (half a particle"),
        ({"remove": [[150, 50]]}, "of (150, 50): the nearest is 50 pixels away"),
        ({"remove": [[100, 50], [100, 50]]}, "of (100, 50): the nearest is 100 pixels away"),
        ({"undo": True}, f"nobody has corrected the picks of {E1} at pick"),
        ({"add": [[1, 1]], "step": "cut"}, "cut gives no picks that people can correct; those of"),
        ({"add": [[1, 1]], "step": "pik"}, "no step 'pik' in this session"),
        ({"add": [[1, 1]], "branch": "x"}, "no branch 'x' is processed in this session"),
        ({"add": [[1, 1]], "undo": True}, "it needs add or remove, or only, or undo"),
        ({}, "it needs add or remove, or only, or undo"),
        ({"add": [[float("nan"), 1]]}, "add.0.0: Input should be a finite number"),
        ({"add": [[float("inf"), 1]]}, "add.0.0: Input should be a finite number"),
        ({"add": [[1e9, 1]]}, "add.0.0: Input should be less than or equal to 1000000"),
        ({"add": [[1, 2, 3]]}, "add.0: Tuple should have at most 2 items"),
        ({"add": [["x", 2]]}, "add.0.0: Input should be a valid number"),
        ({"add": [[1, 2]] * 20_001}, "add: Tuple should have at most 20000 items"),
        ({"add": [[1, 2]], "pixel_size": 0}, "pixel_size: Input should be greater than 0"),
        ({"add": [[1, 2]], "pixel_size": float("inf")}, "pixel_size"),
        ({"add": "' OR 1=1 --"}, "add: Input should be a valid tuple"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    grace: Curator, asked: dict[str, Any], why: str
) -> None:
    state, answer = grace.ask(E1, **asked)
    assert (state, why in answer) == ("refused", True), answer
    assert grace.places(E1) == list(FOUND)
    assert not grace.desk.rows(t.correction)


def test_an_exposure_that_is_not_there_is_refused(grace: Curator) -> None:
    assert grace.ask("e9", add=[[1, 1]]) == ("refused", "no exposure e9 in this session")


def test_the_last_step_that_gives_picks_is_meant_or_the_one_that_is_named(
    desk: Callable[..., Desk],
) -> None:
    second = ("second", "toy.find", {"more": True}, {"micrograph": "film"})
    both = ("both", "picks.consensus", {"votes": 1}, {"picks": ["pick", "second"]})
    ada = Curator(done(desk(*CHAIN, second)))
    said = ada.ask(E1, add=[[1, 1]])
    assert said == ("refused", "pick and second give picks: say of which step they are")
    ada.desk.bring([*CHAIN, second, both])
    ada.desk.backfill()
    ada.desk.work()
    said = ada.ask(E1, add=[[1, 1]], remove=[[50, 150]])
    assert said == ("done", f"picks of {E1} at both: 1 added, 1 removed by hand")
    agreement = ada.picks(E1, "both").agreement
    assert agreement is not None
    assert agreement.scores.shape == (4, 2)
    assert np.isnan(agreement.scores[-1]).all()
    ada.ask(E1, step="second", remove=[[100, 50]])  # what the consensus makes of it is new
    ada.desk.work()
    assert ada.places(E1, "both") == [(1, 1), *FOUND]


def test_a_correction_that_changes_nothing_of_what_is_found_leaves_the_steps_own(
    ada: Curator,
) -> None:
    """Of a revision that does not find what was removed."""
    ada.ask(E1, remove=[[100, 50]])
    ada.desk.change("pick", shift=300.0)
    ada.desk.backfill()
    ada.desk.work()
    assert ada.desk.tasks("pick")[E1].corrected == ""
    assert len(ada.places(E1)) == 3


def test_files_of_the_steps_own_result_are_still_looked_after(ada: Curator) -> None:
    ada.ask(E1, remove=[[100, 50]])
    row = ada.desk.tasks("pick")[E1]
    (own,) = (one for one in ada.desk.rows(t.result) if one.key == row.key)
    with ada.desk.store.write() as connection:
        connection.execute(
            t.file.insert().values(result_id=own.id, path="pick/gone.txt", size=7, hash="")
        )
    (found,) = damaged_results(ada.desk.store)
    assert (found.id, found.name) == (own.id, E1)
